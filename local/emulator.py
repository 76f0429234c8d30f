"""The emulator as a child process: starts it, waits for it, and stops it without losing its
data."""

import os
import shutil
import subprocess
import sys
import time
from http import HTTPStatus
from http.client import HTTPConnection

from local.settings import HOST, REGION, ROOT, LocalError, Stack

_START_SECONDS = 30
_POLL_SECONDS = 0.02
# Saving the demo data takes well under a second; large ledgers take longer.
_STOP_SECONDS = 60


def environment(stack: Stack) -> dict[str, str]:
    """Returns the emulator's environment: loopback only, IAM enforced, and state stored below the
    stack's state directory."""
    state = stack.state_dir
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(stack.ports.emulator),
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "emulator"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(state / "tmp"),
        "PYTHONUNBUFFERED": "1",
    }


class Emulator:
    """The emulator's process. It ends when this process ends, even if this process is killed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Starts the process, which answers about a second later."""
        scratch = self._stack.state_dir / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        log = self._stack.emulator_log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.launcher"],
                cwd=ROOT,
                env=environment(self._stack),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # This process passes a Ctrl-C on, in order.
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ends the process after it has saved its state."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._process = None

    def await_ready(self) -> None:
        """Returns once the AWS endpoints answer. Raises LocalError with the last lines of the
        log."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.is_running():
            if self._answers():
                return
            time.sleep(_POLL_SECONDS)
        tail = " | ".join(self._stack.emulator_log.read_text().strip().splitlines()[-3:])
        self.stop()
        raise LocalError(f"the emulator did not start; see {self._stack.emulator_log}: {tail}")

    def _answers(self) -> bool:
        connection = HTTPConnection(HOST, self._stack.ports.emulator, timeout=_START_SECONDS)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
