"""Puts stores, clients, settings and services together. This is the only place that does so.

`edges.py` has settings, clients and stores. Each other module has the services of one room, which
is a folder of `services/`. The rooms have an order: the class of each room inherits from the class
of the room below it, so a room can use the services of all lower rooms.

Each service is imported and created at its first use: a function needs few of them, and starts
faster without the others. Tests override what is in `edges.py`, and construct nothing else.
"""

from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from runledger.composition.erasure import ErasureRoom

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.services.due_work import DueWork
    from runledger.store.due import DueRow


class Composition(ErasureRoom):
    """Everything that one process may need."""

    @cached_property
    def due_kinds(self) -> "Mapping[str, Callable[[DueRow], None]]":
        """The functions that settle due rows, by the prefix of a row's id."""
        return {
            "run": self.run_settler.settle,
            "aut": self.stopping.drain,
            "dlv": self.due_deliveries.settle,
            "act": self.activator.settle,
            "mch": self.superseded_machines.settle,
            "sch": self.missed_fires.settle,
            "fire": self.missed_fires.resume,
            "can": self.bulk_cancels.settle,
            "exp": self.due_exports.settle,
            "imp": self.due_imports.settle,
            "era": self.erasing.settle,
            "tot": self.total_settler.settle,
            "sec": self.secrets.settle,
            "rel": self.holds.settle,
            "rcv": self.recoveries.settle,
        }

    @cached_property
    def due_work(self) -> "DueWork":
        from runledger.services.due_work import DueWork

        return DueWork(self.stores.due, self.due_kinds, self.clock)


def preload(*modules: str) -> None:
    """Imports modules of this package, such as `services.triggers.webhooks`, before they are used.

    A handler calls this when it is imported, because Lambda gives a new instance more processor
    time for its start than for an invocation (AWS Lambda Developer Guide, "Understanding the Lambda
    execution environment lifecycle")."""
    for module in modules:
        import_module(f"runledger.{module}")


@cache
def services() -> Composition:
    """Returns the services of this process, configured by its environment."""
    return Composition()
