"""What enters: one rule for every value, whichever way it comes in, and the same words for it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import hypothesis
import orjson
import pytest
from hypothesis import strategies as st

from sio_server.errors import Refused
from sio_server.intake import MAX_DEPTH, Noted, admitted, decode, exact, measured
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}


def nested(levels: int, inner: str = "0") -> str:
    """Lists in one another."""
    return "[" * levels + inner + "]" * levels


# Numbers around every limit, and texts that look like them.
LEAVES = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-(2**65), 2**65).map(str),
    st.text("0123456789.-,:[ x", max_size=40),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("1a.", max_size=20), inner)
)


def whole_numbers(value: Any) -> list[int]:
    """Every whole number in a value."""
    if isinstance(value, dict | list):
        return [one for inner in (value.values() if isinstance(value, dict) else value) for one in whole_numbers(inner)]
    return [value] if isinstance(value, int) else []


@hypothesis.given(VALUES, st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_number_is_refused_where_it_is_too_long_and_texts_are_not(value: Any, separators: Any) -> None:
    """A body is refused for a whole number beyond 64 bits, wherever it stands, and for no text that looks like one."""
    body = json.dumps({"data": value}, separators=separators).encode()
    if all(-(2**63) <= number < 2**64 for number in whole_numbers(value)):
        assert decode(body) == {"data": value}
    else:
        with pytest.raises(Refused) as caught:
            decode(body)
        assert caught.value.kind.code == "invalid_data"


HALF = "Holds half of a surrogate pair"
DEEP = f"Nested deeper than {MAX_DEPTH} levels"
LONG = "beyond 64 bits"

# What a publish holds beside its type, and what it is refused with: code, field, a part of the words.
REFUSED: dict[str, tuple[str, str, str, str]] = {
    "half in the message": (r'"message":"hola \ud83d"', "invalid_data", "message", HALF),
    "other half": (r'"message":"\ude00 hola"', "invalid_data", "message", HALF),
    "halves the wrong way round": (r'"message":"\ude00\ud83d"', "invalid_data", "message", HALF),
    "half in the title": (r'"title":"\ud83d"', "invalid_data", "title", HALF),
    "half in data": (r'"data":{"a":[{"b":"\ud83d"}]}', "invalid_data", "data.a.0.b", HALF),
    "half in a key of data": (r'"data":{"\ud83d":1}', "invalid_data", r"data.\ud83d", HALF),
    "half in the audience": (r'"audience":{"users":["a","\udfff"]}', "invalid_data", "audience.users.1", HALF),
    "half in the actor": (r'"actor":{"id":"\ud83d"}', "invalid_data", "actor.id", HALF),
    "half in the link": (r'"link":"/\ud83d"', "invalid_data", "link", HALF),
    "half in an unknown field": (r'"other":"\ud83d"', "invalid_data", "other", HALF),
    "half in the key of a repeat": (r'"idempotency_key":"\ud83d"', "invalid_data", "idempotency_key", HALF),
    "too deep": (f'"data":{{"a":{nested(MAX_DEPTH)}}}', "invalid_data", "data", DEEP),
    "deeper than is written": (f'"data":{{"a":{nested(300)}}}', "invalid_data", "data", DEEP),
    "deeper than is read": (f'"data":{{"a":{nested(2000)}}}', "invalid_data", "data", DEEP),
    "deep objects": ('"data":' + '{"a":' * 101 + "1" + "}" * 101, "invalid_data", "data", DEEP),
    "deep elsewhere": (f'"other":{nested(MAX_DEPTH + 1)}', "invalid_data", "other", DEEP),
    "a hundred bits": ('"data":{"n":123456789012345678901234567890}', "invalid_data", "data.n", LONG),
    "2**64": ('"data":{"n":[18446744073709551616]}', "invalid_data", "data.n.0", LONG),
    "-2**63-1": ('"data":{"n":-9223372036854775809}', "invalid_data", "data.n", LONG),
    "a thousand digits": (f'"data":{{"n":{"9" * 1000}}}', "invalid_data", "data.n", LONG),
    "a long user": ('"audience":{"users":[123456789012345678901]}', "invalid_data", "audience.users.0", LONG),
    "1e400": ('"data":{"n":1e400}', "invalid_data", "data.n", "Beyond what a number can be"),
    "-1e400": ('"data":{"n":-1e400}', "invalid_data", "data.n", "Beyond what a number can be"),
    "not an object": ('"data":[]', "invalid_data", "data", "Not an object"),
}

# What is taken: what a publish holds beside its type, the data that arrive, and a part of the one warning.
TAKEN: dict[str, tuple[str, Any, str | None]] = {
    "a whole pair": (r'"data":{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}, None),
    "as deep as may be": (f'"data":{{"a":{nested(MAX_DEPTH - 1)}}}', None, None),
    "many lists": (f'"data":{{"a":[{",".join(["[]"] * 300)}]}}', {"a": [[]] * 300}, None),
    "brackets in a text": (f'"data":{{"a":"{"[" * 500}"}}', {"a": "[" * 500}, None),
    "2**53": ('"data":{"n":9007199254740992}', {"n": 2**53}, None),
    "2**53+1": ('"data":{"n":9007199254740993}', {"n": 2**53 + 1}, "data.n: 9007199254740993 is beyond 2^53"),
    "-2**53-1": ('"data":{"n":[-9007199254740993]}', {"n": [-(2**53) - 1]}, "JavaScript reads it as -9007199254740992"),
    "2**64-1": ('"data":{"n":18446744073709551615}', {"n": 2**64 - 1}, "data.n"),
    "-2**63": ('"data":{"n":-9223372036854775808}', {"n": -(2**63)}, "data.n"),
    "digits in a text": ('"data":{"n":"12345678901234567890123"}', {"n": "12345678901234567890123"}, None),
    "a double": ('"data":{"n":0.30000000000000004}', {"n": 0.30000000000000004}, None),
    "more than a double": (
        '"data":{"n":3.14159265358979323846}',
        {"n": 3.141592653589793},
        "kept as 3.141592653589793",
    ),
    "zeros": ('"data":{"n":1.00000000000000000000}', {"n": 1.0}, None),
    "1.0": ('"data":{"n":1.0}', {"n": 1.0}, None),
    "1e308": ('"data":{"n":1e308}', {"n": 1e308}, None),
    "null": ('"data":{"n":null}', {"n": None}, None),
}

Answer = tuple[int | None, dict[str, Any]]
Way = Callable[["Ways", str], Awaitable[Answer]]


@dataclass
class Ways:
    """A server, and every way to publish to it; each gives the reply's body, with the status where there is one."""

    server: Server
    socket: aiohttp.ClientWebSocketResponse

    async def fast(self, body: str) -> Answer:
        """``POST /notify`` as the front answers it."""
        return await self._post(f"{self.server.url}/notify", body)

    async def plain(self, body: str) -> Answer:
        """``POST /notify`` as aiohttp answers it."""
        return await self._post(f"{self.server.url}/notify?", body)

    async def marked(self, body: str) -> Answer:
        """The same with a byte order mark."""
        return await self._post(f"{self.server.url}/notify", "\ufeff" + body)

    async def batch(self, body: str) -> Answer:
        """One item of three, of which the others are taken."""
        good = '{"type":"test","audience":{"users":["nobody"]}}'
        status, reply = await self._post(f"{self.server.url}/v1/notifications/batch", f"[{good},{body},{good}]")
        assert status == 200, reply
        first, item, last = reply["results"]
        assert (first["status"], last["status"]) == ("ok", "ok")
        refused: dict[str, Any] = item.get("error", item)
        return (None if "seq" in refused else refused["status"]), refused

    async def event(self, body: str) -> Answer:
        """The event ``notify`` of a Socket.IO connection that holds a key."""
        await self.socket.send_str(f'421["notify",{body}]')
        while True:
            message = await self.socket.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, message
            if message.data == "2":
                await self.socket.send_str("3")
            elif message.data.startswith("431"):
                (reply,) = orjson.loads(message.data[3:])
                refused: dict[str, Any] = reply.get("error", reply)
                return (None if "seq" in refused else refused["status"]), refused

    async def _post(self, url: str, body: str) -> Answer:
        async with self.server.http.post(url, data=body.encode(), headers=KEY) as response:
            reply = await response.json(content_type=None)
            return (None if response.status == 200 and "seq" in reply else response.status), reply


