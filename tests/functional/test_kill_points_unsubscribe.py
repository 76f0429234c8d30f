"""If any AWS call of an unsubscription fails, or the process dies at that call, the person still
gets no more marketing. The consent record has each withdrawal once, and in each message that was
sent, the link for unsubscribing works."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from runledger.clock import DAY

from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import Simulation, open_simulation
from tests.support.unsubscribing import Reader, make_reader

LATER = "TooManyRequestsException"


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    reader: Reader
    forget: Callable[[], None]
    # The messages whose links were used, oldest first.
    used: list[str] = field(default_factory=list)

    def restore(self) -> None:
        self.forget()
        self.used.clear()

    def send(self, consent: str, number: int = 0) -> list[str]:
        """Has one message sent, and waits until nothing more happens. Returns the statuses of the
        run's deliveries."""
        run_id = self.reader.ask_for(consent, number)
        self.simulation.settle()
        return [row["status"] for row in self.simulation.deliveries() if row["runId"] == run_id]

    def unsubscribe(self) -> None:
        """Uses the link of each message that was sent, as a mail provider does: it posts again if
        it gets no answer."""
        for delivery_id, path in self.reader.links().items():
            answer = self.reader.click(path)
            assert answer["status"] == 200, (answer, self.simulation.unforeseen)
            assert "You are unsubscribed" in answer["body"]
            if delivery_id not in self.used:
                self.used.append(delivery_id)


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        reader = make_reader(simulation)
        simulation.records.clear()
        yield Ready(simulation, reader, simulation.snapshot())


# ── the stories ─────────────────────────────────────────────────────────────────────────────────


def is_clicked_twice(ready: Ready) -> None:
    """The first message of the stack makes the key that signs the link."""
    ready.send("MARKETING")
    for _ in range(2):
        ready.unsubscribe()
        ready.simulation.clock.advance(DAY)
    assert len(ready.used) == len(ready.simulation.ses.sent)


def is_clicked_in_two_messages(ready: Ready) -> None:
    for number in range(2):
        ready.send("MARKETING", number)
    ready.unsubscribe()


def is_clicked_while_the_next_message_waits(ready: Ready) -> None:
    ready.send("MARKETING")
    ready.simulation.ses.refusals = [LATER]
    ready.reader.ask_for("MARKETING", 1)
    ready.simulation.run_until(ready.simulation.clock.now + 20_000)
    ready.unsubscribe()
    ready.simulation.settle()


def suppresses_only_marketing(ready: Ready) -> None:
    ready.send("MARKETING")
    ready.unsubscribe()
    statuses = ready.send("MARKETING", 1)
    # If the first message was lost, nobody used its link.
    assert statuses == ["SUPPRESSED"] or not ready.used
    assert "SUPPRESSED" not in ready.send("TRANSACTIONAL")


def wrong(ready: Ready) -> list[str]:
    """Returns what is wrong with the consents and their record."""
    consents = ready.reader.contact().consents
    found = []
    if consents.marketing is bool(ready.used) or not consents.transactional:
        found.append(f"the links of {ready.used} were used, and the consents are {consents}")
    if ready.reader.withdrawals() != ready.used:
        found.append(f"{ready.used} were used, and {ready.reader.withdrawals()} are recorded")
    return found


DONE = ("COMPLETED",)
SCENARIOS = (
    Scenario(is_clicked_twice, DONE, ("webhook_in", "run_message"), ("SENT",), wrong),
    Scenario(is_clicked_in_two_messages, DONE * 2, ("webhook_in",), ("SENT",) * 2, wrong),
    Scenario(
        is_clicked_while_the_next_message_waits,
        DONE * 2,
        ("webhook_in", "retry_delivery"),
        ("SENT", "SUPPRESSED"),
        wrong,
    ),
    Scenario(
        suppresses_only_marketing,
        DONE * 3,
        ("webhook_in", "run_message"),
        ("SENT", "SUPPRESSED", "SENT"),
    ),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_a_link_withdraws_the_consent_once(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
