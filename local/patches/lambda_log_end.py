"""Lambda: the worker marks the end of an invocation's log, so that the emulator need not wait for
more lines.

Without the mark, the emulator waits 5 ms after the last line of a log, and 50 ms if the handler
logs nothing.
"""

from ministack.core import lambda_runtime

from local.patches import guard

MARK = "\x1e__runledger_end_of_log__"

_FLUSH = """        _real_stdout.flush()

run()
"""
_MARKED_FLUSH = f"""        sys.stderr.write({MARK!r} + "\\n")
        sys.stderr.flush()
{_FLUSH}"""


def apply() -> None:
    lambda_runtime._PYTHON_WORKER_SCRIPT = guard.replace_text(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _FLUSH, _MARKED_FLUSH
    )