WAYS: dict[str, Way] = {
    "front": Ways.fast,
    "aiohttp": Ways.plain,
    "with a mark": Ways.marked,
    "batch": Ways.batch,
    "Socket.IO": Ways.event,
}


@contextlib.asynccontextmanager
async def ways() -> AsyncIterator[Ways]:
    """A server with its ways in."""
    async with running(secured()) as server, aiohttp.ClientSession() as session:
        url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url) as socket:
            await socket.receive()
            await socket.send_str("40" + json.dumps({"key": PUBLISH_KEY}))
            await socket.receive()
            yield Ways(server, socket)


async def test_what_is_refused_is_refused_alike_by_every_way() -> None:
    """Code, status, fields and words are the same by every way in, nothing is stored, and the connection goes on."""
    async with ways() as there:
        for name, (members, code, field, told) in REFUSED.items():
            answers: dict[str, tuple[Any, ...]] = {}
            for way, publish in WAYS.items():
                before = there.server.core.broker.head().seq
                status, body = await publish(there, f'{{"type":"test",{members}}}')
                answers[way] = (status, body.get("code"), body.get("detail"), body.get("errors"))
                stored = 2 if way == "batch" else 0
                assert there.server.core.broker.head().seq == before + stored, (name, way)
            assert len({orjson.dumps(answer) for answer in answers.values()}) == 1, (name, answers)
            status, found, detail, problems = answers["front"]
            assert (status, found) == (422, code), (name, answers)
            assert detail == f"{problems[0]['field']}: {problems[0]['detail']}"
            assert (problems[0]["field"], told in problems[0]["detail"]) == (field, True), (name, problems)


