"""Fills the fields of a contact with values of an event. Consents are not among them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runledger.models.addresses import nfc

if TYPE_CHECKING:
    from runledger.models.contact import ContactChange

_GROUPS = ("metadata", "externalIds")


def filled(contact: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a contact, as JSON in camelCase, with the given fields set. A field is named by its
    path: `firstName`, `externalIds.stripe`, `metadata.plan`, or `metadata.address.city` for a value
    in a nested object. Changes neither argument."""
    whole = dict(contact)
    for field, value in fields.items():
        group, _, name = field.partition(".")
        if group == "metadata":
            whole[group] = _with(whole.get(group), name.split("."), value)
        elif group in _GROUPS:
            whole[group] = _with(whole.get(group), [name], value)
        else:
            whole[field] = value
    return whole


def changed(contact: Mapping[str, Any], change: "ContactChange") -> dict[str, Any]:
    """Returns a contact, as JSON in camelCase, after the change. Changes neither argument."""
    whole = filled(contact, change.fields)
    for field in change.cleared:
        whole = _without(whole, field.split("."))
    gone = {nfc(tag) for tag in change.removed_tags}
    whole["tags"] = [
        tag for tag in (*whole.get("tags", ()), *change.added_tags) if nfc(tag) not in gone
    ]
    return whole


def field_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that a contact's fields can take from an event. Null fills no field. Empty
    text fills only fields of `metadata`. Many systems number their records, so a whole number
    becomes text if it is an external id."""
    found = {}
    for field, value in values.items():
        is_metadata = field.startswith("metadata.")
        is_blank = value is None or (
            not is_metadata and isinstance(value, str) and not value.strip()
        )
        if is_blank:
            continue
        is_number = isinstance(value, int) and not isinstance(value, bool)
        is_external = field.startswith("externalIds.")
        found[field] = str(value) if is_number and is_external else value
    return found


def _without(value: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Returns an object without the value at a path of names."""
    name, *rest = names
    whole = dict(value)
    if not rest:
        whole.pop(name, None)
    elif isinstance(whole.get(name), Mapping):
        whole[name] = _without(whole[name], rest)
    return whole


def _with(value: Any, names: list[str], inner: Any) -> dict[str, Any]:
    """Returns the object `value` with `inner` at a path of names. Anything on the path that is not
    an object is replaced by an object."""
    name, *rest = names
    whole = dict(value) if isinstance(value, Mapping) else {}
    whole[name] = _with(whole.get(name), rest, inner) if rest else inner
    return whole
