"""The table as the stores use it. It takes and returns plain Python values, checks conditions, and
raises domain errors."""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from boto3.dynamodb.conditions import ConditionExpressionBuilder
from botocore.exceptions import ClientError

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import ConditionFailedError, RunledgerError, TransientError
from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key
from runledger.store.values import Item, from_dynamo, to_attribute, to_dynamo

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb import DynamoDBClient

# An attribute, or a path into maps: ("openClaims", "3").
Path = str | tuple[str, ...]

# The longest wait in seconds before each further try of a write that met a transaction.
_CONFLICT_DELAYS = (0.02, 0.05, 0.1)
# DynamoDB's limits for the two parts of a key.
_PARTITION_BYTES, _SORT_BYTES = 2_048, 1_024
_BATCH_GET_LIMIT = 100
_BATCH_GET_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Change:
    """An update: set values, add to numbers and sets, remove attributes."""

    set: Mapping[Path, Any] = field(default_factory=dict)
    add: Mapping[Path, Any] = field(default_factory=dict)
    remove: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """One write of a transaction."""

    item: Item
    condition: "ConditionBase | None" = None


@dataclass(frozen=True, slots=True)
class Modify:
    """One update of a transaction."""

    key: Key
    change: Change
    condition: "ConditionBase | None" = None


