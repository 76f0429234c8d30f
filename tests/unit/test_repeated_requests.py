"""A POST whose answer was lost can be repeated: it has an idempotency key, or a reason why it needs
none."""

import json
from pathlib import Path
from typing import Any

from tests.support.document import resolved

DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "functions" / "query" / "openapi.json").read_text()
)
_STATE = "its state refuses a second time, or the second changes nothing"
_READS = "it changes nothing"
_LISTED = "a second one is in a list, does nothing by itself, and can be deleted"
_ADDRESS = "an address belongs to one contact, and one without an address does nothing by itself"
# Why the others may be repeated.
WITHOUT_KEY = {
    "/v1/automations": _LISTED,
    "/v1/automations/validate": _READS,
    "/v1/automations/{automation_id}/activate": _STATE,
    "/v1/automations/{automation_id}/archive": _STATE,
    "/v1/automations/{automation_id}/capture": "it begins the capture again",
    "/v1/automations/{automation_id}/hold": _STATE,
    "/v1/automations/{automation_id}/pause": _STATE,
    "/v1/automations/{automation_id}/release": _STATE,
    "/v1/automations/{automation_id}/rotate-secret": "the secret of the lost answer is unknown",
    "/v1/automations/{automation_id}/sample": "it is an event, whose own key counts",
    "/v1/automations/{automation_id}/validate": _READS,
    "/v1/contacts": _ADDRESS,
    "/v1/contacts/imports": "an import without a file does nothing, and expires",
    "/v1/contacts/imports/{import_id}/cancel": _STATE,
    "/v1/contacts/imports/{import_id}/start": _STATE,
    "/v1/contacts/{contact_id}/erase": _STATE,
    "/v1/failure-groups/{group_id}/assign": _STATE,
    "/v1/failure-groups/{group_id}/reopen": _STATE,
    "/v1/failure-groups/{group_id}/resolve": _STATE,
    "/v1/invitations": "an address that is already invited gets 409",
    "/v1/invitations/{invitation_id}/accept": _STATE,
    "/v1/invitations/{invitation_id}/decline": _STATE,
    "/v1/invitations/{invitation_id}/resend": "it mails the same invitation, three times a minute",
    "/v1/me/sign-out-everywhere": _STATE,
    "/v1/members": "an address that is already invited gets 409",
    "/v1/recoveries/{recovery_id}/abort": _STATE,
    "/v1/recoveries/{recovery_id}/continue": _STATE,
    "/v1/recoveries/{recovery_id}/pause": _STATE,
    "/v1/refusals/{refusal_id}/replay": "a refusal is replayed once",
    "/v1/runs/{run_id}/cancel": _STATE,
    "/v1/runs/{run_id}/skip-wait": "it ends the waits of this moment, which its caller looks at",
    "/v1/segments": _LISTED,
    "/v1/suppressions": _STATE,
    "/v1/templates": _LISTED,
    "/v1/templates/preview": _READS,
    "/v1/templates/{template_id}/preview": _READS,
    "/v1/unsubscribe/{token}": "a repeated click records nothing",
    "/v1/views": _LISTED,
    "/v1/webhooks/in/{token}": "its header Idempotency-Key, or its trigger's own key, counts",
}
WITH_KEY = {
    "/v1/automations/{automation_id}/runs",
    "/v1/deliveries/{delivery_id}/resend",
    "/v1/exports",
    "/v1/recoveries",
    "/v1/runs/cancel",
    "/v1/runs/skip-wait",
    "/v1/runs/{run_id}/rerun",
    "/v1/templates/{template_id}/test",
}


def fields_of(operation: dict[str, Any]) -> set[str]:
    """Returns the fields of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    choices = [resolved(each) for each in schema.get("anyOf", [schema])]
    return {name for each in choices for name in each.get("properties", {})}


def test_every_post_can_be_repeated() -> None:
    posts = {path: item["post"] for path, item in DOCUMENT["paths"].items() if "post" in item}
    keyed = {path for path, post in posts.items() if "idempotencyKey" in fields_of(post)}
    assert keyed == WITH_KEY
    assert posts.keys() - keyed == WITHOUT_KEY.keys()
