"""Which column of an import's file fills which field of a contact."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runledger.errors import InvalidInputError
from runledger.models.addresses import (
    Address,
    external_kind,
    normalize_email,
    normalize_external_id,
    normalize_phone,
)
from runledger.models.consent import (
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    ConsentSetting,
    ConsentSource,
)
from runledger.models.contact import EXTERNAL_ID_NAME, ContactChange
from runledger.models.contact_import import (
    ContactImport,
    ImportFormat,
    ImportMapping,
    MappedColumn,
    ValueKind,
)
from runledger.models.contact_row import BadRow, ContactRow
from runledger.nodes.timezones import to_milliseconds
from runledger.nodes.written_dates import ACCEPTED, moment_of
from runledger.services.bulk.import_records import Record, shown
from runledger.services.contacts.contact_fields import field_values

if TYPE_CHECKING:
    from runledger.api.contact_imports import ImportStartDocument

PLAIN_FIELDS = ("email", "phone", "firstName", "lastName", "tags")
_CONSENT_FIELD = (
    r"consents\.(?:channels\.(?P<channel>EMAIL|SMS|WHATSAPP)\.)?"
    r"(?P<purpose>marketing|transactional)"
)
# Where and when consents were given.
_SOURCE, _DATE = "consents.source", "consents.date"
_NAMED_FIELD = rf"externalIds\.{EXTERNAL_ID_NAME}|metadata(\.[^.\n]{{1,100}}){{1,5}}"
# Characters behind the apostrophe with which our CSV exports, and spreadsheets, mark a text.
_MARKED_TEXT = re.compile(r"'(?=[=+\-@\t\r\n])")
_TAG_SEPARATORS = re.compile("[,;]")
_SOURCE_CHARACTERS = 200
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
# How columns are often named, in lower case with letters only, and the fields that they fill.
_USUAL_NAMES = {
    "email": "email",
    "emailaddress": "email",
    "mail": "email",
    "phone": "phone",
    "phonenumber": "phone",
    "mobile": "phone",
    "mobilephone": "phone",
    "telephone": "phone",
    "firstname": "firstName",
    "givenname": "firstName",
    "forename": "firstName",
    "lastname": "lastName",
    "surname": "lastName",
    "familyname": "lastName",
    "tag": "tags",
    "tags": "tags",
}


def mapping_of(
    document: "ImportStartDocument", format_: ImportFormat, names: Sequence[str]
) -> ImportMapping:
    """Returns the mapping that a document asks for. `names` are the columns of a CSV. Raises
    InvalidInputError, with the field, if the document has no valid mapping for this file."""
    if (document.by == "externalId") != (document.name is not None):
        problem = "is required" if document.by == "externalId" else "is allowed only"
        raise InvalidInputError(f"`name` {problem} if `by` is externalId", field="name")
    columns = []
    for place, each in enumerate(document.columns):
        where = f"columns.{place}"
        if not _is_field(each.field):
            raise InvalidInputError(
                f"there is no field {each.field!r}; use {', '.join(PLAIN_FIELDS)}, "
                "externalIds.<name>, metadata.<name>, consents.<purpose>, "
                f"consents.channels.<CHANNEL>.<purpose>, {_SOURCE} or {_DATE}; a purpose is "
                "marketing or transactional",
                field=f"{where}.field",
            )
        column = MappedColumn(column=each.column, field=each.field, kind=each.kind)
        if each.kind is not ValueKind.TEXT and not each.field.startswith("metadata."):
            raise InvalidInputError(
                "only fields of metadata may have a kind", field=f"{where}.kind"
            )
        if format_ is ImportFormat.CSV:
            column = column.changed(place=_place(each.column, names, f"{where}.column"))
        columns.append(column)
    mapping = ImportMapping(
        by=document.by,
        name=document.name,
        columns=tuple(columns),
        tags=tuple(document.tags),
    )
    _require_one_each(mapping)
    return mapping


def _place(column: str, names: Sequence[str], where: str) -> int:
    found = [place for place, name in enumerate(names) if name == column.strip()]
    if not found:
        raise InvalidInputError(
            f"the file has no column {column!r}; it has {', '.join(names)}", field=where
        )
    if len(found) > 1:
        raise InvalidInputError(
            f"the file has {len(found)} columns named {column!r}; rename them in the file",
            field=where,
        )
    return found[0]


def _require_one_each(mapping: ImportMapping) -> None:
    counts = Counter(each.field for each in mapping.columns)
    for place, each in enumerate(mapping.columns):
        if counts[each.field] > 1:
            raise InvalidInputError(
                f"{counts[each.field]} columns fill {each.field}; choose one",
                field=f"columns.{place}.field",
            )
    has_consent = any(re.fullmatch(_CONSENT_FIELD, field) for field in counts)
    for place, each in enumerate(mapping.columns):
        if each.field in (_SOURCE, _DATE) and not has_consent:
            raise InvalidInputError(
                f"{each.field} needs a column that fills a consent", field=f"columns.{place}.field"
            )
    if mapping.by_field not in counts:
        raise InvalidInputError(
            f"contacts are found by {mapping.by_field}, but no column fills it; choose a column "
            "for it",
            field="columns",
        )


def _is_field(field: str) -> bool:
    is_known = field in (*PLAIN_FIELDS, _SOURCE, _DATE)
    return is_known or bool(re.fullmatch(f"{_NAMED_FIELD}|{_CONSENT_FIELD}", field))


def suggested_field(name: str) -> str | None:
    """Returns the field that the name of a column suggests, or None."""
    if _is_field(name):
        return name
    return _USUAL_NAMES.get(re.sub("[^a-z]", "", name.lower()))


def contact_row(record: Record, made: ContactImport) -> ContactRow | BadRow:
    """Returns the contact that a row of an import describes, or why it describes none."""
    mapping, width, number = made.mapping, made.width, record.number
    assert mapping is not None
    if record.value is None:
        return BadRow(number=number, field=None, text=record.problem or "the row is not valid")
    if width is not None and len(record.value) > width:
        return BadRow(
            number=number,
            field=None,
            text=f"the row has {len(record.value)} cells, but the header has {width}; check its "
            "separators and quotes",
        )
    values: dict[str, Any] = {}
    for column in mapping.columns:
        try:
            value = _value(record.value, column)
        except ValueError as error:
            return BadRow(number=number, field=column.field, text=str(error))
        if value is not None and value != "":
            values[column.field] = value
    try:
        source = _source(made, values.pop(_SOURCE, None), values.pop(_DATE, None))
    except ValueError as error:
        return BadRow(number=number, field=_DATE, text=str(error))
    settings = []
    for field in [each for each in values if each.startswith("consents.")]:
        try:
            settings.append(_setting(field, values.pop(field)))
        except ValueError as error:
            return BadRow(number=number, field=field, text=str(error))
    tags = _tags(values.pop("tags", ()))
    fields = field_values(values)
    found_by = fields.get(mapping.by_field)
    if found_by is None:
        text = "the value is missing, by which the contact is found"
        return BadRow(number=number, field=mapping.by_field, text=text)
    try:
        by = _address(mapping, found_by)
    except ValueError as error:
        return BadRow(number=number, field=mapping.by_field, text=str(error))
    change = ContactChange(fields=fields, added_tags=(*tags, *mapping.tags))
    # Those of all channels first: they decide for channels without their own.
    consents = tuple(sorted(settings, key=lambda each: each.channel or ""))
    return ContactRow(number=number, by=by, change=change, consents=consents, source=source)


def _setting(field: str, value: Any) -> ConsentSetting:
    parts = re.fullmatch(_CONSENT_FIELD, field)
    assert parts is not None
    channel = ConsentChannel(parts["channel"]) if parts["channel"] else None
    return ConsentSetting(ConsentPurpose(parts["purpose"].upper()), channel, is_yes(value))


def _source(made: ContactImport, text: Any, date: Any) -> ConsentSource:
    """Returns the source of a row's consents. `text` and `date` are the row's values for
    `consents.source` and `consents.date`, or None. If one of them is missing, the row cannot give a
    consent again that was withdrawn earlier. Raises ValueError if the date cannot be read or is in
    the future."""
    given_at = 0
    if date is not None:
        moment = moment_of(date, "UTC")
        if moment is None:
            raise ValueError(f"must be a date; {ACCEPTED}")
        given_at = to_milliseconds(moment)
        if given_at > (made.started_at or 0):
            raise ValueError("the date of a consent must not be in the future")
    said = shown(text)[:_SOURCE_CHARACTERS] if text is not None else ""
    return ConsentSource(
        origin=ConsentOrigin.IMPORT,
        by=made.started_by,
        detail=f"{said} ({made.id})" if said else made.id,
        given_at=given_at if said else 0,
    )


def _address(mapping: ImportMapping, value: Any) -> Address:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if mapping.by == "email":
        return Address("EMAIL", normalize_email(value))
    if mapping.by == "phone":
        return Address("PHONE", normalize_phone(value))
    return Address(external_kind(mapping.name or ""), normalize_external_id(value))


def _value(row: Any, column: MappedColumn) -> Any:
    """Returns the row's value in a column. Returns None or an empty text if the row has no value
    there. Raises ValueError if a text is not of the column's kind."""
    if column.place is None:
        return _at(row, column.column)
    if column.place >= len(row):
        return None
    text = _MARKED_TEXT.sub("", row[column.place].strip(), count=1)
    if not text or column.kind is ValueKind.TEXT:
        return text
    return _number(text) if column.kind is ValueKind.NUMBER else is_yes(text)


def _at(document: Mapping[str, Any], path: str) -> Any:
    """Returns the value at a path of names, such as `address.city`. A name may contain dots."""
    if path in document:
        return document[path]
    name, _, rest = path.partition(".")
    inner = document.get(name)
    return _at(inner, rest) if rest and isinstance(inner, Mapping) else None


def _number(text: str) -> int | float:
    if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        number = float(text)
        if math.isfinite(number):
            return number
    raise ValueError("must be a number, with a point as the decimal separator")


def is_yes(value: Any) -> bool:
    """Reads a yes or no. Raises ValueError for anything else."""
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise ValueError("must be true or false (or yes, no, 1 or 0)")
    return text in _YES


def _tags(value: Any) -> tuple[str, ...]:
    """Returns the tags in a list, or in a text, where commas or semicolons separate them."""
    parts = _TAG_SEPARATORS.split(value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = (parts,)
    return tuple(text for text in (str(each).strip() for each in parts) if text)
