"""Where a secret may stand in a call, so that its value is known again in whatever comes back."""

from collections.abc import Mapping
from urllib.parse import quote

from runledger.errors import NodeError
from runledger.templating import filter_names, references

# What may stand in an address as it is, without ending or dividing the part it stands in.
_WHOLE_IN_ADDRESS = "/:@!$'()*,="
# Filters whose result redaction can still recognise as the secret.
_SECRET_FILTERS = frozenset(
    {
        "append",
        "prepend",
        "base64_encode",
        "base64_url_safe_encode",
        "url_encode",
        "escape",
        "strip",
        "json",
    }
)


def check_secret_use(source: str) -> None:
    """Raises ValueError where a Liquid text does with a secret what would hide it."""
    if any(path[0] == "secret" and len(path) != 2 for path in references(source)):
        raise ValueError("name the secret itself: {{secret.NAME}}")
    unsafe = sorted(filter_names(source) - _SECRET_FILTERS)
    if unsafe:
        raise ValueError(
            f"the filter `{unsafe[0]}` cannot be used in a text with a secret: its result could "
            "not be recognised and struck from the history"
        )


def check_address(url: str, secrets: Mapping[str, str]) -> None:
    """That no secret is torn apart by the address it stands in: a part of it would go out alone,
    and be kept when it comes back. Raises NodeError `INVALID_URL`."""
    for name, value in secrets.items():
        if value in url and quote(value, safe=_WHOLE_IN_ADDRESS) != value:
            raise NodeError(
                "INVALID_URL",
                f"the secret {name} has characters that an address takes for its own; "
                "write {{secret." + name + " | url_encode}} there",
            )
