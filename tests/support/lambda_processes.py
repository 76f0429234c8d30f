"""The parts of a Lambda process: handlers, environment, and what it keeps between calls."""

import importlib
from types import ModuleType

import runledger.aws
import runledger.http
import runledger.settings
from runledger.composition import services


def module_of(function: str) -> ModuleType:
    return importlib.import_module(f"functions.{function}.handler")


def forget() -> None:
    """Clears what the processes of all functions keep between invocations."""
    services.cache_clear()
    for value in vars(runledger.http).values():
        if hasattr(value, "cache_clear") and value.__module__ == runledger.http.__name__:
            value.cache_clear()


def forget_clients() -> None:
    forget()
    for cached in (
        runledger.settings.read_settings,
        runledger.aws.client,
        runledger.aws.effect_client,
    ):
        cached.cache_clear()
