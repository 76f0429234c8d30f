"""The planner: chooses the fewest partitions that hold all rows of a list.

docs/access-patterns.md lists each plan's cost; a test checks the plan of every combination of
filters.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runledger.store import keys

if TYPE_CHECKING:
    from runledger.services.lists.kinds import ListFilter, ListKind, RowT


class PlanName(StrEnum):
    """The plans, the narrowest first. The first plan that fits a request is used."""

    RERUNS = "reruns"
    RECOVERY = "recovery"
    KEY = "key"
    ERROR_GROUP = "error group"
    CONTACT = "contact"
    AUTOMATION = "automation"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Source:
    """A partition of an index or of the table. Each sort key is `prefix`, which is mostly empty,
    followed by the creation time and the id of a row. If `known` is given, it has the sort keys,
    and nothing is read."""

    partition: str
    index: keys.Index | None
    known: tuple[str, ...] | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The partitions to read for a list. `phases` are read one after the other; the sources of one
    phase are read in parallel."""

    name: PlanName
    phases: tuple[tuple[Source, ...], ...]

    @property
    def sources(self) -> int:
        return sum(len(phase) for phase in self.phases)


def plan(kind: "ListKind[RowT]", wanted: "ListFilter", shards: int) -> Plan:
    """Returns the plan of a list. If the filter gives the rows' list keys (`among`), no partition
    is read. If it names a recovery, a key, an error group or a contact, only its partition is read.
    Otherwise one partition is read for each bucket and shard, in the index by automation or by
    status."""
    workspace_id, of = wanted.workspace_id, kind.kind
    if wanted.among is not None:
        return _single(PlanName.RERUNS, Source("", None, wanted.among))
    if wanted.recovery_id is not None:
        reruns = keys.recovery_reruns(wanted.recovery_id)
        return _single(PlanName.RECOVERY, Source(reruns, None))
    if wanted.key is not None:
        name, value = wanted.key.name, wanted.key.value
        found = Source(keys.keyed_runs(workspace_id, value), None, prefix=keys.keyed_name(name))
        known = [Source("", None, wanted.key.known)] if wanted.key.known else []
        return Plan(PlanName.KEY, ((found, *known),))
    if wanted.error_group is not None:
        members = keys.failure_members(wanted.error_group)
        return _single(PlanName.ERROR_GROUP, Source(members, None))
    if wanted.contact_id is not None:
        partition = keys.by_contact(workspace_id, wanted.contact_id)
        return _single(PlanName.CONTACT, Source(partition, keys.Index.BY_CONTACT))

    def source(bucket: str, shard: int) -> Source:
        if wanted.automation_id is None:
            partition = keys.by_status(workspace_id, of, bucket, shard)
            return Source(partition, keys.Index.BY_STATUS)
        partition = keys.by_automation(workspace_id, of, wanted.automation_id, bucket, shard)
        return Source(partition, keys.Index.BY_AUTOMATION)

    phases = []
    for phase in kind.phases:
        asked = [status for status in phase if not wanted.statuses or status in wanted.statuses]
        buckets = sorted({kind.bucket_of(status) for status in asked})
        if buckets:
            phases.append(
                tuple(source(bucket, shard) for bucket in buckets for shard in range(shards))
            )
    name = PlanName.WORKSPACE if wanted.automation_id is None else PlanName.AUTOMATION
    return Plan(name, tuple(phases))


def _single(name: PlanName, source: Source) -> Plan:
    return Plan(name, ((source,),))
