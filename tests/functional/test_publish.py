"""The main job, from the publisher's POST to the event in every kind of client: real server, real clients."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest
import websockets

from sio_server.catalog import Catalog
from tests.conftest import Node
from tests.support.clients import javascript_client, plain_socket
from tests.support.servers import PUBLISH_KEY, Server, running, secured, seqs, token
from tests.support.waiting import until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
RICH = {
    "type": "test",
    "message": 'Ñandú "€" \u2028 \\ <b> 🚀',
    "data": {"a": [1, 2.5, None, True, {"b": ""}], "n": 9007199254740991, "ñ": "日本", "": -0.125},
}
HELLO = {"user", "roles", "topics", "cursor", "recovered", "server_time", "limits"}
ENVELOPE = {
    "id",
    "seq",
    "cursor",
    "type",
    "title",
    "message",
    "data",
    "timestamp",
    "priority",
    "link",
    "actor",
    "expires_at",
    "replayed",
}

# Whom the catalogue's types reach, as the tourism system asked for it: said here again, not read from the catalogue.
ADMIN_ONLY = ("usuario_registrado", "usuario_inicio_sesion", "guia_creado", "guia_actualizado", "guia_eliminado")
ADMIN_AND_PERSON = (
    "reserva_creada",
    "reserva_actualizada",
    "reserva_cancelada",
    "servicio_contratado",
    "recomendacion_creada",
)
BOTH_ROLES = tuple(
    f"{thing}_{change}"
    for thing in ("tour", "servicio", "destino")
    for change in ("creado", "actualizado", "eliminado")
)


def simple(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The three fields that have always been there."""
    return {name: envelope[name] for name in ("type", "message", "data")}


async def test_form_content_type_is_read_as_json() -> None:
    """The seed's curl line, which sends a form's Content-Type, is answered 200 with an id and a place."""
    async with running() as server:
        status, reply = await server.notify(SEED, key=None)

        assert status == 200
        assert reply.keys() == {"status", "id", "seq", "cursor", "type", "recipients", "duplicate", "warnings"}
        assert (reply["status"], reply["seq"], reply["type"]) == ("ok", 1, "test")
        assert reply["recipients"] == {"sockets": 0}
        assert (reply["duplicate"], reply["warnings"]) == (False, [])
        assert reply["id"]
        assert reply["cursor"].endswith("-1")


@pytest.mark.parametrize("body", [SEED, RICH], ids=["seed", "rich"])
@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_stock_javascript_client_gets_the_event(node: Node, transports: list[str], body: dict[str, Any]) -> None:
    """socket.io-client gets ns:hello first and then the event with its three fields unchanged, on every transport."""
    async with running() as server, javascript_client(node.binary, server.url, transports=transports) as client:
        await client.wait_for("event")
        if len(transports) > 1:
            assert await client.wait_for("upgrade") == [{"upgrade": "websocket"}]

        status, reply = await server.notify(body, key=None)
        await client.wait(1)

        assert status == 200
        assert reply["recipients"] == {"sockets": 1}
        assert client.events == ["ns:hello", "test"]
        assert client.of("event")[0]["argument"].keys() >= HELLO
        assert client.notifications[0].keys() == ENVELOPE
        assert simple(client.notifications[0]) == body
        assert {name: client.notifications[0][name] for name in ("id", "seq", "cursor")} == {
            name: reply[name] for name in ("id", "seq", "cursor")
        }
        assert client.of("event")[1]["transport"] == transports[-1]


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_python_client_gets_the_event(transports: list[str]) -> None:
    """python-socketio's client gets ns:hello first and then the event with its three fields unchanged."""
    async with running() as server:
        client = await server.connect(transports=transports)

        await server.notify(RICH, key=None)
        await client.wait(1)

        assert [event for event, _ in client.events] == ["ns:hello", "test"]
        assert client.events[0][1].keys() >= HELLO
        assert client.notifications[0].keys() == ENVELOPE
        assert simple(client.notifications[0]) == RICH


