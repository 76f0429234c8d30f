"""The emulator's ends of a Lambda worker's three pipes. They are read by the thread that waits for
the worker, so an invocation needs no threads of its own."""

import os
import select
import time
import weakref
from collections import deque

_AT_ONCE = 65_536


class WorkerPipes:
    """Lines to a worker's stdin, and from its stdout and stderr. Used by one thread at a time."""

    def __init__(self, stdin: int, stdout: int, stderr: int) -> None:
        """Takes over the three descriptors. They are closed with this object."""
        weakref.finalize(self, _close, (stdin, stdout, stderr))
        self._stdin = stdin
        self._read: dict[int, Lines] = {stdout: Lines(), stderr: Lines()}
        self._answers, self._log = self._read.values()
        self._open = {stdout, stderr}
        self._poll = select.poll()
        for descriptor in self._open:
            self._poll.register(descriptor, select.POLLIN)
        # A worker that does not read must not block its writer forever.
        os.set_blocking(stdin, False)

    def write(self, data: bytes, deadline: float) -> None:
        """Writes all of the data. Raises TimeoutError at the deadline (of time.monotonic), and
        BrokenPipeError if the worker has ended."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._stdin, rest) :]
            except BlockingIOError:
                writable = select.poll()
                writable.register(self._stdin, select.POLLOUT)
                if not writable.poll(_milliseconds(deadline)):
                    raise TimeoutError from None

    def answer(self, deadline: float) -> bytes | None:
        """Returns the next line of stdout; None if the worker has closed it. Raises TimeoutError at
        the deadline."""
        while not self._answers.whole:
            if not self._open or self._answers.is_closed:
                return None
            self._wait(deadline)
        return self._answers.whole.popleft()

    def log(self, mark: bytes | None, deadline: float) -> list[str]:
        """Returns the lines of stderr before the mark. If the mark is None, or does not come before
        the deadline or the worker's end, returns all lines up to the deadline or the worker's end,
        whichever comes first."""
        try:
            while mark not in self._log.whole and not self._log.is_closed:
                self._wait(deadline)
        except TimeoutError:
            pass
        found: list[str] = []
        while self._log.whole and (line := self._log.whole.popleft()) != mark:
            found.append(line.decode(errors="replace"))
        return found

    def _wait(self, deadline: float) -> None:
        """Waits until one of the pipes has something, and reads it."""
        ready = self._poll.poll(_milliseconds(deadline))
        if not ready:
            raise TimeoutError
        for descriptor, _ in ready:
            data = os.read(descriptor, _AT_ONCE)
            self._read[descriptor].add(data)
            if not data:
                self._open.discard(descriptor)
                self._poll.unregister(descriptor)


class Lines:
    """The lines of a pipe that were read and not yet used."""

    def __init__(self) -> None:
        self.whole: deque[bytes] = deque()
        self.is_closed = False
        self._rest = b""

    def add(self, data: bytes) -> None:
        """Adds data that was read from the pipe. Empty data means that the pipe is closed."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            self.is_closed = True
            lines = [self._rest] if self._rest else []
            self._rest = b""
        self.whole.extend(lines)


def _milliseconds(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic()) * 1_000


def _close(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
