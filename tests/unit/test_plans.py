"""The planner: every combination of filters has a plan that is documented and bounded."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from runledger.services.lists.key_filters import KeyFilter
from runledger.services.lists.kinds import (
    ListFilter,
    ListKind,
    deliveries_kind,
    refusals_kind,
    runs_kind,
)
from runledger.services.lists.plans import PlanName, plan
from runledger.store import keys

NO_STORE: Any = type("NoStore", (), {"get_many": None, "shown": None})()
KINDS: list[ListKind[Any]] = [
    runs_kind(NO_STORE),
    deliveries_kind(NO_STORE),
    refusals_kind(NO_STORE),
]
DOCUMENT = Path(__file__).parents[2] / "docs" / "access-patterns.md"


def documented() -> list[str]:
    """Returns the plans of the table in the docs, in their order."""
    rows = (
        DOCUMENT.read_text().partition("| plan | used for |")[2].partition("\n\n")[0].splitlines()
    )
    return [row.split("|")[1].strip() for row in rows[2:]]


def test_the_docs_list_exactly_the_plans() -> None:
    assert documented() == [name.value for name in PlanName]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind.value)
@pytest.mark.parametrize("shards", [1, 8, 64])
def test_every_combination_has_a_bounded_plan(kind: ListKind[Any], shards: int) -> None:
    statuses = sorted(kind.statuses)
    some = [
        frozenset(found)
        for size in (0, 1, 2, 3)
        for found in itertools.combinations(statuses, size)
    ]
    for (
        wanted,
        automation_id,
        contact_id,
        group,
        newest_first,
        recovery,
        among,
        key,
    ) in itertools.product(
        some,
        [None, "aut_1"],
        [None, "con_1"],
        [None, "err_1"],
        [True, False],
        [None, "rcv_1"],
        [None, ("0000000000001#run_1",)],
        [None, KeyFilter("orderid", "a-1")],
    ):
        filter_ = ListFilter(
            "ws_demo",
            wanted,
            automation_id,
            contact_id,
            0,
            1,
            group,
            newest_first,
            recovery,
            among,
            key,
        )
        found = plan(kind, filter_, shards)
        buckets = {kind.bucket_of(status) for status in wanted or kind.statuses}
        narrow = (group, contact_id, recovery, among, key) != (None,) * 5
        sources = [source for phase in found.phases for source in phase]
        assert len(set(sources)) == (1 if narrow else len(buckets) * shards)
        # RETRYING is read twice, as deliveries come back to it.
        twice = 0 if narrow or "RETRYING" not in buckets else shards
        assert found.sources == len(sources) == len(set(sources)) + twice
        if found.name is PlanName.RERUNS:
            assert among is not None
        elif found.name is PlanName.RECOVERY:
            assert recovery is not None and among is None
        elif found.name is PlanName.KEY:
            assert key is not None and recovery is None and among is None
        elif found.name is PlanName.ERROR_GROUP:
            assert group is not None and (recovery, among, key) == (None,) * 3
        elif found.name is PlanName.CONTACT:
            assert contact_id is not None and (group, recovery, among, key) == (None,) * 4
        else:
            is_automation = found.name is PlanName.AUTOMATION
            assert is_automation == (automation_id is not None)
            index = keys.Index.BY_AUTOMATION if is_automation else keys.Index.BY_STATUS
            assert {source.index for source in sources} == {index}
            assert all(source.partition.startswith("ws_demo#") for source in sources)


def test_a_retried_delivery_is_found_while_it_changes_its_status() -> None:
    """A try is claimed (QUEUED or RETRYING, then PROCESSING) and refused temporarily (RETRYING)."""
    everything = ListFilter("ws_demo", frozenset(), None, None, 0, 1)
    read = [
        {source.partition.split("#")[2] for source in phase}
        for phase in plan(KINDS[1], everything, 1).phases
    ]
    assert read[0] == {"QUEUED", "RETRYING"}
    assert read[1:3] == [{"PROCESSING"}, {"RETRYING"}]


def test_open_rows_are_read_before_ended_ones() -> None:
    everything = ListFilter("ws_demo", frozenset(), None, None, 0, 1)
    found = plan(KINDS[0], everything, 1)
    assert [[source.partition for source in phase] for phase in found.phases] == [
        ["ws_demo#RUN#OPEN#0"],
        ["ws_demo#RUN#CANCELED#0", "ws_demo#RUN#COMPLETED#0", "ws_demo#RUN#FAILED#0"],
    ]