async def test_plain_websocket_gets_the_event() -> None:
    """A plain WebSocket gets ns:hello as its first frame and then the envelope with its three fields unchanged."""
    async with running() as server, plain_socket(server.url) as client:
        _, reply = await server.notify(RICH, key=None)
        await client.wait(1)

        assert [frame["type"] for frame in client.frames] == ["ns:hello", "test"]
        assert client.frames[0].keys() >= HELLO
        assert client.notifications[0].keys() == ENVELOPE
        assert simple(client.notifications[0]) == RICH
        assert reply["recipients"] == {"sockets": 1}


async def test_websockets_package_gets_the_event() -> None:
    """A client that shares no code with the server gets the same frames, compression offered or not."""
    async with running() as server:
        address = server.url.replace("http", "ws") + "/ws"
        async with websockets.connect(address) as one, websockets.connect(address, compression=None) as two:
            for socket in (one, two):
                assert orjson.loads(await socket.recv())["type"] == "ns:hello"
            await server.notify(RICH, key=None)
            for socket in (one, two):
                frame = await socket.recv()
                assert isinstance(frame, str)
                assert simple(orjson.loads(frame)) == RICH


async def test_envelope_carries_everything_but_the_audience() -> None:
    """Title, link, actor, priority and expiry arrive as published; nobody learns who else was meant."""
    body = {
        **SEED,
        "title": "Título",
        "link": "/reservas/7",
        "actor": {"id": 5, "name": "Ana"},
        "priority": "critical",
        "ttl": 60,
        "source": "reservas",
        "audience": {"all": True, "except": {"users": ["secreto"]}},
    }
    async with running() as server, plain_socket(server.url) as plain:
        client = await server.connect()
        await server.notify(body, key=None)
        (event,), (frame,) = await client.wait(1), await plain.wait(1)

        assert event == frame
        assert event.keys() == ENVELOPE
        assert (event["title"], event["link"], event["priority"]) == ("Título", "/reservas/7", "critical")
        assert event["actor"] == {"id": "5", "name": "Ana"}
        assert event["expires_at"] > event["timestamp"]
        assert event["replayed"] is False
        assert "secreto" not in str(event)


async def test_envelope_has_what_a_publish_says_besides() -> None:
    """Group, actions, image, icon and category come to every kind of client, a label in the server's language."""
    shown = {
        "group": "ofertas",
        "image": "https://example.org/a.png",
        "icon": "tag",
        "category": "precio",
        "collapse_key": "k",
    }
    go = {"id": "ver", "label": {"en": "View", "es": "Ver"}, "link": "/tours/7"}
    no = {"id": "no", "label": "No", "value": {"reason": None}}
    async with running() as server, plain_socket(server.url) as plain:
        client = await server.connect()
        status, reply = await server.notify({**SEED, **shown, "actions": [go, no]}, key=None)
        (event,), (frame,) = await client.wait(1), await plain.wait(1)
        assert (status, reply["warnings"]) == (200, [])
        assert event == frame
        assert event.keys() == ENVELOPE | shown.keys() | {"actions"}
        assert event.items() >= shown.items()
        assert event["actions"] == [{**go, "label": "Ver"}, no]
        async with server.http.get(f"{server.url}/v1/notifications/{event['id']}") as response:
            assert (await response.json())["actions"] == event["actions"]


