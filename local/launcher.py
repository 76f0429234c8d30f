"""Runs the emulator with its gaps closed: `python -m local.launcher`.

Configured by the emulator's own environment variables (see `local.emulator`).
"""

import sys


def main() -> int:
    # Lambda workers load this module too, as forked processes do: it must stay light.
    from local.aws_server import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
