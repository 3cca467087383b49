"""Server-Sent Events: what a stream holds, who is let in, how each ends, and when a browser comes again."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from sio_server.core import expiry
from sio_server.core.drain import drain
from sio_server.live import sse
from tests.support.asking import answer_of, ask, get, post
from tests.support.bad_tokens import BAD, key_server
from tests.support.clients import plain_socket
from tests.support.events import ASKING, event_stream, open_stream, stream_client
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
STREAM = "/v1/stream"
ORIGIN = "https://app.example.org"


def bearer(made: str | None) -> dict[str, str]:
    """The header with a token."""
    return {} if made is None else {"Authorization": f"Bearer {made}"}


def total(server: Server) -> int:
    """How many are connected."""
    found: int = server.core.operators.stats()["connections"]["total"]
    return found


async def test_events_are_the_frames_of_ws_by_their_names() -> None:
    """Each event has the name of its frame's type, its data are that frame, and its id is the cursor."""
    async with (
        running(secured()) as server,
        plain_socket(server.url, {"token": token("7")}) as socket_,
        event_stream(server.url, headers=bearer(token("7"))) as stream,
    ):
        for number in range(3):
            await server.notify({**SEED, "message": f"línea {number}\notra\r\u2028{number}"})
        await server.notify({**SEED, "persist": False})
        await post(server, "/v1/inbox/read", {"all": True}, token("7"))
        await until(lambda: stream.of("ns:state") and socket_.of("ns:state"), "both to be told")
        assert [name for name, _ in stream.events] == ["ns:hello", *["test"] * 4, "ns:state"]
        assert all(name == data["type"] for name, data in stream.events)
        assert [data for name, data in stream.events[1:]] == socket_.frames[1:]
        assert {**stream.frames[0], "server_time": ""} == {**socket_.frames[0], "server_time": ""}
        told = [frame["cursor"] for frame in stream.frames[:5]]
        assert stream.ids == [*told, told[-1]]
        low, high = sse._RETRY
        assert [low <= one <= high for one in stream.retries] == [True]


async def test_answer_is_one_that_nothing_on_the_way_keeps_or_packs() -> None:
    """The head says what it is, that nothing keeps it, that nginx does not gather it; it is never compressed."""
    async with (
        running(secured()) as server,
        event_stream(server.url, headers={**bearer(token("7")), "Accept-Encoding": "gzip, br"}) as stream,
    ):
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert "no-store" in headers["Cache-Control"].split(", ")
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["Transfer-Encoding"] == "chunked"
        assert "Content-Encoding" not in headers
        assert "Content-Length" not in headers


@pytest.mark.parametrize("name", [name for name in BAD if name != "too long"])
async def test_bad_token_is_refused_as_over_http(name: str) -> None:
    """A token that does not hold is 401 with its code, for a browser too: it does not come again by itself."""
    make, code = BAD[name]
    async with key_server() as jwks, running(secured(jwks_url=jwks)) as server:
        for query, headers in (({"token": make() or ""}, {}), ({}, bearer(make()))):
            params = {"role": "admin", **{key: value for key, value in query.items() if value}}
            async with server.http.get(server.url + STREAM, params=params, headers={**ASKING, **headers}) as response:
                answer = await answer_of(response)
            assert (answer.status, answer.body["code"]) == (401, code)
        assert total(server) == 0


async def test_token_is_in_the_header_or_in_the_query() -> None:
    """Either lets in, the header counts where both are there; a publisher key and a cookie are no token."""
    async with running(secured()) as server:
        for query, headers in (
            ({"token": token("7")}, {}),
            ({}, bearer(token("7"))),
            ({"token": token("8")}, bearer(token("7"))),
        ):
            async with event_stream(server.url, query, headers) as stream:
                assert stream.frames[0]["user"] == "7"
        for headers in (bearer(PUBLISH_KEY), {"Cookie": f"token={token('7')}"}):
            async with server.http.get(server.url + STREAM, headers=headers) as response:
                assert response.status == 401


async def test_position_is_the_last_event_id_or_in_the_query() -> None:
    """A client begins after its cursor; the id of the last event, which a browser sends, counts before the address."""
    async with running(secured()) as server:
        cursors = [(await server.notify({**SEED, "audience": {"users": ["7"]}}))[1]["cursor"] for _ in range(3)]
        for query, headers, got in (
            ({"cursor": cursors[1]}, {}, [3]),
            ({"cursor": cursors[1]}, {"Last-Event-ID": cursors[0]}, [2, 3]),
            ({"cursor": cursors[1]}, {"Last-Event-ID": ""}, [3]),
        ):
            async with event_stream(server.url, {"token": token("7"), **query}, headers) as stream:
                await until(lambda: stream.of("ns:sync"), "the end of the replay", stream.moves)
                assert [(one["seq"], one["replayed"]) for one in stream.notifications] == [(seq, True) for seq in got]
                assert stream.of("ns:sync")[0]["recovered"] is True
                assert stream.last_id == cursors[2]
        async with event_stream(server.url, {"token": token("7"), "cursor": "of-another-1"}) as stream:
            await until(lambda: stream.of("ns:sync"))
            assert stream.of("ns:sync")[0]["recovered"] is False