async def test_hello_tells_who_the_token_speaks_for() -> None:
    """ns:hello carries user, roles, topics, cursor, time and limits of the token's bearer on both protocols."""
    made = token("7", "turista", topics=["cusco"])
    async with running(secured()) as server, plain_socket(server.url, {"token": made}) as plain:
        await server.notify(SEED)
        await plain.wait(1)
        client = await server.connect({"token": made})
        async with plain_socket(server.url, {}, {"Authorization": f"Bearer {made}"}) as later:
            hellos = [client.events[0][1], later.frames[0]]

        for hello in hellos:
            assert (hello["user"], hello["roles"], hello["topics"]) == ("7", ["turista"], ["cusco"])
            assert hello["cursor"] == plain.notifications[0]["cursor"]
            assert hello["recovered"] is False
            assert hello["server_time"].endswith("Z")
            assert hello["limits"]["max_body"] == 64 * 1024
        assert plain.frames[0]["cursor"].endswith("-0")


async def test_each_type_reaches_whom_the_catalogue_names() -> None:
    """Of every type of the catalogue an admin, two tourists and a guest get exactly their share, once, in order."""
    names = [*(await asyncio.to_thread(Catalog.load)).types]
    async with running(secured()) as server:
        admin = await server.connect({"token": token("1", "admin")})
        first = await server.connect({"token": token("123", "turista")})
        second = await server.connect({"token": token("456", "turista")}, transports=["polling"])
        async with plain_socket(server.url, {"token": token("9")}) as guest:
            for name in names:
                status, reply = await server.notify({"type": name, "data": {"usuario_id": 123, "nombre": "Ana"}})
                assert (status, reply["warnings"]) == (200, [])
            await server.notify({"type": "test", "message": "end"})
            expected_of_second = [name for name in names if name in (*BOTH_ROLES, "test")]
            expected_of_first = [name for name in names if name in (*BOTH_ROLES, *ADMIN_AND_PERSON, "test")]
            assert sorted(names) == sorted([*ADMIN_ONLY, *ADMIN_AND_PERSON, *BOTH_ROLES, "test"])
            for client, expected in (
                (admin, names),
                (first, expected_of_first),
                (second, expected_of_second),
                (guest, ["test"]),
            ):
                events = await client.wait(len(expected) + 1)
                assert [event["type"] for event in events] == [*expected, "test"]
                assert seqs(events) == sorted(seqs(events))
                assert events[-1]["message"] == "end"


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ({"roles": ["admin"]}, {"admin"}),
        ({"roles": ["admin", "turista"]}, {"admin", "ana", "ana's phone", "luis"}),
        ({"users": ["ana"]}, {"ana", "ana's phone"}),
        ({"users": ["ana", "nobody"], "roles": ["turista"]}, {"ana", "ana's phone", "luis"}),
        ({"topics": ["cusco"]}, {"luis", "guest"}),
        ({"topics": ["cusco"], "users": ["luis"]}, {"luis", "guest"}),
        ({"all": True}, {"admin", "ana", "ana's phone", "luis", "guest"}),
        ({"all": True, "roles": ["turista"], "users": ["ana"]}, {"admin", "ana", "ana's phone", "luis", "guest"}),
        ({"all": True, "except": {"users": ["ana"]}}, {"admin", "luis", "guest"}),
        ({"roles": ["turista"], "users": ["ana"], "except": {"users": ["ana"]}}, {"luis"}),
        ({"roles": ["all"]}, set()),
        ({"users": ["role:admin"], "topics": ["user:ana"]}, set()),
    ],
)
async def test_audience_decides_who_gets_one_copy(audience: dict[str, Any], expected: set[str]) -> None:
    """Roles, users, topics, all and except decide who gets an event; who matches twice gets one copy for each tab."""
    async with running(secured()) as server, contextlib.AsyncExitStack() as stack:
        clients: dict[str, Any] = {
            "admin": await server.connect({"token": token("root", "admin")}),
            "ana": await server.connect({"token": token("ana", "turista")}),
            "luis": await server.connect({"token": token("luis", "turista", topics=["cusco"])}, transports=["polling"]),
            "ana's phone": await stack.enter_async_context(
                plain_socket(server.url, {"token": token("ana", "turista")})
            ),
            "guest": await stack.enter_async_context(
                plain_socket(server.url, {"token": token("guest", topics=["cusco"])})
            ),
        }
        _, reply = await server.notify({**SEED, "message": "asked", "audience": audience})
        await server.notify({**SEED, "message": "end"})
        got = {name for name, client in clients.items() if len(await _until_end(client)) > 1}

        assert got == expected
        assert reply["recipients"] == {"sockets": len(expected)}
        for name, client in clients.items():
            messages = [event["message"] for event in client.notifications]
            assert messages == (["asked", "end"] if name in expected else ["end"])


