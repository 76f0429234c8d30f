"""The cost of one run, counted on the wire (`make bench`).

Reads the local stack's wire log of one run: the functions' calls of DynamoDB, and the functions
that were invoked. Units are calculated from item sizes and index keys by DynamoDB's documentation,
because no emulator's figures are right for reads:
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

# Readers of the stream or a queue work in batches, independent of one run; the tick runs once a
# minute.
BATCHED = ("StartRuns", "FollowChanges", "GroupFailures", "Tick")
# Items shared by all runs of an hour, and the indexes that only the counting of them reads here.
SHARED = ("TOTALS", "PULSE", "FRESHNESS")
SHARED_INDEXES = ("gsi1", "gsi2", "gsi4")
BUDGET = {"writeUnits": 28.0, "readUnits": 16.0, "invocations": 6.0}


@dataclass
class Bill:
    """Units by operation; `invocations` by function, without batched readers."""

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
    """Returns the bill for the calls of one run; calls with `own_access_key` are the counter's
    own."""
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
    """Whether a call does not belong to this run: calls of the tick and the totals serve many
    runs."""
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
                    # Two units for each KB of the checked row; the run row has at most one.
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
            raise ValueError(f"{other} cannot be counted; add it to bench/bill.py")


def _add(bill: Bill, name: str, units: float) -> None:
    bill.reads[name] = bill.reads.get(name, 0.0) + units


def _written(known: dict[tuple[str, str], Raw], new: Raw) -> int:
    """Returns the units of the table and its indexes for one write. A row not seen before counts as
    new, because everything in a run's indexes is written within the run."""
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
    """Converts binaries from base64, as the wire writes them, back to bytes."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }


def _label(key: Raw) -> str:
    partition, sort = key["pk"]["S"].split("#"), key["sk"]["S"].split("#")
    kind = partition[-1] if partition[0] == "WORKSPACE" and len(partition) > 2 else partition[0]
    return kind if kind not in ("RUN", "AUTOMATION") else f"{kind} {sort[0]}"
