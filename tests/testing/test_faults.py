"""The relay of the tests' server: what it does to requests, on new connections and on those that are kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from sio_server.testing.faults import Fault, Relay

BODY = b"x" * 300_000


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with the body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay before a server that answers with what it is sent."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with Relay() as made:
            made.target = server.server_address[1]
            yield made
        server.shutdown()
        thread.join()


def ask(client: httpx.Client, relay: Relay, body: bytes = BODY) -> httpx.Response:
    """Post a body through the relay."""
    return client.post(f"http://127.0.0.1:{relay.port}/", content=body)


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "new"])
def test_each_fault_comes_and_goes(relay: Relay, is_kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """With a fault a request ends as its name says, on a connection that is kept, too; without it all is well again."""
    for fault, told in (
        (Fault("down"), httpx.ConnectError),
        (Fault("drops"), httpx.RemoteProtocolError),
        (Fault("failing", status=503), 503),
        (Fault("slow", seconds=0.01), 200),
    ):
        with httpx.Client(trust_env=False, timeout=60) as client:
            if is_kept:
                assert ask(client, relay).content == BODY
            relay.switch(fault)
            if isinstance(told, int):
                assert ask(client, relay).status_code == told
            else:
                with pytest.raises((told, httpx.ReadError, httpx.WriteError)):
                    ask(client, relay)
            relay.switch(None)
            assert ask(client, relay).content == BODY


def test_a_slow_line_waits_before_the_server_hears(relay: Relay) -> None:
    """A client whose patience is shorter than the line is slow gives up, and the port is the same all the time."""
    port = relay.port
    relay.switch(Fault("slow", seconds=3600))
    with httpx.Client(trust_env=False, timeout=0.2) as client, pytest.raises(httpx.ReadTimeout):
        ask(client, relay, b"x")
    relay.switch(Fault("down"))
    relay.switch(Fault("down"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    relay.switch(None)
    assert relay.port == port
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert ask(client, relay).content == BODY


def test_nobody_there_is_an_end_of_the_connection(relay: Relay) -> None:
    """Where the server behind it is away, a request finds its connection cut, and the relay goes on."""
    target, relay.target = relay.target, 9
    with httpx.Client(trust_env=False, timeout=60) as client:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
            ask(client, relay, b"x")
        relay.target = target
        assert ask(client, relay).content == BODY
