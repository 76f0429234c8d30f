"""Searches for words in everything that is stored: every attribute of every item, decompressed if
needed, and every object."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runledger.errors import UnreadableError
from runledger.store.bodies import decompress
from runledger.store.delivery_rows import WORDS
from runledger.store.values import Item

from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET
from tests.support.simulation import Simulation


def find_words(kept: Iterable[tuple[str, str]], words: Iterable[str]) -> list[str]:
    """Returns `place: word` of every word that is still found, in upper or lower case."""
    wanted = [word.lower() for word in words]
    return [f"{place}: {word}" for place, text in kept for word in wanted if word in text.lower()]


def stored_in_simulation(simulation: Simulation) -> Iterator[tuple[str, str]]:
    return kept(simulation.table.items(), simulation.s3.objects)


def stored_in_engine(engine: Engine) -> Iterator[tuple[str, str]]:
    return kept(engine.rows(), objects_of(engine))


def objects_of(engine: Engine) -> dict[str, bytes]:
    s3 = client_of("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    keys = [each["Key"] for each in listed]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def kept(items: Iterable[Item], objects: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yields the place of each item and object, and all its readable text."""
    for item in items:
        yield f"{item['pk']}/{item['sk']}", "\n".join(_texts(item))
    for key, data in objects.items():
        yield key, f"{key}\n{_opened(data)}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes):
        yield _opened(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)


def _opened(data: bytes) -> str:
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data).decode()
    try:
        return json.dumps(decompress(data, WORDS), ensure_ascii=False)
    except UnreadableError:
        return data.decode(errors="replace")
