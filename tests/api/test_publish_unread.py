"""Requests that cannot be read, and bodies that are packed: refused or read as everything else is."""

from __future__ import annotations

import asyncio
import gzip
import logging
import zlib
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import coming, until

APP = "https://app.example.org"
HEAD = f"Host: x\r\nOrigin: {APP}\r\n".encode()
KEY = f"Authorization: Bearer {PUBLISH_KEY}\r\n".encode()
BODY = b'{"type":"test"}'
MARK = b"MARKER"


@dataclass
class Raw:
    """An answer as it came."""

    line: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """The problem document."""
        assert self.headers["content-type"] == "application/problem+json"
        return orjson.loads(self.body)


async def exchange(server: Server, data: bytes) -> Raw:
    """Send bytes; return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    try:
        writer.write(data)
        return await coming(_answer(reader), "the answer")
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Raw:
    line = await reader.readline()
    headers: dict[str, str] = {}
    while (field := (await reader.readline()).decode("latin-1").strip()) != "":
        name, _, value = field.partition(":")
        assert name.lower() not in headers
        headers[name.lower()] = value.strip()
    return Raw(line.strip(), headers, await reader.readexactly(int(headers.get("content-length", "0"))))


UNREADABLE: dict[str, tuple[int, bytes]] = {
    "a length that is no number": (400, b"GET /health/live HTTP/1.1\r\n" + HEAD + b"Content-Length: x\r\n\r\n"),
    "no Host": (400, f"GET /health/live HTTP/1.1\r\nOrigin: {APP}\r\n\r\n".encode()),
    "two Hosts": (400, b"GET /health/live HTTP/1.1\r\n" + HEAD + b"Host: y\r\n\r\n"),
    "an unknown method": (400, b"FOO / HTTP/1.1\r\n" + HEAD + b"\r\n"),
    "two lengths of a body": (
        400,
        b"POST /notify HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "a control character": (400, b"GET / HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer " + MARK + b"\x01\r\n\r\n"),
    "another version": (400, b"GET / HTTP/9.9\r\n" + HEAD + b"\r\n"),
    "chunks that are none": (400, b"POST /nope HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "a large cookie": (431, b"GET /v1/inbox HTTP/1.1\r\n" + HEAD + b"Cookie: a=" + MARK * 3000 + b"\r\n\r\n"),
    "many headers": (431, b"GET / HTTP/1.1\r\n" + HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n"),
    "a large head": (
        431,
        b"GET / HTTP/1.1\r\n" + HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 8000) for n in range(5)),
    ),
    "a long address": (414, b"GET /" + MARK * 1500 + b" HTTP/1.1\r\n" + HEAD + b"\r\n"),
    "an expectation that is no text": (417, b"GET /nope HTTP/1.1\r\n" + HEAD + b"Expect: \xe9\xff\r\n\r\n"),
    "an odd expectation": (417, b"POST /nope HTTP/1.1\r\n" + HEAD + b"Expect: y\r\nContent-Length: 3\r\n\r\n"),
}
NOT_HTTP = {
    "TLS": bytes.fromhex("16030102000100"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": b"\0" * 20,
    "text": b"hello\r\n\r\n",
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read_is_refused_as_everything_is(what: str, caplog: pytest.LogCaptureFixture) -> None:
    """A problem document over HTTP/1.1 with the headers of all replies, CORS too, noted, and not a word of the peer."""
    status, data = UNREADABLE[what]
    async with running(secured(allowed_origins=(APP,))) as server:
        with caplog.at_level(logging.INFO):
            answer = await exchange(server, data)
        assert answer.line.startswith(f"HTTP/1.1 {status} ".encode())
        problem = answer.problem
        assert (problem["status"], problem["code"]) == (status, "invalid_request")
        assert answer.headers["server"] == "sio-server"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == APP
        assert MARK not in answer.body
        [noted] = server.core.refusals.newest(10, "en")
        assert (noted["status"], noted["code"], noted["address"]) == (status, "invalid_request", "127.0.0.1")
        assert f"Bearer {MARK.decode()}" not in caplog.text
        assert "Traceback" not in caplog.text


@pytest.mark.parametrize("what", NOT_HTTP)
async def test_what_is_not_http_is_refused_and_noted(what: str) -> None:
    """Bytes of another protocol get a problem document, and leave an entry with the address."""
    async with running(secured()) as server:
        answer = await exchange(server, NOT_HTTP[what])
        assert answer.line.startswith(b"HTTP/1.1 400 ")
        assert answer.problem["code"] == "invalid_request"
        [noted] = server.core.refusals.newest(10, "en")
        assert noted["address"] == "127.0.0.1"


async def test_refusal_names_the_limit_in_the_language_asked_for() -> None:
    """What is too large is told with the limit, in Spanish for whoever asks in Spanish."""
    async with running(secured()) as server:
        head = b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Language: es\r\nCookie: " + b"c" * 17_000 + b"\r\n\r\n"
        answer = await exchange(server, head)
        assert "16384" in answer.problem["detail"]
        assert "cabecera" in answer.problem["detail"]


async def test_large_token_is_read() -> None:
    """A token of ten thousand bytes, as some identity providers make, is read like any other."""
    async with running(secured()) as server:
        large = token("1", groups=["g" * 7000])
        answer = await exchange(
            server, b"GET /v1/inbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % large.encode()
        )
        assert answer.line.split()[1] in (b"200", b"401")  # it was read; how long a token may be is another rule


def packed(coding: bytes, body: bytes, *, path: bytes = b"/notify", key: bytes = KEY, method: bytes = b"POST") -> bytes:
    """A request whose body is packed."""
    head = b"%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (method, path, key, coding, len(body)) + body


GZIP = gzip.compress(BODY)
DEFLATE = zlib.compress(BODY)
HONEST = {
    "gzip": (b"gzip", GZIP),
    "upper case": (b"GZIP", GZIP),
    "x-gzip": (b"x-gzip", GZIP),
    "two members": (b"gzip", gzip.compress(BODY[:5]) + gzip.compress(BODY[5:])),
    "deflate": (b"deflate", DEFLATE),
    "plain deflate": (b"deflate", DEFLATE[2:-4]),
    "identity": (b"identity", BODY),
    "none": (b"", BODY),
}
DISHONEST = {
    "not gzip": (b"gzip", b"{}", 400, "invalid_request"),
    "not deflate": (b"deflate", b"\xff\xff", 400, "invalid_request"),
    "cut off": (b"gzip", GZIP[:-5], 400, "invalid_request"),
    "deflate cut off": (b"deflate", DEFLATE[:-5], 400, "invalid_request"),
    "something behind": (b"gzip", GZIP + b"garbage", 400, "invalid_request"),
    "something behind deflate": (b"deflate", DEFLATE + b"garbage", 400, "invalid_request"),
    "a thousand members": (b"gzip", gzip.compress(b"") * 1000 + GZIP, 400, "invalid_request"),
    "packed twice": (b"gzip", gzip.compress(GZIP), 400, "invalid_json"),
    "nothing": (b"gzip", b"", 400, "invalid_json"),
    "nothing packed": (b"gzip", gzip.compress(b""), 400, "invalid_json"),
    "far too much": (b"gzip", gzip.compress(b" " * 20_000_000), 413, "payload_too_large"),
    "br": (b"br", BODY, 415, "unsupported_encoding"),
    "zstd": (b"zstd", BODY, 415, "unsupported_encoding"),
    "two codings": (b"gzip, gzip", gzip.compress(GZIP), 415, "unsupported_encoding"),
    "no name": (b"\xff", BODY, 415, "unsupported_encoding"),
}


@pytest.mark.parametrize("what", HONEST)
async def test_packed_body_is_read(what: str) -> None:
    """A body in a coding that is supported is published as if it were sent as it is."""
    async with running(secured()) as server:
        answer = await exchange(server, packed(*HONEST[what]))
        assert answer.line.startswith(b"HTTP/1.1 200 "), answer.body


@pytest.mark.parametrize("what", DISHONEST)
async def test_body_that_is_not_what_it_says_is_the_senders_mistake(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused with a code, without a traceback, and nothing of it is published."""
    coding, body, status, code = DISHONEST[what]
    async with running(secured()) as server:
        answer = await exchange(server, packed(coding, body))
        assert (int(answer.line.split()[1]), answer.problem["code"]) == (status, code)
        assert answer.headers.get("accept-encoding") == ("gzip, deflate" if status == 415 else None)
        assert server.core.operators.stats()["head"]["seq"] == 0
        assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        (b"POST", b"/notify", 401),
        (b"POST", b"/v1/notifications/batch", 401),
        (b"POST", b"/v1/inbox/read", 401),
        (b"POST", b"/v1/users/1/disconnect", 401),
        (b"POST", b"/nope", 404),
        (b"PUT", b"/notify", 405),
    ],
)
@pytest.mark.parametrize("coding", [b"gzip", b"br"])
async def test_nothing_of_a_stranger_is_unpacked(
    method: bytes, path: bytes, status: int, coding: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a credential the answer is about that, whatever the body says it is, on every route."""
    async with running(secured()) as server:
        answer = await exchange(server, packed(coding, b"{}", path=path, key=b"", method=method))
        assert int(answer.line.split()[1]) == status
        assert answer.problem["status"] == status
        assert "Traceback" not in caplog.text


async def test_body_is_asked_for_after_the_credential() -> None:
    """A client that waits to be asked for its body is asked when its key is good, and refused at once otherwise."""
    async with running(secured()) as server:
        head = b"POST /notify HTTP/1.1\r\nHost: x\r\n%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        assert (await exchange(server, head % (b"", len(BODY)))).line.startswith(b"HTTP/1.1 401 ")
        assert (await exchange(server, head % (KEY, len(BODY)) + BODY)).line.startswith(b"HTTP/1.1 100 ")


@pytest.mark.parametrize("path", [b"/notify", b"/v1/notifications/batch", b"/v1/users/1/disconnect"])
@pytest.mark.parametrize("reset", [False, True])
async def test_peer_that_leaves_in_the_middle_of_a_body_is_no_error(
    path: bytes,
    reset: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever goes away while sending is told of at debug level at most: it is nobody's fault."""
    async with running(secured()) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n5\r\nab" % (path, KEY))
        await until(_requests, "the request")
        if reset:
            writer.transport.abort()
        else:
            writer.close()
        await until(lambda: not _requests(), "its end")
        assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def _requests() -> list[asyncio.Task[Any]]:
    """What aiohttp is handling on the loop of the test."""
    return [task for task in asyncio.all_tasks() if "_handle_request" in repr(task.get_coro())]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("POST /nothing/here", 404),
        ("PUT /notify", 405),
        ("DELETE /v1/users/a/disconnect", 405),
        ("POST /docs", 405),
        ("POST /ws", 405),
        ("GET /ws", 426),
        ("POST /notify?x=1", 401),
    ],
)
async def test_nobody_is_asked_for_a_body_that_is_refused(request_line: str, status: int) -> None:
    """Who waits to be asked for a body gets the refusal alone, which ends the connection, and sends nothing."""
    async with running(secured()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        head = f"{request_line} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode())
        answer = (await coming(reader.readuntil(b"\r\n\r\n"), "the answer")).lower()
        assert answer.startswith(b"http/1.1 %d" % status)
        assert b"connection: close" in answer
        if status == 405:
            assert b"allow: " in answer
        if request_line == "PUT /notify":
            await coming(reader.read(), "the end of the connection")  # though nothing is sent
        writer.close()
