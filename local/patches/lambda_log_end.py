"""Lambda: the worker marks the end of an invocation's log, so that the emulator need not wait for
more lines.

Without the mark, the emulator waits 50 ms after a handler that logs nothing and 5 ms after a last
line.
"""

import queue
import time
from typing import Any

from ministack.core import lambda_runtime

from local.patches import guard

_MARK = "\x1e__runledger_end_of_log__"

_FLUSH = """        _real_stdout.flush()

run()
"""
_MARKED_FLUSH = f"""        sys.stderr.write({_MARK!r} + "\\n")
        sys.stderr.flush()
{_FLUSH}"""


def apply() -> None:
    guard.expect(lambda_runtime.Worker, "invoke", "96751a75471021ec")
    lambda_runtime._PYTHON_WORKER_SCRIPT = guard.replace_text(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _FLUSH, _MARKED_FLUSH
    )
    guard.wrap(lambda_runtime.Worker, "_drain_stderr_bounded", "3fd7cc742872e604", _until_mark)


def _until_mark(drain: Any) -> Any:
    def drain_until_mark(self: Any, *args: Any, hard_cap: float = 0.25, **kwargs: Any) -> str:
        # A worker that died wrote no mark.
        if self._proc is None or not str(self.config.get("Runtime", "")).startswith("python"):
            text: str = drain(self, *args, hard_cap=hard_cap, **kwargs)
            return text
        lines: list[str] = []
        deadline = time.monotonic() + hard_cap
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._stderr_queue.get(timeout=left)
            except queue.Empty:
                break
            if line == _MARK:
                break
            lines.append(line)
        return "\n".join(lines)

    return drain_until_mark
