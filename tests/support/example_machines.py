"""The golden examples, with the paths that runs are expected to take through them. Each test of an
interpreter of state machines uses them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runledger.compiler.examples import MACHINE_SUFFIX

FOLDER = Path(__file__).parents[2] / "statemachines" / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """One walk: the outcomes of its branching nodes, the nodes it visits, how it ends.

    `more` has, by node, the number of visits after the first one. `failures` are the errors that
    stubs raise, by state. `failed_branches` are the first nodes of the branches that recorded a
    failure; the trigger stands for the machine itself.
    """

    name: str
    path: tuple[str, ...]
    outcomes: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, list[str]] = field(default_factory=dict)
    more: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    status: str = "SUCCEEDED"
    failed_branches: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "-".join((self.name, *self.outcomes.values()))


STOP = ["NodeFailedError"]
_NESTED = ("start", "left", "leftUp", "leftDown", "leftJoin", "right", "rightVip")

EXAMPLES: tuple[Example, ...] = (
    Example("linear", ("start", "tier", "done")),
    Example("condition", ("start", "vip", "gold", "done"), {"vip": "true"}),
    Example("condition", ("start", "vip", "plain", "done"), {"vip": "false"}),
    Example("switch", ("start", "plan", "pro", "done"), {"plan": "pro"}),
    Example("switch", ("start", "plan", "team", "done"), {"plan": "team"}),
    Example(
        "switch", ("start", "plan", "free"), {"plan": "free"}, {"free": STOP}, "FAILED", ("start",)
    ),
    Example("update_contact", ("start", "plan", "done")),
    Example("wait", ("start", "pause", "morning", "mail", "done")),
    Example(
        "fork", ("start", "prepare", "mail", "vip", "gold", "together", "done"), {"vip": "true"}
    ),
    Example("fork", ("start", "prepare", "mail", "vip", "together", "done"), {"vip": "false"}),
    Example(
        "nested_fork",
        (*_NESTED, "inner", "innerUp", "innerWait", "join", "done"),
        {"rightVip": "true"},
    ),
    Example("five_nodes", ("start", "big", "score", "mail", "done"), {"big": "true"}),
    Example("five_nodes", ("start", "big", "done"), {"big": "false"}),
    Example("order_paid", ("start", "big", "score", "tier", "mail", "done"), {"big": "true"}),
    Example(
        "order_paid", ("start", "big", "bad"), {"big": "false"}, {"bad": STOP}, "FAILED", ("start",)
    ),
    Example("integration", ("start", "credit", "grant", "done"), {"credit": "ok"}),
    Example("integration", ("start", "credit", "note", "done"), {"credit": "error"}),
    Example(
        "many_recipients",
        ("start", "news", "news", "news", "counted", "done"),
        {"news": "partly_sent"},
        more={"news": 2},
    ),
    Example("many_recipients", ("start", "news", "done"), {"news": "suppressed"}),
    Example(
        "many_recipients",
        ("start", "news", "news", "lost"),
        {"news": "failed"},
        {"lost": STOP},
        "FAILED",
        ("start",),
        more={"news": 1},
    ),
    Example("stop_error", ("start", "halt"), {}, {"halt": STOP}, "FAILED", ("start",)),
)


def machine_of(example: Example | str) -> dict[str, Any]:
    """Returns the expected machine of an example, from the folder of golden files."""
    name = example if isinstance(example, str) else example.name
    machine: dict[str, Any] = json.loads((FOLDER / f"{name}{MACHINE_SUFFIX}").read_text())
    return machine
