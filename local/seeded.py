"""The note in the state directory about the demo data that exists."""

import shutil
from collections.abc import Callable

from local.settings import Stack

NOTE = "seeded.json"
# A key of the note, present during the first seeding of new workspaces.
HALF = "seeding"


def forget_half(stack: Stack, say: Callable[[str], None]) -> None:
    """Deletes demo data that was only partly created, because it cannot be completed and nobody has
    used it yet."""
    if not stack.read_note(NOTE).get(HALF):
        return
    say("an earlier seeding was interrupted; seeding again from the beginning")
    for name in ("emulator", "s3"):
        shutil.rmtree(stack.state_dir / name, ignore_errors=True)
    for name in ("deployed.json", NOTE):
        (stack.state_dir / name).unlink(missing_ok=True)
