"""The tests' server closes every connection, whichever side ends it."""

import gc
import socket
import struct
import threading
import warnings

from tests.support.wire_server import Connection, wire_server


def test_a_client_that_disconnects_leaves_no_open_connection() -> None:
    gone, tried = threading.Event(), threading.Event()

    def answer_too_late(connection: Connection, request: bytes) -> None:
        gone.wait(5)
        try:
            for _ in range(100):
                connection.send(b"x" * 1_000_000)
        finally:
            tried.set()

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with wire_server(answer_too_late) as server:
            client = socket.create_connection(("127.0.0.1", server.port))
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            # Closing resets the connection.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            gone.set()
            assert tried.wait(5)
        del server
        gc.collect()
    assert [str(each.message) for each in found if each.category is ResourceWarning] == []