async def test_what_is_taken_is_stored_alike_by_every_way() -> None:
    """The stored envelope has the data as they were sent, and the same warnings come by every way in."""
    async with ways() as there:
        for name, (members, data, told) in TAKEN.items():
            for way, publish in WAYS.items():
                status, reply = await publish(there, f'{{"type":"test",{members}}}')
                assert status is None, (name, way, reply)
                assert len(reply["warnings"]) == (told is not None), (name, way, reply)
                assert told is None or told in reply["warnings"][0]
                url = f"{there.server.url}/v1/notifications/{reply['id']}"
                async with there.server.http.get(url, headers=KEY) as response:
                    stored = (await response.json())["data"]
                expected = orjson.loads(f"{{{members}}}")["data"] if data is None else data
                assert (orjson.dumps(stored), stored) == (orjson.dumps(expected), expected), (name, way)


# What a client says on a live connection, and the field that is named.
EVENTS: dict[str, tuple[str, str, str]] = {
    "half an id": ("ns:read", r'{"ids":["a","\ud800"]}', "ids.1"),
    "half an id to be seen": ("ns:seen", r'{"ids":["\udfff"]}', "ids.0"),
    "half an id to be unread": ("ns:unread", r'{"ids":["\udfff"]}', "ids.0"),
    "half an id to be archived": ("ns:archive", r'{"ids":["\udfff"]}', "ids.0"),
    "half an id from the archive": ("ns:unarchive", r'{"ids":["\udfff"]}', "ids.0"),
    "half a key": ("ns:read", r'{"all":true,"\ud800":1}', r"\ud800"),
    "half beside a position": ("ns:ack", r'{"seq":1,"x":"\ud800"}', "x"),
    "a long position": ("ns:ack", '{"seq":123456789012345678901234567890}', "seq"),
    "a position without end": ("ns:ack", '{"seq":1e400}', "seq"),
    "half a token": ("ns:auth", r'{"token":"\ud800"}', "token"),
    "half an answer": ("ns:observe", r'{"on":"\ud800"}', "on"),
    "deep beside it": ("ns:observe", f'{{"on":true,"x":{nested(150)}}}', "x"),
    "deeper beside it": ("ns:ack", f'{{"seq":1,"x":{nested(2000)}}}', "x"),
}


