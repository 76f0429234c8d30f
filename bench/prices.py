"""Prints the price of a million runs (`make bench`)."""

from collections.abc import Iterable

from runledger.compiler.prices import READ_ON, Item, dollars


def lines(items: Iterable[Item]) -> Iterable[str]:
    found = list(items)
    yield f"a million runs, prices of {READ_ON}: dollars, amount a run, of what"
    yield from (f"{each.dollars:8.2f}  {each.amount:10.3f}  {each.name}" for each in found)
    yield f"{dollars(found):8.2f}  in all"