async def test_in_development_the_query_says_who_it_is() -> None:
    """Without secrets a client states its role and user; what else is in the query is passed over."""
    async with running() as server, event_stream(server.url, {"role": "admin", "user": "1", "_": "5"}) as stream:
        assert (stream.frames[0]["user"], stream.frames[0]["roles"]) == ("1", ["admin"])


@pytest.mark.parametrize("reason", ["rate_limited", "draining"])
async def test_who_may_come_later_is_told_when(reason: str) -> None:
    """A browser comes again from a stream that ended, never from an answer that is none; a program gets the status."""
    async with running(secured(connections_per_user=1)) as server, event_stream(server.url, {"token": token("7")}):
        server.core.door.draining = reason == "draining"
        async with event_stream(server.url, {"token": token("7"), "locale": "es"}) as stream:
            assert await stream.wait_closed() == reason
            (closing,) = stream.of("ns:closing")
            assert closing["reconnect"] is True
            assert closing["error"]["title"] in ("Demasiadas peticiones", "El servidor se está apagando")
            assert not stream.broken
            assert stream.retries[0] >= 1000 * int(closing["error"].get("retry_after", 0))
        async with server.http.get(server.url + STREAM, headers=bearer(token("7"))) as response:
            assert response.status == (429 if reason == "rate_limited" else 503)
            assert "Retry-After" in response.headers or reason == "draining"
        errors = (await get(server, "/v1/errors", PUBLISH_KEY))["items"]
        assert {one["code"] for one in errors} == {reason}
        assert {one["path"] for one in errors} == {STREAM}
        assert total(server) == 1


async def test_head_and_old_http_are_refused_in_words() -> None:
    """HEAD would never end, and HTTP/1.0 has no chunks: both are told what to do."""
    async with running(secured()) as server:
        async with server.http.head(server.url + STREAM, headers=bearer(token("7"))) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET")
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {STREAM}?token={token('7')} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        assert answer.split(" ")[1] == "400"
        assert "proxy_http_version 1.1" in answer


async def test_pages_of_foreign_origins_get_no_stream() -> None:
    """The origin is looked at as everywhere, an allowed one may read it, and may send where it stands."""
    async with running(secured(allowed_origins=(ORIGIN,))) as server:
        query = {"token": token("7")}
        async with event_stream(server.url, query, {"Origin": ORIGIN}) as stream:
            assert stream.response.headers["Access-Control-Allow-Origin"] == ORIGIN
        headers = {**ASKING, "Origin": "https://evil.example"}
        async with server.http.get(server.url + STREAM, params=query, headers=headers) as response:
            assert response.status == 403
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "last-event-id"}
        async with server.http.options(server.url + STREAM, headers={"Origin": ORIGIN, **asked}) as response:
            assert "Last-Event-ID" in response.headers["Access-Control-Allow-Headers"]


