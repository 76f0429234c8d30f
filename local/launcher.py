"""Runs the patched emulator: `python -m local.launcher`.

The emulator's own environment variables configure it (see `local.emulator`).
"""

import sys

from local.one_core import ONE_CORE
from local.worker_forks import ZYGOTES

# Modules that the emulator loads if they are installed, and this stack does not use: a client of
# Docker, and a grammar of addresses, which takes two thirds of a second.
_UNUSED = ("docker", "rfc3987_syntax")


def main() -> int:
    # It loads the functions' libraries while this process loads the emulator.
    ZYGOTES.first()
    # Before any thread starts. Modules of the emulator start some when they are loaded.
    ONE_CORE.take()
    # To import one of these is an ImportError, as if it were not installed.
    sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]
    from local.aws_server import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