@dataclass(frozen=True, slots=True)
class Delete:
    """One deletion of a transaction."""

    key: Key
    condition: "ConditionBase | None" = None


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a transaction on a row that it does not write."""

    key: Key
    condition: "ConditionBase"


Write = Put | Modify | Delete | Check


@dataclass(frozen=True, slots=True)
class SortRange:
    """Bounds of a sort key, both included. If `prefix` is given, the two bounds are not used."""

    low: str | None = None
    high: str | None = None
    prefix: str | None = None


class Table(Protocol):
    """A table. Every implementation passes the contract suite in tests/functional."""

    def get(self, key: Key, *, consistent: bool = False) -> Item | None: ...

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        """Returns the rows that exist, by key. Raises TransientError if the service keeps leaving
        some out."""

    def put(self, item: Item, condition: "ConditionBase | None" = None) -> None:
        """Writes a row. Raises ConditionFailedError (with the row found) if the condition does not
        hold."""

    def update(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> Item:
        """Changes a row and returns it. Raises ConditionFailedError (with the row found) if the
        condition does not hold."""

    def change(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> None:
        """Changes a row as `update` does, for a caller that does not need the changed row: DynamoDB
        does not send it back."""

    def delete(self, key: Key) -> None: ...

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        """Makes all writes or none. Raises ConditionFailedError if any condition does not hold. If
        a call is repeated with the same writes and token within ten minutes, it succeeds again, but
        the writes are made only once."""

    def query(
        self,
        partition: str,
        sort: SortRange = SortRange(),
        *,
        index: Index | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
    ) -> "Page":
        """Returns a page: at most `limit` rows, or all rows without `limit`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows. `next` is where the following page starts, or None at the end."""

    items: list[Item]
    next: Item | None


class DynamoTable:
    """The table on DynamoDB."""

    def __init__(self, dynamodb: "DynamoDBClient", name: str) -> None:
        self._dynamodb = dynamodb
        self._name = name

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        if not is_storable(key):
            return None
        answer = self._call(
            "get_item", Key=_key(key), ConsistentRead=consistent, TableName=self._name
        )
        return from_dynamo(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        wanted = [key for key in dict.fromkeys(keys) if is_storable(key)]
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), _BATCH_GET_LIMIT):
            left: list[Any] = [_key(key) for key in wanted[start : start + _BATCH_GET_LIMIT]]
            for _ in range(_BATCH_GET_ROUNDS):
                answer = self._call(
                    "batch_get_item",
                    RequestItems={self._name: {"Keys": left, "ConsistentRead": consistent}},
                )
                for raw in answer["Responses"].get(self._name, []):
                    item = from_dynamo(raw)
                    found[Key(item["pk"], item["sk"])] = item
                left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
                if not left:
                    break
            else:
                raise TransientError("DynamoDB left some keys unread in every try; try again")
        return found

    def put(self, item: Item, condition: "ConditionBase | None" = None) -> None:
        self._call(
            "put_item",
            TableName=self._name,
            Item=to_dynamo(item),
            **_conditional(condition, _Names()),
        )

    def update(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> Item:
        answer = self._call(
            "update_item",
            TableName=self._name,
            Key=_key(key),
            ReturnValues="ALL_NEW",
            **_updating(change, condition),
        )
        return from_dynamo(answer["Attributes"])

    def change(self, key: Key, change: Change, condition: "ConditionBase | None" = None) -> None:
        self._call(
            "update_item", TableName=self._name, Key=_key(key), **_updating(change, condition)
        )

    def delete(self, key: Key) -> None:
        self._call("delete_item", TableName=self._name, Key=_key(key))

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        named = {} if token is None else {"ClientRequestToken": token}
        items = [self._write(write) for write in writes]
        self._call("transact_write_items", TransactItems=items, **named)

    def query(
        self,
        partition: str,
        sort: SortRange = SortRange(),
        *,
        index: Index | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = False,
        after: Item | None = None,
    ) -> Page:
        request = {
            "TableName": self._name,
            "ScanIndexForward": ascending,
            **_key_condition(partition, sort, index),
            **({"IndexName": str(index)} if index else {}),
            **({"ConsistentRead": True} if consistent else {}),
        }
        items: list[Item] = []
        start = to_dynamo(after) if after else None
        while True:
            more: dict[str, Any] = {"Limit": limit - len(items)} if limit is not None else {}
            if start:
                more["ExclusiveStartKey"] = start
            answer = self._call("query", **request, **more)
            items += [from_dynamo(raw) for raw in answer["Items"]]
            start = answer.get("LastEvaluatedKey")
            if not start or (limit is not None and len(items) >= limit):
                return Page(items, from_dynamo(start) if start else None)

    def _write(self, write: Write) -> dict[str, Any]:
        match write:
            case Put(item, condition):
                conditional = _conditional(condition, _Names(), returning=False)
                return {"Put": {"TableName": self._name, "Item": to_dynamo(item), **conditional}}
            case Modify(key, change, condition):
                updating = _updating(change, condition, returning=False)
                return {"Update": {"TableName": self._name, "Key": _key(key), **updating}}
            case Delete(key, condition):
                conditional = _conditional(condition, _Names(), returning=False)
                return {"Delete": {"TableName": self._name, "Key": _key(key), **conditional}}
            case Check(key, condition):
                conditional = _conditional(condition, _Names(), returning=False)
                return {
                    "ConditionCheck": {"TableName": self._name, "Key": _key(key), **conditional}
                }

    def _call(self, operation: str, **request: Any) -> Any:
        for delay in _CONFLICT_DELAYS:
            try:
                return getattr(self._dynamodb, operation)(**request)
            except ClientError as error:
                if not _is_conflict(error):
                    raise self._translated(error) from error
                # Another transaction holds the row for a moment; nothing was written.
                time.sleep(delay * random.random())
            except AWS_ERRORS as error:
                raise self._translated(error) from error
        try:
            return getattr(self._dynamodb, operation)(**request)
        except AWS_ERRORS as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> RunledgerError:
        ours = domain_error(error)
        if isinstance(ours, ConditionFailedError) and isinstance(error, ClientError):
            response: dict[str, Any] = dict(error.response)
            ours = ConditionFailedError(
                from_dynamo(response["Item"]) if "Item" in response else None
            )
        return ours


def _is_conflict(error: ClientError) -> bool:
    """Whether a write was refused because a transaction was working on the same row. DynamoDB
    refuses a single write with TransactionConflictException, and a transaction with
    TransactionCanceledException and the reason TransactionConflict."""
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code"))
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
        return "TransactionConflict" in reasons and reasons <= {"None", "TransactionConflict"}
    return code == "TransactionConflictException"


class _Names:
    """The placeholders of one request. Its condition expression and its update expression share
    them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def path(self, path: Path) -> str:
        parts = (path,) if isinstance(path, str) else path
        return ".".join(self._name(part) for part in parts)

    def value(self, value: Any) -> str:
        placeholder = f":u{len(self.values)}"
        self.values[placeholder] = to_attribute(value)
        return placeholder

    def _name(self, part: str) -> str:
        for placeholder, known in self.names.items():
            if known == part:
                return placeholder
        placeholder = f"#u{len(self.names)}"
        self.names[placeholder] = part
        return placeholder

    def request(self) -> dict[str, Any]:
        request: dict[str, Any] = {}
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request