async def test_silent_stream_says_nothing_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment comes while nothing else does, so that nothing on the way takes the stream for dead."""
    monkeypatch.setattr(sse, "HEARTBEAT", 0.01)
    async with running(secured()) as server, event_stream(server.url, {"token": token("7")}) as stream:
        await until(lambda: stream.comments >= 3, "three comments", stream.moves)
        assert stream.frames == stream.of("ns:hello")
        await server.notify({**SEED, "audience": {"all": True}})
        await stream.wait(1)


async def test_operators_see_streams() -> None:
    """A stream is a connection like others: by its protocol in numbers, with its user, and closed from there."""
    async with running(secured()) as server, event_stream(server.url, headers=bearer(token("7", "turista"))) as stream:
        stats = await get(server, "/v1/stats", PUBLISH_KEY)
        assert stats["connections"]["by_transport"] == {"sse/http": 1}
        ((user,), key) = (await get(server, "/v1/users", PUBLISH_KEY))["users"], PUBLISH_KEY
        (one,) = user["connections"]
        assert (one["protocol"], one["transport"], user["user"]) == ("sse", "http", "7")
        metrics = await get(server, "/metrics", key)
        assert 'sio_server_connections{protocol="sse",transport="http"} 1.0' in metrics
        await post(server, f"/v1/connections/{one['id']}/disconnect", {}, key)
        assert await stream.wait_closed() == "closed_by_operator"
        assert not stream.broken
        await until(lambda: not total(server))


async def test_client_that_leaves_is_counted_out() -> None:
    """A client whose link ends, well or not, is in no room any more."""
    async with running() as server:
        async with event_stream(server.url, {"role": "admin"}):
            assert total(server) == 1
        await until(lambda: not total(server), "it to be counted out")
        _, reply = await server.notify({**SEED, "audience": {"all": True}}, key=None)
        assert reply["recipients"] == {"sockets": 0}


async def test_peer_that_is_gone_without_a_word_is_given_up() -> None:
    """The system ends a connection whose peer takes nothing for long, and so does not keep who is not there."""
    async with running() as server, event_stream(server.url, {"user": "7"}):
        (connection,) = server.core.hub
        link: Any = connection.link
        sock = link._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000


async def test_token_that_ends_is_announced_and_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortly before exp a client is told, and after it the stream ends; with the old token it is not let in again."""
    monkeypatch.setattr(expiry, "EXPIRY_GRACE", 0.2)
    ends = int(time.time()) + 600
    async with running(secured()) as server:
        monkeypatch.setattr(server.core.expiry, "_wall", lambda: ends - 0.5)
        async with event_stream(server.url, {"token": token("7", exp=ends)}) as stream:
            assert await stream.wait_closed() == "token_expired"
            assert 0 < stream.of("ns:auth_expiring")[0]["expires_in_ms"] <= 1000
            assert stream.of("ns:closing") == [{"type": "ns:closing", "code": "token_expired", "reconnect": False}]


async def test_user_who_is_disconnected_is_out() -> None:
    """A stream of a revoked token ends, and the token is refused from then on."""
    async with running(secured()) as server:
        old = token("7", iat=int(time.time()) - 10)
        async with event_stream(server.url, {"token": old}) as stream:
            await post(server, "/v1/users/7/disconnect", {}, PUBLISH_KEY)
            assert await stream.wait_closed() == "token_revoked"
        answer = await ask(server, "GET", STREAM, token=old)
        assert (answer.status, answer.body["code"]) == (401, "token_revoked")


async def test_draining_node_tells_each_and_ends_its_stream() -> None:
    """A node that empties tells when, then why, and ends streams as replies end."""
    async with running(secured()) as server, event_stream(server.url, {"token": token("7")}) as stream:
        await drain(server.core.hub, server.core.door, spread=0.1)
        assert await stream.wait_closed() == "draining"
        assert [name for name, _ in stream.events] == ["ns:hello", "ns:draining", "ns:closing"]
        assert not stream.broken


async def test_end_of_the_server_ends_streams() -> None:
    """A server that stops waits for no stream."""
    async with running(secured()) as server, event_stream(server.url, {"token": token("7")}) as stream:
        stopping = asyncio.create_task(server.app.shutdown())
        await until(lambda: stream.ended, "the end")
        assert not stream.broken
        await stopping


async def test_failure_within_ends_the_stream_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails once the answer has begun is told in the stream, which then ends; a refusal as well."""

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    async with running(secured()) as server:
        monkeypatch.setattr(server.core.connections, "open", fail)
        async with event_stream(server.url, {"token": token("7")}) as stream:
            assert await stream.wait_closed() == "internal"
            assert not stream.broken
        await until(lambda: not total(server))


async def test_token_that_is_revoked_as_it_comes_in_is_told_in_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is refused after the answer has begun gets the reason as the last event."""
    async with running(secured()) as server:
        admit, calls = server.core.connections.admit, list[str]()

        def later(identity: Any, address: str) -> None:
            calls.append(address)
            server.core.door.draining = len(calls) > 1
            admit(identity, address)

        monkeypatch.setattr(server.core.connections, "admit", later)
        async with event_stream(server.url, {"token": token("7")}) as stream:
            assert await stream.wait_closed() == "draining"
            assert len(stream.retries) == 2
        assert total(server) == 0


async def test_stream_keeps_its_connection_to_itself() -> None:
    """A connection serves no other request after a stream; one that was kept alive may begin one."""
    async with running(secured()) as server, stream_client() as client:
        assert (await client.get(f"{server.url}/health/live")).status_code == 200
        stream = await open_stream(client, server.url, {"token": token("7")})
        assert stream.response.headers["Connection"] == "close"
        assert (await client.get(f"{server.url}/health/live")).status_code == 200
        await stream.leave()