async def _until_end(client: Any) -> list[dict[str, Any]]:
    def ended() -> bool:
        return any(event["message"] == "end" for event in client.notifications)

    await until(ended, "the last event", client.moves)
    found: list[dict[str, Any]] = client.notifications
    return found


async def test_two_tabs_get_one_copy_each() -> None:
    """A person who matches by role and by name gets an event once on each of two tabs, whatever their protocols."""
    made = token("ana", ["admin", "turista"])  # type: ignore[arg-type]
    async with running(secured()) as server, plain_socket(server.url, {"token": made}) as third:
        first, second = await server.connect({"token": made}), await server.connect({"token": made})
        _, reply = await server.notify({**SEED, "audience": {"roles": ["admin", "turista"], "users": ["ana"]}})
        await server.notify({**SEED, "message": "end"})

        assert reply["recipients"] == {"sockets": 3}
        for client in (first, second, third):
            assert [event["message"] for event in await client.wait(2)] == ["Hola mundo", "end"]


async def test_claims_alone_decide_the_role() -> None:
    """A tourist who states the role admin in the handshake, or in the address, gets no admin's event."""
    made = token("1", "turista")
    stated = {"role": "admin", "roles": ["admin"], "rol": "admin", "user": "boss"}
    async with running(secured()) as server:
        client = await server.connect({"token": made, **stated})
        query = {"token": made, "role": "admin", "user": "boss"}
        async with plain_socket(server.url, query) as plain:
            await server.notify({**SEED, "message": "for admins", "audience": {"roles": ["admin"], "users": ["boss"]}})
            await server.notify({**SEED, "message": "end"})

            for one in (client, plain):
                assert [event["message"] for event in await one.wait(1)] == ["end"]
            assert plain.frames[0]["roles"] == client.events[0][1]["roles"] == ["turista"]


