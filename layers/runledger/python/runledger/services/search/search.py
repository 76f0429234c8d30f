"""Searches a workspace for a text: ids, keys of runs, contacts, automations and failure groups.

Every read is bounded, and independent reads run in parallel (docs/access-patterns.md). The text may
be personal, so it is never logged.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from runledger.api.search import FoundView, SearchView
from runledger.clock import Clock
from runledger.errors import InvalidInputError, UnreadableError
from runledger.models.addresses import (
    Address,
    external_kind,
    normalize_email,
    normalize_external_id,
    phone_readings,
)
from runledger.models.run_keys import MAX_VALUE_CHARACTERS, folded
from runledger.observability import log_failure
from runledger.services.contacts.addresses import external_id_in, pasted
from runledger.services.lists.key_filters import KeyedRuns
from runledger.services.search.found import (
    Hit,
    automation_found,
    contact_found,
    delivery_found,
    group_found,
    refusal_found,
    run_found,
)
from runledger.services.triggers.run_keys import intake_of

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.failure import FailureGroup
    from runledger.models.run import Run
    from runledger.services.in_parallel import Gather
    from runledger.store.keyed_runs import KeyedRunStore
    from runledger.store.stores import Stores

FEWEST_CHARACTERS, MOST_CHARACTERS = 2, 200
# The most things of each kind in one answer.
OF_EACH = 5
# The most failure groups that are read, those with the latest failures.
GROUPS_READ = 200
# The most external ids that one text is looked up as, by the names that automations use.
_EXTERNAL_NAMES = 10
# The most automations whose `dedupePath` is tried: one BatchGetItem reads their runs.
_DEDUPE_PATHS = 100
_ID = re.compile(r"([a-z]{3})_[A-Za-z0-9]{1,64}")
_PHONE = re.compile(r"[+\uff0b]?[\d\s().\-/\u00a0]{6,40}")
# The order of the answer.
_BY_ID, _BY_KEY, _BY_ADDRESS, _BY_AUTOMATION, _BY_NAME, _BY_WORDS = range(6)
_Read = Callable[[], list[Hit]]


@dataclass(frozen=True, slots=True)
class Search:
    stores: "Stores"
    keyed: "KeyedRunStore"
    clock: Clock
    gather: "Gather"

    def find(self, workspace_id: str, text: str) -> SearchView:
        """Returns what the text finds, the best first. Raises InvalidInputError for `q` if the text
        is too short or too long."""
        asked = text.strip()
        if not FEWEST_CHARACTERS <= len(asked) <= MOST_CHARACTERS:
            raise InvalidInputError(
                f"a search text has {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters; "
                f"this one has {len(asked)}",
                field="q",
            )
        search = _OneSearch(self, workspace_id, text, asked)
        hits = [hit for found in self.gather(search.first_reads()) for hit in found]
        hits += [hit for found in self.gather(search.second_reads()) for hit in found]
        return SearchView(items=_best(hits))


class _OneSearch:
    def __init__(self, of: Search, workspace_id: str, text: str, asked: str) -> None:
        self._stores, self._keyed, self._now = of.stores, of.keyed, of.clock()
        self._workspace_id = workspace_id
        self._text, self._asked, self._folded = text, asked, folded(asked)
        self._automations: list[Automation] = []
        self._groups: list[FailureGroup] = []

    def first_reads(self) -> list[_Read]:
        """Returns the reads that depend on nothing else."""
        reads = [self._by_key, self._by_automation]
        found = _ID.fullmatch(self._asked)
        by_id = None if found is None else self._id_reads().get(found[1])
        if by_id is not None:
            # No name, address or message is written like an id.
            return [by_id, *reads]
        return [self._by_address, *reads, self._by_name, self._by_words]

    def second_reads(self) -> list[_Read]:
        """Returns the reads that need the automations."""
        return [self._by_dedupe_value, self._by_external_id, self._shown_groups]

    def _id_reads(self) -> dict[str, _Read]:
        return {
            "run": self._run,
            "dlv": self._delivery,
            "ref": self._refusal,
            "con": lambda: self._contacts([self._asked], _BY_ID),
            "err": self._group,
        }

    def _run(self) -> list[Hit]:
        run = self._stores.runs.find_alive(self._workspace_id, self._asked, self._now)
        return [] if run is None else [Hit(_BY_ID, run_found(run))]

    def _delivery(self) -> list[Hit]:
        found = self._stores.deliveries.shown([self._asked]).values()
        return [
            Hit(_BY_ID, delivery_found(each))
            for each in found
            if each.workspace_id == self._workspace_id and each.expires_at > self._now
        ]

    def _refusal(self) -> list[Hit]:
        found = self._stores.refusals.get_many([self._asked]).values()
        return [
            Hit(_BY_ID, refusal_found(each))
            for each in found
            if each.workspace_id == self._workspace_id and each.expires_at > self._now
        ]

    def _group(self) -> list[Hit]:
        try:
            group = self._stores.failures.find(self._asked)
        except UnreadableError as error:
            log_failure("a failure group is damaged", error)
            return []
        if group is not None and self._is_shown(group):
            self._groups.append(group)
        return []

    def _by_key(self) -> list[Hit]:
        if len(self._asked) > MAX_VALUE_CHARACTERS:
            return []
        found = self._keyed.newest(self._workspace_id, self._folded, OF_EACH)
        runs = self._stores.runs.get_many(found) if found else {}
        return self._runs(runs[run_id] for run_id in found if run_id in runs)

    def _by_dedupe_value(self) -> list[Hit]:
        deduplicating = [
            each
            for each in self._automations
            if each.active is not None and intake_of(each.active.trigger).get("dedupePath")
        ]
        newest = deduplicating[:_DEDUPE_PATHS]
        return self._runs(self._keyed_runs.by_dedupe_value(self._workspace_id, self._asked, newest))

    def _runs(self, runs: "Iterable[Run]") -> list[Hit]:
        return [
            Hit(_BY_KEY, run_found(run))
            for run in runs
            if run.workspace_id == self._workspace_id
            and run.expires_at > self._now
            and run.erased_at is None
        ]

    def _by_address(self) -> list[Hit]:
        return self._owners(_addresses(self._text))

    def _by_external_id(self) -> list[Hit]:
        """Finds a contact by an external id that was written without its name."""
        lookups = [
            intake_of(each.active.trigger).get("contactLookup") or {}
            for each in self._automations
            if each.active is not None
        ]
        names = sorted({each["name"] for each in lookups if each.get("by") == "externalId"})
        value = normalize_external_id(self._asked)
        return self._owners(Address(external_kind(name), value) for name in names[:_EXTERNAL_NAMES])

    def _owners(self, addresses: Iterable[Address]) -> list[Hit]:
        found = self._stores.contacts.owners(self._workspace_id, addresses)
        return self._contacts(found, _BY_ADDRESS)

    def _by_name(self) -> list[Hit]:
        found = self._stores.contacts.named(self._workspace_id, self._asked, OF_EACH)
        return self._contacts(found, _BY_NAME)

    def _contacts(self, contact_ids: Iterable[str], rank: int) -> list[Hit]:
        wanted = list(dict.fromkeys(contact_ids))
        found = self._stores.contacts.get_many(self._workspace_id, wanted) if wanted else {}
        return [Hit(rank, contact_found(found[each])) for each in wanted if each in found]

    def _by_automation(self) -> list[Hit]:
        self._automations += self._keyed_runs.automations_of(self._workspace_id)
        if self._asked in (each.id for each in self._automations):
            same = (each for each in self._automations if each.id == self._asked)
            return [Hit(_BY_ID, automation_found(each)) for each in same]
        words = self._folded.split()
        named = [(folded(each.name), each) for each in self._automations]
        found = [each for each in named if all(word in each[0] for word in words)]
        found.sort(key=lambda each: not each[0].startswith(self._folded))
        return [Hit(_BY_AUTOMATION, automation_found(each)) for _, each in found]

    def _by_words(self) -> list[Hit]:
        # Imported here, because its patterns load slowly.
        from runledger.models.fingerprint import holds_words, words_of

        words = words_of(self._asked)
        listed = self._stores.failures.newest(self._workspace_id, None, 0, None, GROUPS_READ)
        self._groups += [
            group
            for _, group in islice(listed, GROUPS_READ)
            if group is not None
            and self._is_shown(group)
            and holds_words(f"{group.shown_title} {group.message}", words)
        ]
        return []

    def _is_shown(self, group: "FailureGroup") -> bool:
        return group.workspace_id == self._workspace_id and group.expires_at > self._now

    def _shown_groups(self) -> list[Hit]:
        names = {each.id: each.name for each in self._automations}
        return [
            Hit(
                _BY_ID if group.id == self._asked else _BY_WORDS,
                group_found(group, names.get(group.automation_id)),
            )
            for group in self._groups
        ]

    @property
    def _keyed_runs(self) -> KeyedRuns:
        return KeyedRuns(self._stores.runs, self._stores.automations)


def _addresses(text: str) -> list[Address]:
    """Returns every address that the text can mean: an e-mail, an external id with its name, or
    phone numbers."""
    found: list[Address] = []
    try:
        external = external_id_in(text.strip())
        written = pasted(text)
        if external is not None:
            found.append(external)
        if "@" in written:
            found.append(Address("EMAIL", normalize_email(written)))
        elif _PHONE.fullmatch(written):
            found += [Address("PHONE", each) for each in phone_readings(written)]
    except (InvalidInputError, ValueError):
        # The text is not an address, and may still be a name or a key.
        return found
    return found


def _best(hits: list[Hit]) -> list[FoundView]:
    """Returns each thing once, the best first."""
    shown: dict[tuple[str, str], FoundView] = {}
    counts: Counter[str] = Counter()
    for hit in sorted(hits, key=lambda hit: hit.rank):
        key = (hit.view.type.value, hit.view.id)
        if key not in shown and counts[hit.view.type] < OF_EACH:
            shown[key] = hit.view
            counts[hit.view.type] += 1
    return list(shown.values())
