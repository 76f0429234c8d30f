"""A link of one workspace never changes a contact of another, however it is altered."""

from itertools import combinations
from typing import Any

import pytest
from runledger.models.consent import ConsentOrigin
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt
from runledger.services.secrets.names import link_secret_id
from runledger.services.workspaces.workspaces import create_workspace

from tests.functional.test_api_handlers import deployed
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_unsubscribe import ADA, asked, link_in, one_click
from tests.support.engine import LINK_KEY, Engine
from tests.support.environment import STACK

__all__ = ["deployed"]

OTHERS = "ws_other"
# The places of the ids of workspace, contact and message in a token.
IDS = (3, 4, 5)


@pytest.fixture
def messages(deployed: Engine) -> dict[str, DeliveryAttempt]:
    """A marketing message to a contact of each workspace. Both contacts have the same address."""
    # The handlers use the real clock, and links expire.
    deployed.clock.follow_the_machine()
    deployed.secrets_manager.create_secret(Name=link_secret_id(STACK), SecretString=LINK_KEY)
    create_workspace(
        deployed.stores.workspaces, deployed.clock, workspace_id=OTHERS, name="Other", shards=1
    )
    return {
        workspace_id: an_attempt(
            deployed,
            workspace_id=workspace_id,
            contact_id=deployed.contacts.create(
                workspace_id,
                ContactDocument.model_validate({**ADA, "consents": {"marketing": True}}),
            ).id,
            consent="MARKETING",
        )
        for workspace_id in (deployed.workspace_id, OTHERS)
    }


def token_of(engine: Engine, attempt: DeliveryAttempt) -> str:
    return link_in(engine.unsubscribe_links.of(attempt))


def contact_rows(engine: Engine, workspace_id: str) -> list[dict[str, Any]]:
    """Returns the rows of a workspace's contacts, and the rows that record the changes of their
    consents."""
    rows = [row for row in engine.rows() if row["pk"].startswith(f"WORKSPACE#{workspace_id}#")]
    return sorted(rows, key=lambda row: (row["pk"], row["sk"]))


def test_a_link_changes_only_the_contact_of_its_workspace(
    deployed: Engine, messages: dict[str, DeliveryAttempt]
) -> None:
    before = contact_rows(deployed, deployed.workspace_id)
    answer = one_click(token_of(deployed, messages[OTHERS]))
    assert answer["statusCode"] == 200
    # Nor does its page name the other workspace.
    assert "Other" in answer["body"] and "Demo" not in answer["body"]
    assert contact_rows(deployed, deployed.workspace_id) == before
    contact_id = messages[OTHERS].contact_id
    assert contact_id is not None
    store = deployed.stores.contacts
    assert not store.get(OTHERS, contact_id).consents.marketing
    *_, last = store.consent_record(OTHERS, contact_id)
    assert (last.source.origin, last.source.detail) == (
        ConsentOrigin.UNSUBSCRIBE,
        messages[OTHERS].id,
    )


@pytest.mark.parametrize("places", [each for n in (1, 2, 3) for each in combinations(IDS, n)])
def test_a_link_with_ids_of_another_workspace_changes_nothing(
    deployed: Engine, messages: dict[str, DeliveryAttempt], places: tuple[int, ...]
) -> None:
    own = token_of(deployed, messages[OTHERS]).split(".")
    other = token_of(deployed, messages[deployed.workspace_id]).split(".")
    altered = ".".join(other[place] if place in places else part for place, part in enumerate(own))
    rows = deployed.rows()
    assert one_click(altered)["statusCode"] == 404
    looked = asked("GET", altered)
    assert looked["statusCode"] == 404 and "Demo" not in looked["body"]
    assert deployed.rows() == rows


def test_a_message_that_names_a_contact_of_another_workspace_changes_nothing(
    deployed: Engine, messages: dict[str, DeliveryAttempt]
) -> None:
    """A link changes nothing even if our own code signed it by mistake."""
    strayed = messages[OTHERS].changed(contact_id=messages[deployed.workspace_id].contact_id)
    before = {each: contact_rows(deployed, each) for each in messages}
    assert one_click(token_of(deployed, strayed))["statusCode"] == 200
    assert {each: contact_rows(deployed, each) for each in messages} == before
