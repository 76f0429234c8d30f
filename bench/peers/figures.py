"""What is compared, the limits, and the table (`make bench-peers`).

A figure has a value for each side and pass, except the stored bytes, which have one value for each
side. The ratio of a figure is Runledger's median divided by n8n's. Both medians are from the same
run of the bench.
"""

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Name(StrEnum):
    N8N = "n8n"
    RUNLEDGER = "Runledger"


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of a ratio. `aim` is the bound that the project wants to reach."""

    bound: float
    aim: float
    is_least: bool = False

    def holds(self, ratio: float) -> bool:
        return ratio >= self.bound if self.is_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {self.bound:g} (aim: {self.aim:g})"


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    unit: str
    limit: Limit | None = None


_MS, _RATE = "ms", "a second"
ANSWER_P50 = Figure("webhook answer p50, low load", _MS, Limit(1.4, 1.0))
ANSWER_P95 = Figure("webhook answer p95, low load", _MS)
RUN_P50 = Figure("sent to finished p50, low load", _MS, Limit(4.0, 2.0))
RUN_P95 = Figure("sent to finished p95, low load", _MS)
PROCESSOR = Figure("processor time a run, 8 clients", _MS, Limit(1.2, 0.9))
BYTES = Figure("stored bytes a run", "bytes")
RATES = {
    1: Figure("completed runs, 1 client", _RATE),
    8: Figure("completed runs, 8 clients", _RATE, Limit(0.9, 1.2, is_least=True)),
    16: Figure("completed runs, 16 clients", _RATE, Limit(0.9, 1.2, is_least=True)),
}
PAGES = {
    10_000: Figure("history page p50, 10,000 runs", _MS),
    100_000: Figure("history page p50, 100,000 runs", _MS, Limit(1.5, 1.0)),
}
FIGURES = (
    *(ANSWER_P50, ANSWER_P95, RUN_P50, RUN_P95),
    *RATES.values(),
    *PAGES.values(),
    *(BYTES, PROCESSOR),
)
# The page at 100,000 runs over the page at 10,000 runs, both Runledger's.
GROWTH = Limit(1.2, 1.0)
_GROWTH_TITLE = "history page at 100,000 runs over the same at 10,000"


def percentile(values: Iterable[float], percent: int) -> float:
    """Returns the smallest value that at least `percent` of the values do not exceed. Raises
    ValueError if there are no values."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("no values")
    return ranked[max(1, math.ceil(len(ranked) * percent / 100)) - 1]


@dataclass
class Results:
    """The measured values: for each figure and side, a list with one value for each pass. The
    stored bytes are measured only once, over all passes."""

    values: dict[Figure, dict[Name, list[float]]] = field(default_factory=dict)

    def add(self, figure: Figure, name: Name, value: float) -> None:
        self.values.setdefault(figure, {}).setdefault(name, []).append(value)

    def median(self, figure: Figure, name: Name) -> float:
        return statistics.median(self.values[figure][name])

    def ratio(self, figure: Figure) -> float:
        return self.median(figure, Name.RUNLEDGER) / self.median(figure, Name.N8N)

    def ratios(self, figure: Figure) -> list[float]:
        """Returns the ratio of each pass."""
        sides = self.values[figure]
        pairs = zip(sides[Name.RUNLEDGER], sides[Name.N8N], strict=True)
        return [ours / theirs for ours, theirs in pairs]

    @property
    def growth(self) -> Mapping[Name, float]:
        small, large = PAGES.values()
        return {name: self.median(large, name) / self.median(small, name) for name in Name}

    def missed(self) -> list[str]:
        """Returns the titles of the limits that do not hold."""
        found = [
            figure.title
            for figure in self.values
            if figure.limit and not figure.limit.holds(self.ratio(figure))
        ]
        return found + ([] if GROWTH.holds(self.growth[Name.RUNLEDGER]) else [_GROWTH_TITLE])


_HEAD = ("figure", Name.N8N, Name.RUNLEDGER, "ratio", "ratios of the passes", "limit", "holds")


def table(results: Results) -> Iterator[str]:
    """Yields the lines of a Markdown table."""
    yield _row(_HEAD)
    yield "|" + "---|" * len(_HEAD)
    for figure in FIGURES:
        ratio, limit = results.ratio(figure), figure.limit
        sides = [number(results.median(figure, name)) for name in Name]
        yield _row(
            (
                f"{figure.title}, {figure.unit}" if figure.unit == _MS else _titled(figure),
                *sides,
                f"{ratio:.2f}",
                ", ".join(f"{each:.2f}" for each in results.ratios(figure)),
                *_verdict(limit, ratio),
            )
        )
    growth = results.growth
    sides = [f"{growth[name]:.2f}" for name in Name]
    yield _row((_GROWTH_TITLE, *sides, "", "", *_verdict(GROWTH, growth[Name.RUNLEDGER])))


def number(value: float) -> str:
    """Returns a value as text: without decimals from 100, with one decimal from 10, and with two
    below 10."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _titled(figure: Figure) -> str:
    return figure.title if figure.unit == "bytes" else f"{figure.title}, {figure.unit}"


def _verdict(limit: Limit | None, ratio: float) -> tuple[str, str]:
    return ("", "") if limit is None else (str(limit), "yes" if limit.holds(ratio) else "**no**")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
