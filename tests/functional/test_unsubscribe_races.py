"""A person unsubscribes while an import, an edit or a second click changes the same contact: the
withdrawal is kept and recorded in every order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from moto import mock_aws
from runledger.clock import MINUTE
from runledger.composition import services
from runledger.models.consent import (
    ConsentChannel,
    ConsentPurpose,
    Consents,
    ConsentSetting,
    ConsentSource,
)
from runledger.models.contact import ContactDocument
from runledger.services.bulk.import_contract import ImportEvent, ImportOperation, ImportPlace
from runledger.services.messages.unsubscribe_links import PATH

from tests.functional.test_consents import BY_ADA
from tests.support.depth import examples
from tests.support.engine import client_of
from tests.support.environment import BUCKET
from tests.support.scheduler import AtRandom, Chooser, Interleaving, every_order
from tests.support.simulation import WORKSPACE, Simulation, open_simulation
from tests.support.unsubscribing import ADA, ONE_CLICK, Reader, make_reader

FORM = "application/x-www-form-urlencoded"
FILE = b"mail,name,news\r\nada@example.com,Imported,true\r\n"
START = {
    "parts": 1,
    "by": "email",
    "columns": [
        {"column": "mail", "field": "email"},
        {"column": "name", "field": "lastName"},
        {"column": "news", "field": "consents.marketing"},
    ],
}


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    reader: Reader
    token: str
    delivery_id: str
    import_id: str
    # Restores the file of the import, which deletes it at its end.
    put_back: Callable[[], None]

    def click(self) -> None:
        body = urlencode(ONE_CLICK).encode()
        assert services().unsubscribe.withdraw(self.token, body, FORM) == "A"

    def patch(self, changes: dict[str, Any], source: ConsentSource = BY_ADA) -> None:
        contacts = services().contacts
        contacts.patch(WORKSPACE, self.reader.contact_id, changes, source=source)

    def put(self) -> None:
        document = ContactDocument.model_validate({**ADA, "firstName": "Put"})
        services().contacts.replace(WORKSPACE, self.reader.contact_id, document, source=BY_ADA)

    def write_rows(self) -> None:
        """Calls the import's function once, as its machine does: it writes the next rows."""
        place = ImportPlace(workspace_id=WORKSPACE, import_id=self.import_id)
        event = ImportEvent(operation=ImportOperation.ROWS, place=place)
        services().import_visits.handle(event, services().clock() + MINUTE)


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with mock_aws(), open_simulation() as simulation:
        s3 = client_of("s3")
        s3.create_bucket(Bucket=BUCKET)
        simulation.serve("s3", s3)
        simulation.make_import()
        reader = make_reader(simulation)
        reader.ask_for("MARKETING")
        simulation.settle()
        ((delivery_id, link),) = reader.links().items()
        document = {"format": "CSV", "fileName": "people.csv"}
        made = simulation.request("api", "POST", "/v1/contacts/imports", document)
        path = f"/v1/contacts/imports/{made['body']['id']}"
        assert simulation.send_bytes(f"{path}/parts/1", FILE)["status"] == 200
        started = simulation.request("api", "POST", f"{path}/start", START)
        assert started["status"] == 202, started
        simulation.clock.advance(MINUTE)
        token = link.removeprefix(PATH)
        (file,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]

        def put_back() -> None:
            s3.put_object(Bucket=BUCKET, Key=file["Key"], Body=FILE)

        yield Ready(simulation, reader, token, delivery_id, made["body"]["id"], put_back)


