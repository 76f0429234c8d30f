"""Everything that a simulation left behind and somebody could read later, searched for secrets."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from runledger.ids import new_token
from runledger.observability import logger

from tests.support.secret_forms import find_words
from tests.support.simulation import Simulation, open_simulation
from tests.support.stored_text import stored_in_simulation


@dataclass
class Searched:
    """A simulation that keeps its log and the answers of its functions."""

    simulation: Simulation
    log: io.StringIO
    # The values that must not be found, by name, and the answers of the API.
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    def new(self, name: str) -> str:
        self.secrets[name] = f"{new_token(12)}/+ä{new_token(24)}"
        return self.secrets[name]

    def call(self, function: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.simulation.request(function, method, path, body)
        self.keep(answer)
        return answer

    def keep(self, answer: dict[str, Any]) -> None:
        self.answers.append(json.dumps(answer, ensure_ascii=False))

    def shown(self, answer: dict[str, Any], name: str) -> str:
        """Returns the secret that the latest answer shows, and remembers it under this name.
        Removes it from the kept answer, because this is the one answer that may show it."""
        secret = answer["body"]["webhook"]["secret"]
        assert secret is not None
        self.secrets[name] = secret
        kept = json.loads(self.answers.pop())
        assert json.dumps(kept).count(secret) == 1
        kept["body"]["webhook"]["secret"] = None
        self.answers.append(json.dumps(kept))
        return str(secret)

    def places(self) -> list[tuple[str, str]]:
        """Returns the name and the text of every place."""
        simulation = self.simulation
        executions = [
            {name: value for name, value in vars(each).items() if name != "machine"}
            for each in simulation.step_functions.executions.values()
        ]
        return [
            *stored_in_simulation(simulation),
            ("log", self.log.getvalue()),
            ("unforeseen", "\n".join(simulation.unforeseen)),
            ("events", json.dumps(simulation.bus.entries, default=str)),
            ("executions", json.dumps(executions, default=str)),
            *(("answer", each) for each in self.answers),
        ]

    def find(self) -> list[str]:
        """Returns where a secret was found, in any form, with the text around it."""
        places = self.places()
        assert len(places) > 10 and "the log is read" in self.log.getvalue()
        return [
            f"{name} in {place}: {text[max(text.find(trace) - 80, 0) :][:200]}"
            for name, secret in self.secrets.items()
            for trace in find_words(secret)
            for place, text in places
            if trace in text
        ]


@contextmanager
def open_searched() -> Iterator[Searched]:
    """Yields a simulation whose log has every level."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logger.registered_formatter)
    with open_simulation() as simulation:
        level = logger.log_level
        logger.setLevel("DEBUG")
        logger._logger.addHandler(handler)
        logger.info("the log is read")
        yield Searched(simulation, log)
        logger._logger.removeHandler(handler)
        logger.setLevel(level)