def _conditional(
    condition: "ConditionBase | None", names: _Names, *, returning: bool = True
) -> dict[str, Any]:
    if condition is None:
        return names.request()
    built = ConditionExpressionBuilder().build_expression(condition)
    names.names.update(built.attribute_name_placeholders)
    names.values.update(
        {
            placeholder: to_attribute(value)
            for placeholder, value in built.attribute_value_placeholders.items()
        }
    )
    request = {"ConditionExpression": built.condition_expression, **names.request()}
    if returning:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return request


def _updating(
    change: Change, condition: "ConditionBase | None", *, returning: bool = True
) -> dict[str, Any]:
    names = _Names()
    clauses = []
    if change.set:
        parts = [f"{names.path(path)} = {names.value(value)}" for path, value in change.set.items()]
        clauses.append(f"SET {', '.join(parts)}")
    if change.add:
        parts = [f"{names.path(path)} {names.value(value)}" for path, value in change.add.items()]
        clauses.append(f"ADD {', '.join(parts)}")
    if change.remove:
        clauses.append(f"REMOVE {', '.join(names.path(path) for path in change.remove)}")
    expression = " ".join(clauses)
    return {"UpdateExpression": expression, **_conditional(condition, names, returning=returning)}


def _key_condition(partition: str, sort: SortRange, index: Index | None) -> dict[str, Any]:
    partition_name, sort_name = INDEX_ATTRIBUTES[index] if index else ("pk", "sk")
    names = {"#pk": partition_name}
    values: dict[str, Any] = {":pk": {"S": partition}}
    expression = "#pk = :pk"
    if sort.prefix is not None:
        expression += " AND begins_with(#sk, :prefix)"
        values[":prefix"] = {"S": sort.prefix}
    elif sort.low is not None and sort.high is not None:
        expression += " AND #sk BETWEEN :low AND :high"
        values |= {":low": {"S": sort.low}, ":high": {"S": sort.high}}
    elif sort.low is not None:
        expression += " AND #sk >= :low"
        values[":low"] = {"S": sort.low}
    elif sort.high is not None:
        expression += " AND #sk <= :high"
        values[":high"] = {"S": sort.high}
    if len(values) > 1:
        names["#sk"] = sort_name
    return {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def is_storable(key: Key) -> bool:
    """Whether DynamoDB accepts this key. A row with any other key cannot exist."""
    partition, sort = (part.encode(errors="surrogatepass") for part in key)
    is_text = not any("\ud800" <= character <= "\udfff" for part in key for character in part)
    return is_text and 0 < len(partition) <= _PARTITION_BYTES and 0 < len(sort) <= _SORT_BYTES


def key_attributes(key: Key) -> Item:
    """Returns the two attributes of a row's key."""
    return {"pk": key.pk, "sk": key.sk}


def ttl(moment: int) -> int:
    """Returns epoch milliseconds as whole seconds, for DynamoDB's time to live."""
    return moment // 1_000