Actors = Callable[[Ready], dict[str, Callable[[], Any]]]
GIVEN = {"consents": {"marketing": True}}
ON_CHANNEL = {"consents": {"channels": {"EMAIL": {"marketing": True}}}}
PAIRS: dict[str, Actors] = {
    "an edit of the name": lambda of: {"edit": lambda: of.patch({"firstName": "Edited"})},
    "a whole document": lambda of: {"edit": of.put},
    "a second click": lambda of: {"again": of.click},
    "an edit that gives the consent": lambda of: {"edit": lambda: of.patch(GIVEN)},
    "an edit that gives it on one channel": lambda of: {"edit": lambda: of.patch(ON_CHANNEL)},
    "an edit that withdraws it": lambda of: {
        "edit": lambda: of.patch({"consents": {"marketing": False}})
    },
}
CROWDS: dict[str, Actors] = {
    "an import": lambda of: {"import": of.write_rows},
    "an import and an edit": lambda of: {
        "import": of.write_rows,
        "edit": lambda: of.patch({"firstName": "Edited"}),
    },
    "an import that runs twice": lambda of: {"import": of.write_rows, "again": of.write_rows},
    "an import, two clicks and an edit that gives the consent": lambda of: {
        "import": of.write_rows,
        "again": of.click,
        "edit": lambda: of.patch(GIVEN),
    },
}


def race(ready: Ready, name: str, actors: Actors, chooser: Chooser) -> tuple[str, ...]:
    """Lets the click and the actors make their calls in one order, which `chooser` chooses. Then
    checks the contact and its consents, and restores the simulation. Returns the calls in the order
    in which they were made."""
    simulation = ready.simulation
    rows, now, ids = simulation.table.snapshot(), simulation.clock.now, simulation.ids
    ready.put_back()
    interleaving = Interleaving(simulation.boundary, chooser)
    outcomes = interleaving.run({"click": ready.click, **actors(ready)})
    found = [f"{each}: {outcome.error!r}" for each, outcome in outcomes.items() if outcome.error]
    found += _wrong(ready)
    if "import" in outcomes and ready.reader.contact().last_name != "Imported":
        found.append("the import did not write the contact")
    simulation.table.restore(rows)
    simulation.clock.now, simulation.ids = now, ids
    calls = "\n  ".join(interleaving.order)
    assert found == [], f"{name}:\n  {calls}"
    return tuple(interleaving.order)


def _wrong(ready: Ready) -> list[str]:
    """Returns what is wrong with the contact and its record after a race."""
    consents, record = ready.reader.contact().consents, ready.reader.record()
    found = []
    withdrawals = [
        number for number, each in enumerate(record) if each.source.detail == ready.delivery_id
    ]
    if not withdrawals:
        found.append("the withdrawal is not recorded")
    for before, after in pairwise(withdrawals):
        if not any(each.is_given for each in record[before:after]):
            found.append("a repeated click is recorded, and nothing was given in between")
    last = record[-1]
    # Only a consent that a person gives after the click counts more than the click.
    channels = [consents.allows(ConsentPurpose.MARKETING, each) for each in ConsentChannel]
    if any(channels) and not (last.is_given and last.source == BY_ADA):
        found.append(f"the consents are {consents} after {last}")
    explained = Consents()
    for each in record:
        setting = ConsentSetting(each.purpose, each.channel, each.is_given)
        explained = explained.with_setting(setting)
    if explained != consents:
        found.append(f"the record explains {explained}, and the consents are {consents}")
    times = [each.at for each in record]
    if times != sorted(times):
        found.append(f"the record is not in the order of its times: {times}")
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_a_click_is_kept_in_every_order(
    ready: Ready, name: str, report_figure: Callable[[str], None]
) -> None:
    orders = {race(ready, name, PAIRS[name], chooser) for chooser in every_order()}
    assert len(orders) > 1
    report_figure(f"a click against {name}: all {len(orders)} interleavings")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CROWDS)
def test_a_click_is_kept_in_many_orders(
    ready: Ready, name: str, report_figure: Callable[[str], None]
) -> None:
    seeds = examples(200, quick=30)
    orders = {race(ready, name, CROWDS[name], AtRandom(seed)) for seed in range(seeds)}
    assert len(orders) > 1
    report_figure(f"a click against {name}: {seeds} seeds, {len(orders)} interleavings")
