"""Time zones by their IANA names."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

# In the database for its own sake, of no place: Factory says that nobody set a zone.
_NO_PLACE = frozenset({"factory", "localtime", "posixrules"})


def canonical_zone(name: str) -> str:
    """The name as the IANA database writes it, however its letters are cased; ValueError where
    there is no such zone. An offset such as +02:00 is no zone: it knows no summer time."""
    found = _zones().get(name.strip().casefold())
    if found is None:
        raise ValueError(f"there is no time zone {name!r}; write e.g. Europe/Berlin")
    return found


def zone_named(name: object) -> ZoneInfo | None:
    """The zone that a value of a contact names; None where it names none."""
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(canonical_zone(name))
    except ValueError:
        return None


@cache
def _zones() -> dict[str, str]:
    # The list that comes with the database; the files of a machine hold aliases of their own.
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return {name.casefold(): name for name in names if name.casefold() not in _NO_PLACE}
