"""Time zones by their IANA names."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

# Names in the database that are not places: Factory means that no zone was set.
_NO_PLACE = frozenset({"factory", "localtime", "posixrules"})


def canonical_zone(name: str) -> str:
    """Returns the name as the IANA database writes it. Upper and lower case do not matter. Raises
    ValueError if the zone does not exist. An offset such as +02:00 is not a zone, because it has no
    daylight saving time."""
    found = _zones().get(name.strip().casefold())
    if found is None:
        raise ValueError(
            f"there is no time zone {name!r}; write an IANA name such as Europe/Berlin"
        )
    return found


def zone_named(name: object) -> ZoneInfo | None:
    """Returns the zone that a contact's value names, or None."""
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(canonical_zone(name))
    except ValueError:
        return None


@cache
def _zones() -> dict[str, str]:
    # The list from the tzdata package; a machine's own files may hold other aliases.
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return {name.casefold(): name for name in names if name.casefold() not in _NO_PLACE}
