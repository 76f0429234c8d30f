"""The parts of a Lambda process: handlers, environment, and what it keeps between calls."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from unittest.mock import patch

import pytest
import runledger.aws
import runledger.composition
import runledger.http
import runledger.settings
from runledger.composition import Composition, services
from runledger.store.table import Table

from tests.support.memory_table import MemoryTable


def module_of(function: str) -> ModuleType:
    return importlib.import_module(f"functions.{function}.handler")


def forget() -> None:
    """Clears the services and the caches of HTTP that the processes of all functions keep between
    invocations. Settings and clients of AWS stay."""
    services.cache_clear()
    for value in vars(runledger.http).values():
        if hasattr(value, "cache_clear") and value.__module__ == runledger.http.__name__:
            value.cache_clear()


def forget_settings() -> None:
    """Clears the modules of the functions and also their settings, which they read from the
    environment."""
    forget()
    runledger.settings.read_settings.cache_clear()


def forget_clients() -> None:
    """Clears modules and settings of the functions, and also their clients, which take long to
    create."""
    forget_settings()
    runledger.aws.client.cache_clear()
    runledger.aws.effect_client.cache_clear()


@pytest.fixture
def new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A separate process: it creates its clients again, with credentials that any server
    accepts."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    forget_clients()
    yield
    forget_clients()


@contextmanager
def functions_over(table: Table) -> Iterator[None]:
    """Makes the services of all functions use this table, if it is in memory. A table on DynamoDB
    needs no change: the services use it already."""

    class Services(Composition):
        @cached_property
        def table(self) -> Table:
            return table

    made = Services if isinstance(table, MemoryTable) else Composition
    forget_settings()
    with patch.object(runledger.composition, "Composition", made):
        yield
    forget_settings()
