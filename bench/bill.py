"""What one run costs, counted on the wire (`make bench`).

Takes what the local stack's wire log holds of one run: what the functions asked of DynamoDB, and
which functions were invoked. Units are computed from item sizes and index keys as DynamoDB's
documentation says, because no emulator's are right for reads:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runledger.store.keys import INDEX_ATTRIBUTES

from bench.units import item_size, read_units, write_units

Raw = Mapping[str, Any]

# Who reads the stream or a queue works in batches, whatever one run does; the tick comes once a
# minute.
BATCHED = ("StartRuns", "FollowChanges", "GroupFailures", "Tick")
# Items of all runs of an hour together, and the indexes that only the counting of these reads here.
SHARED = ("TOTALS", "PULSE", "FRESHNESS")
SHARED_INDEXES = ("gsi1", "gsi2", "gsi4")
BUDGET = {"writeUnits": 28.0, "readUnits": 16.0, "invocations": 6.0}


@dataclass
class Bill:
    """Units by operation; `invocations` by function, batched readers left out."""

    writes: Counter[str] = field(default_factory=Counter)
    reads: dict[str, float] = field(default_factory=dict)
    invocations: Counter[str] = field(default_factory=Counter)

    @property
    def totals(self) -> dict[str, float]:
        return {
            "writeUnits": float(sum(self.writes.values())),
            "readUnits": sum(self.reads.values()),
            "invocations": float(sum(self.invocations.values())),
        }

    def lines(self) -> Iterable[str]:
        for title, counted in (("write", self.writes), ("read", self.reads)):
            for name, units in sorted(dict(counted).items()):
                yield f"{units:6.1f}  {title} units  {name}"
        for name, count in sorted(self.invocations.items()):
            yield f"{count:6d}  invocations  {name}"
        for name, total in self.totals.items():
            yield f"{total:6.1f}  {name} in all, budget {BUDGET[name]:.0f}"


def bill_of(calls: Iterable[Mapping[str, Any]], own_access_key: str) -> Bill:
    """The bill of the calls of one run; those under `own_access_key` are the counter's own."""
    bill = Bill()
    known: dict[tuple[str, str], Raw] = {}
    for call in calls:
        if call["kind"] == "lambda":
            name = call["function"].split("-")[-2]
            if name not in BATCHED:
                bill.invocations[name] += 1
            continue
        if call["accessKey"] == own_access_key or _is_shared(call["request"]):
            continue
        _count(bill, known, call)
    return bill


def _is_shared(request: Raw) -> bool:
    """Whether a call is none of this run's own: the tick's and the totals', which serve many."""
    if request.get("IndexName") in SHARED_INDEXES:
        return True
    tables = request.get("RequestItems", {}).values()
    keys = [key for asked in tables for key in asked.get("Keys", [])]
    keys += [request[name] for name in ("Key", "Item") if name in request]
    names = {key["pk"]["S"].split("#")[0] for key in keys}
    return bool(names) and names <= set(SHARED)


def _count(bill: Bill, known: dict[tuple[str, str], Raw], call: Mapping[str, Any]) -> None:
    request, response = call["request"], call["response"]
    match call["operation"]:
        case "PutItem":
            units = 1
            if call["status"] == 200:
                units = _written(known, _binary(request["Item"]))
            bill.writes[f"put {_label(request['Item'])}"] += units
        case "UpdateItem":
            units = 1
            if call["status"] == 200:
                units = _written(known, _binary(response["Attributes"]))
            bill.writes[f"update {_label(request['Key'])}"] += units
        case "TransactWriteItems":
            for write in request["TransactItems"]:
                if "ConditionCheck" in write:
                    # Two units for each KB of the row looked at; the run row has one at most.
                    bill.writes[f"check {_label(write['ConditionCheck']['Key'])}"] += 2
                    continue
                item = write["Put"]["Item"]
                bill.writes[f"transact {_label(item)}"] += 2 * _written(known, _binary(item))
        case "GetItem":
            size = item_size(_binary(response.get("Item", {})))
            units_read = read_units(size, consistent=request.get("ConsistentRead", False))
            _add(bill, f"get {_label(request['Key'])}", units_read)
        case "Query":
            size = sum(item_size(_binary(item)) for item in response["Items"])
            units_read = read_units(size, consistent=request.get("ConsistentRead", False))
            partition = request["ExpressionAttributeValues"][":pk"]["S"]
            _add(bill, f"query {partition.split('#')[0]}", units_read)
        case other:
            raise ValueError(f"{other} is not counted yet")


def _add(bill: Bill, name: str, units: float) -> None:
    bill.reads[name] = bill.reads.get(name, 0.0) + units


def _written(known: dict[tuple[str, str], Raw], new: Raw) -> int:
    """Units of the table and its indexes for one write. A row that was not seen before is taken
    for new: all that a run's indexes hold is written within the run."""
    key = (new["pk"]["S"], new["sk"]["S"])
    old = known.get(key, {})
    known[key] = new
    units = write_units(max(item_size(old), item_size(new)))
    for attributes in INDEX_ATTRIBUTES.values():
        before = _index_key(old, attributes)
        after = _index_key(new, attributes)
        if before != after:
            units += (before is not None) + (after is not None)
    return units


def _index_key(item: Raw, attributes: tuple[str, str]) -> tuple[str, str] | None:
    partition, sort = attributes
    if partition not in item or sort not in item:
        return None
    return item[partition]["S"], item[sort]["S"]


def _binary(item: Raw) -> Raw:
    """Binaries as the wire writes them, in base64, back to bytes."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }


def _label(key: Raw) -> str:
    partition, sort = key["pk"]["S"].split("#"), key["sk"]["S"].split("#")
    kind = partition[-1] if partition[0] == "WORKSPACE" and len(partition) > 2 else partition[0]
    return kind if kind not in ("RUN", "AUTOMATION") else f"{kind} {sort[0]}"
