"""What a source's rules say about the place of a signed part: each error names the fields that were
given."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.nodes.source_config import HmacVerify

BASE = {"scheme": "HMAC", "header": "X-Signature"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"signed": "{timestamp}.{body}"}, "no field says where the request has the timestamp"),
        ({"signed": "{timestamp}.{body}"}, "add one, such as `timestampHeader`"),
        ({"signed": "{id}.{body}"}, "add one, such as `idHeader`"),
        ({"signed": "{body}", "timestampPath": "sentAt"}, "or remove `timestampPath`"),
        ({"signed": "{body}", "timestampHeader": "X-Time"}, "or remove `timestampHeader`"),
        ({"signed": "{body}", "idPath": "id"}, "or remove `idPath`"),
        (
            {"signed": "{timestamp}{body}", "timestampHeader": "X-Time", "timestampPath": "sentAt"},
            "keep only one of `timestampHeader` and `timestampPath`",
        ),
        (
            {"signed": "{id}{body}", "idHeader": "X-Id", "idPath": "id"},
            "keep only one of `idHeader` and `idPath`",
        ),
    ],
)
def test_an_error_about_a_place_names_the_given_fields(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HmacVerify.model_validate({**BASE, **more})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "more",
    [
        {"signed": "{body}"},
        {"signed": "{timestamp}.{body}", "timestampPath": "sentAt"},
        {"signed": "{id}.{timestamp}.{body}", "idHeader": "X-Id", "timestampHeader": "X-Time"},
    ],
)
def test_a_part_with_one_place_is_accepted(more: dict[str, Any]) -> None:
    assert HmacVerify.model_validate({**BASE, **more}).signed == more["signed"]
