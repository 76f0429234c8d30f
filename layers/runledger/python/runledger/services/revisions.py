"""Edits what others may be editing too: a stale write is refused, never applied."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runledger.errors import ConflictError, PreconditionFailedError

ThingT = TypeVar("ThingT")

# How often another process may write between our read and our write.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class ExpectedRevision:
    """The revision that an edit is based on. `tags` are those of If-Match, or None if the header is
    missing or allows any revision. `revision` is that of the path or the body, or None if neither
    has one."""

    tags: frozenset[str] | None = None
    revision: int | None = None

    def check(self, current: int, changed_by: str | None = None) -> None:
        """Raises PreconditionFailedError (If-Match) or ConflictError if `current` is another
        revision."""
        by = f" by {changed_by}" if changed_by else ""
        if self.tags is not None and str(current) not in self.tags:
            raise PreconditionFailedError(
                f"the stored version was changed{by} after you read it; read it again and "
                "repeat the change",
                current,
            )
        if self.revision is not None and self.revision != current:
            raise ConflictError(
                f"the stored version was changed{by} after you read it; read it again and "
                "repeat the change",
                status="CHANGED",
                revision=current,
            )


ANY_REVISION = ExpectedRevision()


def edit(
    read: Callable[[], ThingT],
    change: Callable[[ThingT], ThingT],
    revision_of: Callable[[ThingT], int],
    expected: ExpectedRevision,
    changed_by: Callable[[ThingT], str | None] = lambda thing: None,
    tries: int = _TRIES,
) -> ThingT:
    """Reads a thing, checks its revision and changes it. Tries again if another process wrote in
    between.

    `change` raises ConflictError if the stored revision is not the one it was given. The edit is
    then made again from the current state, unless `expected` forbids that."""
    for _ in range(tries):
        before = read()
        expected.check(revision_of(before), changed_by(before))
        try:
            return change(before)
        except ConflictError:
            if revision_of(read()) == revision_of(before):
                raise
    raise ConflictError(
        "other requests changed the stored version during every try; try again", status="CHANGED"
    )
