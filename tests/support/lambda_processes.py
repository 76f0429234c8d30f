"""What a Lambda process has of its own: handlers, environment, and what it keeps between calls."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

import runledger.aws
import runledger.http
import runledger.routes
import runledger.settings
from pydantic import BaseModel
from runledger import composition

from tests.support.engine import ACCOUNT, DELIVERY_RETRY, EXPORT, FAN_OUT, PREFIX, REGION

FUNCTIONS = Path(__file__).parents[2] / "functions"
ROUTES = Path(runledger.routes.__file__).parent
# Whose tokens a function takes.
USER_POOL = f"{REGION}_operators"
CLIENT_ID = "the-client-of-the-console"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def module_of(function: str) -> ModuleType:
    return importlib.import_module(f"functions.{function}.handler")


def forget() -> None:
    """What a process keeps between invocations, of all functions."""
    for module in _keepers():
        for value in vars(module).values():
            if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
                value.cache_clear()


@cache
def _keepers() -> list[ModuleType]:
    handlers = [module_of(path.parent.name) for path in sorted(FUNCTIONS.glob("*/handler.py"))]
    routes = [
        importlib.import_module(f"runledger.routes.{path.parent.name}.{path.stem}")
        for path in sorted(ROUTES.glob("*/*.py"))
    ]
    return [runledger.http, composition, *handlers, *routes]


def environment() -> dict[str, str]:
    """Every variable that a function reads."""
    known = {
        "RUNLEDGER_TABLE": "runledger",
        "RUNLEDGER_BUCKET": "runledger-bodies",
        "RUNLEDGER_STACK": "runledger",
        "RUNLEDGER_MACHINE_PREFIX": PREFIX,
        "RUNLEDGER_LOGIC_ARN": f"{LAMBDA}run_logic",
        "RUNLEDGER_MESSAGE_ARN": f"{LAMBDA}run_message",
        "RUNLEDGER_INTEGRATION_ARN": f"{LAMBDA}run_integration",
        "RUNLEDGER_FAN_OUT_ARN": FAN_OUT,
        "RUNLEDGER_DELIVERY_RETRY_ARN": DELIVERY_RETRY,
        "RUNLEDGER_EXPORT_ARN": EXPORT,
        "RUNLEDGER_SENDER_EMAIL": "no-reply@example.com",
        "RUNLEDGER_ALLOW_HOSTS": "",
        "RUNLEDGER_INDEX_SHARDS": "1",
        "RUNLEDGER_USER_POOL_ID": USER_POOL,
        "RUNLEDGER_USER_POOL_CLIENT_ID": CLIENT_ID,
    }
    fields = [name for each in _settings() for name in each.model_fields]
    needed = {f"RUNLEDGER_{name.upper()}" for name in fields}
    others = {name: f"arn:aws:iam::{ACCOUNT}:role/{name.lower()}" for name in needed}
    return {**others, **known, "AWS_DEFAULT_REGION": REGION}


def _settings() -> list[type[BaseModel]]:
    found = [value for value in vars(runledger.settings).values() if isinstance(value, type)]
    return [each for each in found if issubclass(each, runledger.settings.StoreSettings)]


def forget_clients() -> None:
    forget()
    for cached in (
        runledger.settings.read_settings,
        runledger.aws.client,
        runledger.aws.effect_client,
    ):
        cached.cache_clear()
