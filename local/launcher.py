"""Runs the patched emulator: `python -m local.launcher`.

The emulator's own environment variables configure it (see `local.emulator`).
"""

import sys


def main() -> int:
    # Lambda workers, which are forked processes, load this module too: it must stay light.
    from local.aws_server import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
