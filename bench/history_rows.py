"""Writes the rows of a synthetic history of runs into the table of a local stack."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from runledger.store.values import to_dynamo

from bench.synthetic_table import SyntheticTable
from tests.support.stack import Stack

_WRITERS = 4
_BATCH = 25


def stop_stream_readers(stack: Stack) -> None:
    """Disables the functions that read the stream. They must not process a hundred thousand runs
    that were never opened."""
    with closing(stack.aws("lambda")) as functions:
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def load(stack: Stack, table: SyntheticTable, numbers: range) -> None:
    """Writes the rows with these numbers."""
    batches = [numbers[start : start + _BATCH] for start in range(0, len(numbers), _BATCH)]
    with closing(stack.aws("dynamodb")) as dynamodb, ThreadPoolExecutor(_WRITERS) as writers:

        def write(batch: range) -> None:
            puts: list[Any] = [
                {"PutRequest": {"Item": to_dynamo(_written(table, number))}} for number in batch
            ]
            left = {stack.table_name: puts}
            while left:
                left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]

        for _ in writers.map(write, batches):
            pass


def _written(table: SyntheticTable, number: int) -> dict[str, Any]:
    """Returns the row without its place in the due index. Otherwise the tick would look for the
    executions of these runs, which never existed."""
    item = table.item(number)
    return {name: value for name, value in item.items() if name not in ("gsi4pk", "dueKey")}
