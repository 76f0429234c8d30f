"""The emulator's ends of a worker's pipes: answers are whole lines, a log is read up to the mark at
its end, and no wait is endless."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.worker_pipes import WorkerPipes

MARK = b"end"
_PIPE_BYTES = 65_536


@dataclass
class Worker:
    """The worker's ends of the pipes."""

    stdin: int
    stdout: int
    stderr: int

    def end(self) -> None:
        for descriptor in (self.stdin, self.stdout, self.stderr):
            os.close(descriptor)


@pytest.fixture
def ends() -> Iterator[tuple[WorkerPipes, Worker]]:
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (os.pipe() for _ in range(3))
    worker = Worker(stdin, stdout, stderr)
    yield WorkerPipes(to_stdin, from_stdout, from_stderr), worker
    try:
        worker.end()
    except OSError:
        # The test has ended it.
        return


def soon() -> float:
    return time.monotonic() + 10


def test_a_line_is_returned_when_it_is_whole(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    os.write(worker.stdout, b'{"status": ')
    with pytest.raises(TimeoutError):
        pipes.answer(time.monotonic() + 0.01)
    os.write(worker.stdout, b'"ok"}\nmore\n')
    assert pipes.answer(soon()) == b'{"status": "ok"}'
    assert pipes.answer(soon()) == b"more"


def test_an_answer_comes_while_the_log_is_full(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    logged = [b"x" * 99 + b"\n"] * (2 * _PIPE_BYTES // 100)

    def work() -> None:
        for line in logged:
            os.write(worker.stderr, line)
        os.write(worker.stdout, b"done\n")
        os.write(worker.stderr, MARK + b"\n")

    thread = threading.Thread(target=work)
    thread.start()
    assert pipes.answer(soon()) == b"done"
    assert pipes.log(MARK, soon()) == ["x" * 99] * len(logged)
    thread.join()


def test_a_log_ends_at_its_mark(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    os.write(worker.stderr, b"one\n\nt\xc3\xa9 \xff\nend\nof the next\n")
    assert pipes.log(MARK, soon()) == ["one", "", "té �"]
    os.write(worker.stderr, b"end\n")
    assert pipes.log(MARK, soon()) == ["of the next"]


def test_a_log_without_its_mark_ends_with_the_time(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    os.write(worker.stderr, b"one\n")
    assert pipes.log(MARK, time.monotonic() + 0.01) == ["one"]


def test_a_worker_that_ended_has_no_answer_but_a_log(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    os.write(worker.stderr, b"Traceback\nMemoryError")
    worker.end()
    assert pipes.answer(soon()) is None
    assert pipes.log(MARK, soon()) == ["Traceback", "MemoryError"]
    assert pipes.answer(soon()) is None
    with pytest.raises(BrokenPipeError):
        pipes.write(b"next\n", soon())


def test_a_large_message_arrives_whole(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, worker = ends
    message = os.urandom(5 * _PIPE_BYTES)
    found = bytearray()

    def read() -> None:
        while len(found) < len(message):
            found.extend(os.read(worker.stdin, 1_000))

    thread = threading.Thread(target=read)
    thread.start()
    pipes.write(message, soon())
    thread.join()
    assert bytes(found) == message


def test_a_worker_that_does_not_read_holds_nobody(ends: tuple[WorkerPipes, Worker]) -> None:
    pipes, _ = ends
    with pytest.raises(TimeoutError):
        pipes.write(b"x" * 2 * _PIPE_BYTES, time.monotonic() + 0.05)


def test_the_pipes_are_closed_with_their_object() -> None:
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (os.pipe() for _ in range(3))
    pipes = WorkerPipes(to_stdin, from_stdout, from_stderr)
    del pipes
    for descriptor in (to_stdin, from_stdout, from_stderr):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    for descriptor in (stdin, stdout, stderr):
        os.close(descriptor)
