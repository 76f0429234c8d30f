"""The table's stream: its records, and the functions that read them."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runledger.store.values import Item, to_dynamo

from tests.support.environment import ACCOUNT, REGION


@dataclass(frozen=True)
class Record:
    """One change of the table, as its stream reports it."""

    before: Item | None
    after: Item | None

    @property
    def name(self) -> str:
        if self.before is None:
            return "INSERT"
        return "REMOVE" if self.after is None else "MODIFY"

    def to_event(self, number: int) -> dict[str, Any]:
        row = self.after or self.before or {}
        change: dict[str, Any] = {
            "Keys": {"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}},
            "SequenceNumber": f"{number:021d}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if self.after is not None:
            change["NewImage"] = _image(self.after)
        if self.before is not None:
            change["OldImage"] = _image(self.before)
        return {
            "eventID": str(number),
            "eventName": self.name,
            "eventSource": "aws:dynamodb",
            "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/runledger/stream/1",
            "dynamodb": change,
        }


def _image(row: Item) -> dict[str, Any]:
    """Returns an image as an event holds it: JSON, with bytes in base64."""
    return {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in to_dynamo(row).items()
    }


def opens_a_run(record: Record) -> bool:
    row = record.after or {}
    is_pending = row.get("sk") == "RUN" and row.get("status") == "PENDING"
    return record.name == "INSERT" and is_pending


def is_followed(record: Record) -> bool:
    """Whether followers get this record. The filter for expired rows is not checked, because no row
    expires in these tests."""
    row = record.after or record.before or {}
    kind = str(row.get("sk"))
    is_whole = kind in ("RUN", "DELIVERY", "REFUSAL", "PULSE", "RELEASE")
    return is_whole or kind.startswith(("rcv_", "aut_"))


# The functions that read the stream, each with its filters from the template.
CONSUMERS: dict[str, Callable[[Record], bool]] = {
    "start_runs": opens_a_run,
    "follow_changes": is_followed,
}