async def test_events_are_refused_alike_on_both_kinds_of_connection() -> None:
    """An event that cannot be taken is acknowledged with the same code and words over Socket.IO, `/ws` and HTTP."""
    async with running(secured()) as server, aiohttp.ClientSession() as session:
        bearer = {"Authorization": f"Bearer {token('7', role='admin')}"}
        async with (
            session.ws_connect(f"{server.url}/ws", headers=bearer) as plain,
            session.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket", headers=bearer) as socket,
        ):
            await plain.receive()
            await socket.receive()
            await socket.send_str("40")
            for name, (event, body, field) in EVENTS.items():
                await plain.send_str(f'{{"type":"{event}",{body[1:]}')
                reply = await plain.receive_json()
                await socket.send_str(f'427["{event}",{body}]')
                while not (message := await socket.receive_str()).startswith("437"):
                    pass
                (acked,) = orjson.loads(message[3:])
                assert acked["error"] == reply["error"], name
                assert (acked["ok"], acked["error"]["code"]) == (False, "invalid_data"), (name, acked)
                assert acked["error"]["errors"][0]["field"] == field, (name, acked)
                path = event.removeprefix("ns:")
                if event not in ("ns:ack", "ns:auth", "ns:observe"):
                    async with session.post(f"{server.url}/v1/inbox/{path}", data=body, headers=bearer) as response:
                        refused = await response.json(content_type=None)
                        assert refused.pop("request_id")
                        assert refused.pop("help") == "/help/errors/#invalid_data"
                        assert refused == acked["error"], name


@pytest.mark.parametrize(
    "auth",
    [
        {"token": "\ud800"},
        {"user": "\ud800"},
        {"role": ["\ud800"]},
        {"cursor": "\ud800"},
        {"locale": "\ud800"},
        {"other": "\ud800"},
        {"\ud800": 1},
        {"user": 10**30},
        {"role": [[[]]] * 200, "deep": json.loads(nested(150))},
    ],
)
async def test_handshake_is_refused_by_name(auth: dict[str, Any]) -> None:
    """A CONNECT whose auth holds what cannot be taken is refused with `invalid_request` and the field."""
    async with running() as server, aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket") as socket:
            await socket.receive()
            await socket.send_str("40" + json.dumps(auth))
            message = await socket.receive_str()
        assert message.startswith("44")
        error = orjson.loads(message[2:])["data"]
        assert error["code"] == "invalid_request"
        assert error["errors"][0]["field"].startswith("auth.")


@pytest.mark.parametrize("body", [b"{", b"NaN", b"-Infinity", b"\xff", b"1 2", b"'a'", b"01", 2 * b"\xef\xbb\xbf"])
def test_json_is_strict(body: bytes) -> None:
    """What RFC 8259 does not allow is refused, with the place."""
    with pytest.raises(Refused) as caught:
        decode(body)
    assert caught.value.kind.code == "invalid_json"
    assert str(caught.value.detail).startswith("Line 1, column ")
    assert caught.value.detail.es.startswith("Línea 1, columna ")


@pytest.mark.parametrize("body", [b"[" * 3000, nested(3000).encode() + b"]", b'{"a":' * 2000 + b"x" + b"}" * 2000])
def test_deep_text_that_is_no_json_is_refused(body: bytes) -> None:
    """However deep it is, what is no JSON is `invalid_json` or named for its depth, and never a failure."""
    with pytest.raises(Refused) as caught:
        decode(body)
    assert caught.value.kind.code in ("invalid_json", "invalid_data")


@pytest.mark.parametrize("text", [b'["\\\\",[1,2.50,{"a":"\\u00e9]"}]]', b"[1e5,-0.0,12345678901234567]", b"{}", b"0"])
def test_reading_again_gives_the_same(text: bytes) -> None:
    """What nothing is wrong with is read as orjson reads it, by whichever reader."""
    assert orjson.dumps(decode(text)) == orjson.dumps(orjson.loads(text)) == orjson.dumps(exact(text))


def test_measured_tells_the_length() -> None:
    """The length is that of the JSON, also where the value had to be looked at."""
    for value in ({"a": 1}, {"data": {"n": 2**60}}, {"data": {"n": "12345678901234567890"}}):
        assert measured(value)[1] == len(orjson.dumps(value))
    assert isinstance(admitted({"data": {"n": 2**60}}), Noted)
    assert not isinstance(admitted({"data": {"n": 2**60}}, noting=False), Noted)


def test_what_is_no_json_value_is_named() -> None:
    """Bytes and other objects, as another serializer of a client may make them, are refused by name."""
    with pytest.raises(Refused) as caught:
        admitted({"data": {"a": b"x", "b": [{1: 2}]}})
    assert [problem.field for problem in caught.value.problems] == ["data.a", "data.b.0.1"]
