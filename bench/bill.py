"""The capacity units and invocations of one run, counted from the log of calls (`make bench`).

Reads the local stack's log of the calls of one run. Units are calculated from item sizes and index
keys as DynamoDB's documentation says, because no emulator reports reads correctly:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runledger.store.keys import INDEX_ATTRIBUTES

from bench.requests import Request, Units, request_lines
from bench.units import item_size, read_units, write_units
from bench.updates import updated

Raw = Mapping[str, Any]

# Readers of the stream or a queue work in batches, independent of one run; the tick runs once a
# minute.
BATCHED = ("StartRuns", "FollowChanges", "GroupFailures", "Tick")
STARTER = "StartRuns"
# Items shared by all runs of an hour, and the indexes that only the counting of them reads here.
SHARED = ("TOTALS", "PULSE", "FRESHNESS")
SHARED_INDEXES = ("gsi1", "gsi2", "gsi4")
# `inARow` counts requests that go out together once.
BUDGET = {
    "writeUnits": 26.0,
    "readUnits": 12.0,
    "requests": 23.0,
    "inARow": 20.0,
    "invocations": 6.0,
}


@dataclass
class Bill:
    """What a run used: DynamoDB's read and write units by operation, and invocations by function,
    without the functions that read in batches."""

    writes: Counter[str] = field(default_factory=Counter)
    reads: dict[str, float] = field(default_factory=dict)
    invocations: Counter[str] = field(default_factory=Counter)
    requests: list[Request] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, float]:
        return {
            "writeUnits": float(sum(self.writes.values())),
            "readUnits": sum(self.reads.values()),
            "requests": float(len(self.requests)),
            "invocations": float(sum(self.invocations.values())),
        }

    def lines(self) -> Iterable[str]:
        yield from request_lines(self.requests)
        for title, counted in (("write", self.writes), ("read", self.reads)):
            for name, units in sorted(dict(counted).items()):
                yield f"{units:6.1f}  {title} units  {name}"
        for name, count in sorted(self.invocations.items()):
            yield f"{count:6d}  invocations  {name}"
        for name, total in self.totals.items():
            yield f"{total:6.1f}  {name} in all, budget {BUDGET[name]:.0f}"


def bill_of(calls: Iterable[Mapping[str, Any]], run_id: str) -> Bill:
    """Returns the bill for the calls of one run. Calls that no function made are left out, and so
    are those that a batched function made for other runs."""
    bill = Bill()
    known: dict[tuple[str, str], Raw] = {}
    for call in sorted(calls, key=lambda call: float(call["from"])):
        if call["function"] is None:
            continue
        function = function_name(call["function"])
        if call["kind"] == "invocation":
            if function not in BATCHED:
                bill.invocations[function] += 1
            continue
        if call["service"] == "dynamodb":
            is_of_another = function in BATCHED and run_id not in json.dumps(call["request"])
            if is_of_another or _is_shared(call["request"]):
                continue
        units = _count(bill, known, call) if call["service"] == "dynamodb" else None
        if function not in BATCHED or function == STARTER:
            bill.requests.append(Request.of(call, function, units))
    return bill


def function_name(deployed: str) -> str:
    """Returns the logical id of a function, from its name in a stack."""
    return deployed.split("-")[-2]


def _is_shared(request: Raw) -> bool:
    """Whether a call does not belong to this run: calls of the tick and of the totals serve many
    runs."""
    if request.get("IndexName") in SHARED_INDEXES:
        return True
    tables = request.get("RequestItems", {}).values()
    keys = [key for asked in tables for key in asked.get("Keys", [])]
    keys += [request[name] for name in ("Key", "Item") if name in request]
    names = {key["pk"]["S"].split("#")[0] for key in keys}
    return bool(names) and names <= set(SHARED)


def _count(bill: Bill, known: dict[tuple[str, str], Raw], call: Mapping[str, Any]) -> Units:
    """Adds a request to the bill, and returns its units."""
    request, response = call["request"], call["response"]
    is_consistent = request.get("ConsistentRead", False)
    match call["operation"]:
        case "PutItem":
            written = _written(known, _binary(request["Item"])) if call["status"] == 200 else 1
            return _add_writes(bill, {f"put {_label(request['Item'])}": written})
        case "UpdateItem":
            written = 1
            if call["status"] == 200:
                key = request["Key"]
                before = known.get((key["pk"]["S"], key["sk"]["S"]), {})
                values = _binary(request.get("ExpressionAttributeValues", {}))
                asked = {**request, "ExpressionAttributeValues": values}
                shown = response.get("Attributes")
                after = updated(before, asked) if shown is None else _binary(shown)
                written = _written(known, after)
            return _add_writes(bill, {f"update {_label(request['Key'])}": written})
        case "TransactWriteItems":
            return _add_writes(bill, dict(_in_transaction(known, request["TransactItems"])))
        case "GetItem":
            size = item_size(_binary(response.get("Item", {})))
            units = read_units(size, consistent=is_consistent)
            return _add_read(bill, f"get {_label(request['Key'])}", units)
        case "BatchGetItem":
            units = 0.0
            for name, asked in request["RequestItems"].items():
                items = response["Responses"].get(name, [])
                sizes = [item_size(_binary(item)) for item in items]
                sizes += [0] * (len(asked["Keys"]) - len(items))
                is_consistent = asked.get("ConsistentRead", False)
                units += sum(read_units(size, consistent=is_consistent) for size in sizes)
            (asked,) = request["RequestItems"].values()
            return _add_read(bill, f"get {_label(asked['Keys'][0])}", units)
        case "Query":
            size = sum(item_size(_binary(item)) for item in response["Items"])
            units = read_units(size, consistent=is_consistent)
            partition = request["ExpressionAttributeValues"][":pk"]["S"]
            return _add_read(bill, f"query {partition.split('#')[0]}", units)
        case other:
            raise ValueError(f"{other} cannot be counted; add it to bench/bill.py")


def _in_transaction(
    known: dict[tuple[str, str], Raw], writes: Iterable[Raw]
) -> Iterable[tuple[str, int]]:
    for write in writes:
        if "Put" in write:
            item = write["Put"]["Item"]
            yield f"transact {_label(item)}", 2 * _written(known, _binary(item))
        else:
            # Two units for each KB of the row. A run row, which such a write checks or claims, has
            # at most one, and its lists do not change.
            kind, part = next(iter(write.items()))
            if not part["Key"]["pk"]["S"].startswith("RUN#"):
                raise ValueError(f"{kind} of {part['Key']} is not counted yet")
            yield f"transact {_label(part['Key'])}", 2


def _add_writes(bill: Bill, written: Mapping[str, int]) -> Units:
    bill.writes.update(written)
    return Units(", ".join(written), sum(written.values()), 0.0)


def _add_read(bill: Bill, name: str, units: float) -> Units:
    bill.reads[name] = bill.reads.get(name, 0.0) + units
    return Units(name, 0, units)


def _written(known: dict[tuple[str, str], Raw], new: Raw) -> int:
    """Returns the units of the table and its indexes for one write.

    A row that was not seen before counts as new: the benchmark sees every write of a run, so none
    of its rows is older."""
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
    """Converts binary values from base64, which the protocol uses, back to bytes."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }


def _label(key: Raw) -> str:
    partition, sort = key["pk"]["S"].split("#"), key["sk"]["S"].split("#")
    kind = partition[-1] if partition[0] == "WORKSPACE" and len(partition) > 2 else partition[0]
    return kind if kind not in ("RUN", "AUTOMATION") else f"{kind} {sort[0]}"