async def test_clients_cannot_join_a_room() -> None:
    """Events that a client invents to get into a room, or to reach others, have no effect."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("1", "turista")})
        other = await server.connect({"token": token("2", "turista")})
        for event in ("join", "enter_room", "subscribe", "test", "reserva_creada"):
            await client.client.emit(event, {"room": "role:admin", "message": "forged"})
        await server.notify({**SEED, "message": "for admins", "audience": {"roles": ["admin"]}})
        await server.notify({**SEED, "message": "end"})

        assert [event["message"] for event in await client.wait(1)] == ["end"]
        assert [event["message"] for event in await other.wait(1)] == ["end"]


async def test_thousand_publishes_on_fifty_connections_keep_order(node: Node) -> None:
    """Of 1,000 publishes on 50 connections at once every client gets all in the one order, without gap or repeat."""
    count, publishers = 1000, 50
    async with (
        running(secured()) as server,
        plain_socket(server.url, {"token": token("4", "turista")}) as plain,
        javascript_client(node.binary, server.url, auth={"token": token("5", "admin")}) as script,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=publishers)) as session,
    ):
        await script.wait_for("upgrade")
        clients: list[Any] = [
            plain,
            script,
            await server.connect({"token": token("1", "turista")}),
            await server.connect({"token": token("2", "admin")}, transports=["polling"]),
            await server.connect({"token": token("3", "turista")}, transports=["polling", "websocket"]),
        ]
        replies = await _publish_at_once(session, server, count, publishers)

        assert sorted(reply["seq"] for reply in replies) == list(range(1, count + 1))
        assert len({reply["id"] for reply in replies}) == count
        ids = {reply["seq"]: reply["id"] for reply in replies}
        for client in clients:
            events = await client.wait(count)
            assert seqs(events) == list(range(1, count + 1))
            assert [event["id"] for event in events] == [ids[seq] for seq in range(1, count + 1)]


async def _publish_at_once(
    session: aiohttp.ClientSession, server: Server, count: int, publishers: int
) -> list[dict[str, Any]]:
    async def publisher(number: int) -> list[dict[str, Any]]:
        replies = []
        for item in range(count // publishers):
            body = {"type": "test", "message": f"{number}/{item}", "audience": {"roles": ["admin", "turista"]}}
            async with session.post(
                f"{server.url}/notify", json=body, headers={"Authorization": f"Bearer {PUBLISH_KEY}"}
            ) as response:
                assert response.status == 200
                replies.append(await response.json())
        return replies

    return [reply for part in await asyncio.gather(*map(publisher, range(publishers))) for reply in part]


@pytest.mark.parametrize("protocol", ["socketio", "ws"])
async def test_who_connects_amid_publishes_gets_all_above_its_cursor(protocol: str) -> None:
    """Clients that connect while publishes run get ns:hello first, and then everything above its cursor."""
    async with running() as server, contextlib.AsyncExitStack() as stack:
        stop = asyncio.Event()

        async def publish() -> int:
            seq = 0
            while not stop.is_set():
                _, reply = await server.notify(SEED, key=None)
                seq = reply["seq"]
            return seq

        publishers = [asyncio.create_task(publish()) for _ in range(8)]
        clients: list[Any] = [
            await server.connect()
            if protocol == "socketio"
            else await stack.enter_async_context(plain_socket(server.url))
            for _ in range(20)
        ]
        stop.set()
        last = max(await asyncio.gather(*publishers))

        for client in clients:
            first = client.events[0] if protocol == "socketio" else (client.frames[0]["type"], client.frames[0])
            assert first[0] == "ns:hello"
            cursor = int(first[1]["cursor"].partition("-")[2])
            events = await client.wait(last - cursor)
            assert seqs(events) == list(range(cursor + 1, last + 1))


async def test_not_persisted_notification_is_delivered_and_takes_no_place() -> None:
    """With persist false an event reaches who is connected and the next stored one follows without a gap."""
    async with running() as server:
        client = await server.connect()
        replies = [
            (await server.notify({**SEED, "persist": persist}, key=None))[1] for persist in (True, False, False, True)
        ]
        events = await client.wait(4)

        assert [reply["seq"] for reply in replies] == seqs(events) == [1, 1, 1, 2]
        assert len({event["id"] for event in events}) == 4


async def test_a_notification_names_its_trace() -> None:
    """Receivers and operators see it; without one there is no such member; a repeat may belong to another trace."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with running() as server:
        client = await server.connect()
        await server.notify({**SEED, "traceparent": trace, "idempotency_key": "a"}, key=None)
        _, again = await server.notify({**SEED, "traceparent": trace[:-1] + "0", "idempotency_key": "a"}, key=None)
        await server.notify({**SEED, "traceparent": None}, key=None)
        first, second = await client.wait(2)
        assert again["duplicate"]
        assert first["traceparent"] == trace
        assert first.keys() - {"traceparent"} == second.keys() == ENVELOPE
        async with server.http.get(f"{server.url}/v1/notifications/{first['id']}") as response:
            assert (await response.json())["traceparent"] == trace


@pytest.mark.parametrize("broken", ["", "00", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", 7])
async def test_a_trace_that_is_none_is_refused(broken: object) -> None:
    """By the name of the field."""
    async with running() as server:
        status, reply = await server.notify({**SEED, "traceparent": broken}, key=None)
    named = [error["field"] for error in reply["errors"]]
    assert (status, reply["code"], named) == (422, "invalid_data", ["traceparent"])
