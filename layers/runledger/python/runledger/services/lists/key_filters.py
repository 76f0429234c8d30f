"""Finds runs by a key: a value of their event, under a name.

Each key of a run has an item in the partition of its value. The value at a trigger's `dedupePath`
needs no item, because the id of the run is derived from it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import InvalidInputError, NotFoundError
from runledger.models.run_keys import MAX_VALUE_CHARACTERS, folded
from runledger.services.triggers.event_keys import keyed_by_path
from runledger.services.triggers.open_run import keyed_run_id
from runledger.services.triggers.run_keys import intake_of
from runledger.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.automation import Automation
    from runledger.models.run import Run
    from runledger.store.automations import AutomationStore
    from runledger.store.runs import RunStore

# If a workspace has more automations, only the newest ones, about this many, are searched for a
# `dedupePath`.
AUTOMATIONS_READ = 1_000
_PAGE = 200
_FORM = "write a key as its name and its value, such as orderId:A-1001"


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """The key that the listed runs have; `name` and `value` are as `folded` returns them. `known`
    are the list keys (creation time and id) of the runs whose event has this value at `dedupePath`:
    these runs have no item for the key."""

    name: str
    value: str
    known: tuple[str, ...] = ()


def key_in(text: str) -> tuple[str, str]:
    """Returns the name and the value of a key that a reader wrote as `name:value`. Raises
    InvalidInputError for `key` if it is not written so."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not (name and colon and value):
        raise InvalidInputError(f"{text!r} is not a key; {_FORM}", field="key")
    if len(value) > MAX_VALUE_CHARACTERS:
        raise InvalidInputError(
            f"the value of a key has at most {MAX_VALUE_CHARACTERS} characters", field="key"
        )
    return name, value


def has_key(run: "Run", name: str, value: str) -> bool:
    """Whether a run has the key, or was opened by the event with this value at `dedupePath`. False
    for an erased run."""
    wanted = folded(name), folded(value)
    if run.erased_at is not None:
        return False
    if any((folded(key.name), folded(key.value)) == wanted for key in run.keys):
        return True
    return run.id == _run_id(run.workspace_id, run.automation_id, value)


@dataclass(frozen=True, slots=True)
class KeyedRuns:
    runs: "RunStore"
    automations: "AutomationStore"

    def filter_of(self, workspace_id: str, text: str, automation_id: str | None) -> KeyFilter:
        """Returns the filter for a key that a reader wrote as `name:value`. Raises
        InvalidInputError for any other text, or if the value is too long.

        The filter also names runs that have no item for the key. To find them, reads the automation
        `automation_id` or, if it is None, the workspace's newest automations. For each automation
        whose `dedupePath` is the key's name, reads the run that an event with this value opened."""
        name, value = key_in(text)
        automations = self.automations_of(workspace_id, automation_id)
        paths = (each for each in automations if _dedupe_path(each) == folded(name))
        found = self.by_dedupe_value(workspace_id, value, paths)
        known = [keys.created_key(run.created_at, run.id) for run in found]
        return KeyFilter(folded(name), folded(value), tuple(known))

    def by_dedupe_value(
        self, workspace_id: str, value: str, automations: "Iterable[Automation]"
    ) -> "list[Run]":
        """Returns the runs of these automations whose event had exactly this value at
        `dedupePath`."""
        ids = [_run_id(workspace_id, each.id, value) for each in automations]
        found = self.runs.get_many(ids).values() if ids else ()
        return [run for run in found if run.erased_at is None]

    def automations_of(
        self, workspace_id: str, automation_id: str | None = None
    ) -> "list[Automation]":
        """Returns the automation with this id, or an empty list if it does not exist. Without an
        id, returns the workspace's newest automations: it reads pages of them until it has at least
        AUTOMATIONS_READ automations, or all."""
        if automation_id is not None:
            try:
                return [self.automations.get(workspace_id, automation_id, consistent=False)]
            except NotFoundError:
                return []
        found: list[Automation] = []
        after: str | None = None
        while len(found) < AUTOMATIONS_READ:
            page, after = self.automations.newest(workspace_id, _PAGE, after)
            found += page
            if after is None:
                break
        return found


def _run_id(workspace_id: str, automation_id: str, value: str) -> str:
    return keyed_run_id(workspace_id, automation_id, keyed_by_path(value))


def _dedupe_path(automation: "Automation") -> str | None:
    """Returns the `dedupePath` of an automation's active version, in the form in which names of
    keys are compared (see `folded`). Returns None if there is no active version or no path."""
    if automation.active is None:
        return None
    path = intake_of(automation.active.trigger).get("dedupePath")
    return None if path is None else folded(path)
