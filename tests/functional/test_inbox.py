"""Inboxes from end to end: every connection of a user shows what the server counts, whoever changes it and how."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sio_server.broker import Action
from sio_server.schemas.inbox import ACTIONS
from tests.support.asking import get, post, published
from tests.support.clients import PlainSocket, plain_socket
from tests.support.servers import Listener, Server, running, secured, token
from tests.support.waiting import until

STEPS = 1000

# What is published in these tests, and who sees it.
AUDIENCES: list[tuple[dict[str, Any], frozenset[str]]] = [
    ({"roles": ["turista"]}, frozenset({"ana", "bo"})),
    ({"roles": ["turista"], "except": {"users": ["ana"]}}, frozenset({"bo"})),
    ({"users": ["ana"]}, frozenset({"ana"})),
    ({"users": ["bo"]}, frozenset({"bo"})),
    ({"users": ["ana", "bo"], "roles": ["turista"]}, frozenset({"ana", "bo"})),
    ({"all": True}, frozenset({"ana", "bo"})),
    ({"roles": ["admin"]}, frozenset()),
]


@dataclass
class Screen:
    """One connection as its user sees it: the badges that a client shows from what it was sent."""

    user: str
    client: Listener | PlainSocket

    def shown(self) -> tuple[int, int]:
        """Unread and unseen: the last counters that came, and on top what came live above them."""
        counts = (self.client.of("ns:state") or self.client.of("ns:hello"))[-1]["counts"]
        live = {item["seq"] for item in self.client.notifications if item["seq"] > counts["at_seq"]}
        return counts["unread"] + len(live), counts["unseen"] + len(live)

    async def shows(self, counts: tuple[int, int], where: str) -> None:
        """Wait until the badges are these."""
        await until(lambda: self.shown() == counts, f"{where}: {self.user}'s badges to be {counts}", self.shown)

    async def say(self, event: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send an event; returns its acknowledgement."""
        if isinstance(self.client, Listener):
            acknowledged: dict[str, Any] = await self.client.client.call(event, body)
            return acknowledged
        before = len(self.client.of("ns:reply"))
        await self.client.socket.send_str(orjson.dumps({"type": event, **body}).decode())
        await until(lambda: len(self.client.of("ns:reply")) > before, f"an answer to {event}", self.client.moves)
        return self.client.of("ns:reply")[before]


class Reckoning:
    """What the counters must be, worked out from what was done."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.states: dict[str, dict[str, tuple[bool, bool, bool]]] = {"ana": {}, "bo": {}}
        """By user and id: seen, read, archived."""

    def published(self, identity: str, receivers: frozenset[str]) -> None:
        """Somebody got something new."""
        self.ids.append(identity)
        for user in receivers:
            self.states[user][identity] = (False, False, False)

    def marked(self, user: str, action: Action, ids: list[str] | None) -> None:
        """A user has changed the state of these, or of everything."""
        mine = self.states[user]
        for identity in mine if ids is None else ids:
            if identity not in mine:
                continue
            seen, read, archived = mine[identity]
            mine[identity] = {
                "seen": (True, read, archived),
                "read": (True, True, archived),
                "unread": (seen, read, archived) if ids is None and archived else (seen, False, False),
                "archive": (True, True, True),
                "unarchive": (seen, read, False),
            }[action]

    def counts(self, user: str) -> tuple[int, int]:
        """Unread and unseen."""
        states = self.states[user].values()
        return sum(not read for _, read, _ in states), sum(not seen for seen, _, _ in states)

    def of_status(self, user: str, status: str) -> list[str]:
        """The ids that a list of this status holds, newest first."""
        mine = self.states[user]
        wanted = []
        for identity in reversed(self.ids):
            _, read, archived = mine.get(identity, (False, False, False))
            if identity in mine and archived == (status == "archived") and not (status == "unread" and read):
                wanted.append(identity)
        return wanted


async def counted(server: Server, user: str) -> tuple[int, int]:
    """The counters of the API."""
    counts = (await get(server, "/v1/inbox/counts", token(user, "turista")))["counts"]
    return counts["unread"], counts["unseen"]


async def listed(server: Server, user: str, status: str) -> list[str]:
    """All ids of a status, page after page."""
    found: list[str] = []
    path = f"/v1/inbox?status={status}&limit=100"
    page = await get(server, path, token(user, "turista"))
    found.extend(item["id"] for item in page["items"])
    while page["next_before"] is not None:
        page = await get(server, f"{path}&before={page['next_before']}", token(user, "turista"))
        found.extend(item["id"] for item in page["items"])
    return found


@contextlib.asynccontextmanager
async def screens(server: Server) -> AsyncIterator[list[Screen]]:
    """Three connections of ana, one of them a plain WebSocket, and one of bo."""
    auth = {"token": token("ana", "turista")}
    async with plain_socket(server.url, auth) as plain:
        yield [
            Screen("ana", await server.connect(auth)),
            Screen("ana", await server.connect(auth, transports=["polling"])),
            Screen("ana", plain),
            Screen("bo", await server.connect({"token": token("bo", "turista")})),
        ]


async def step(server: Server, chance: random.Random, screen: Screen, reckoning: Reckoning) -> None:
    """Publish something or nothing, then change the state of some or of all, by an event or over HTTP."""
    if not reckoning.ids or chance.random() < 0.4:
        audience, receivers = chance.choice(AUDIENCES)
        reckoning.published(await published(server, audience=audience), receivers)
    action: Action = chance.choice(ACTIONS)
    ids = None if chance.random() < 0.1 else chance.sample(reckoning.ids, min(len(reckoning.ids), chance.randint(1, 5)))
    body = {"all": True} if ids is None else {"ids": ids}
    if chance.random() < 0.5:
        done = await screen.say(f"ns:{action}", body)
        assert done["ok"] is True
    else:
        done = await post(server, f"/v1/inbox/{action}", body, token(screen.user, "turista"))
        assert done["status"] == "ok"
    reckoning.marked(screen.user, action, ids)
    assert (done["counts"]["unread"], done["counts"]["unseen"]) == reckoning.counts(screen.user)
    if ids is not None:
        assert done["ignored"] == [one for one in ids if one not in reckoning.states[screen.user]]


async def test_every_badge_equals_the_counters_at_every_step(tmp_path: Path) -> None:
    """After each of a thousand changes at random, every connection shows the API's numbers, and these are right."""
    chance = random.Random(20)  # noqa: S311 - it has to be the same on every run
    reckoning = Reckoning()
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server, screens(server) as shown:
        for number in range(STEPS):
            await step(server, chance, chance.choice(shown), reckoning)
            for user in ("ana", "bo"):
                counts = await counted(server, user)
                assert counts == reckoning.counts(user), f"step {number}: the counters of {user}"
                for screen in (screen for screen in shown if screen.user == user):
                    await screen.shows(counts, f"step {number}")
        for user in ("ana", "bo"):
            for status in ("all", "unread", "archived"):
                assert await listed(server, user, status) == reckoning.of_status(user, status)


async def test_tabs_of_different_roles_show_each_its_own_counters(tmp_path: Path) -> None:
    """Of a user who is here with two roles, each connection shows what the API counts for its token."""
    chance = random.Random(21)  # noqa: S311 - it has to be the same on every run
    bearers = {role: token("ana", role) for role in ("turista", "admin")}
    ids: list[str] = []
    async with (
        running(secured(broker="sqlite:", data_dir=tmp_path)) as server,
        plain_socket(server.url, {"token": bearers["admin"]}) as plain,
    ):
        shown = [(role, Screen("ana", await server.connect({"token": bearers[role]}))) for role in bearers]
        shown.append(("admin", Screen("ana", plain)))
        for number in range(100):
            audience, _ = chance.choice(AUDIENCES)
            ids.append(await published(server, audience=audience))
            action: Action = chance.choice(ACTIONS)
            body = {"all": True} if chance.random() < 0.2 else {"ids": chance.sample(ids, min(len(ids), 3))}
            if chance.random() < 0.5:
                assert (await chance.choice(shown)[1].say(f"ns:{action}", body))["ok"] is True
            else:
                await post(server, f"/v1/inbox/{action}", body, chance.choice(list(bearers.values())))
            for role, screen in shown:
                counts = (await get(server, "/v1/inbox/counts", bearers[role]))["counts"]
                await screen.shows((counts["unread"], counts["unseen"]), f"step {number}, {role}")


async def test_what_one_tab_reads_is_read_in_all() -> None:
    """A state that is changed over HTTP reaches each connection of that user as `ns:state`, and nobody else's."""
    async with running(secured()) as server, screens(server) as shown:
        _, reply = await server.notify({"type": "test", "audience": {"roles": ["turista"]}})
        *mine, others = shown
        await until(lambda: all(screen.shown() == (1, 1) for screen in shown), "it to arrive")

        await post(server, "/v1/inbox/read", {"ids": [reply["id"]]}, token("ana", "turista"))

        await until(lambda: all(screen.shown() == (0, 0) for screen in mine), "every tab to know")
        for screen in mine:
            state = screen.client.of("ns:state")[0]
            assert (state["action"], state["ids"]) == ("read", [reply["id"]])
        assert others.shown() == (1, 1)
        assert others.client.of("ns:state") == []


async def test_badge_is_right_for_who_connects_amid_publishing(tmp_path: Path) -> None:
    """Connections that are made while others publish show what the API counts, once the publishing is over."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        auth = {"token": token("ana", "turista")}
        await get(server, "/v1/inbox", auth["token"])  # the inbox begins
        over = asyncio.Event()

        async def publish() -> None:
            while not over.is_set():
                assert (await server.notify({"type": "test", "audience": {"users": ["ana"]}}))[0] == 200

        publishers = [asyncio.create_task(publish()) for _ in range(4)]
        shown = [Screen("ana", await server.connect(auth)) for _ in range(25)]
        over.set()
        await asyncio.gather(*publishers)

        counts = await counted(server, "ana")
        for number, screen in enumerate(shown):
            await screen.shows(counts, f"connection {number}")


async def test_inbox_survives_the_server(tmp_path: Path) -> None:
    """What was published with nobody there, and what was read, is the same after the server has gone and come back."""
    config = secured(broker="sqlite:", data_dir=tmp_path)
    ana = token("ana", "turista")
    async with running(config) as server:
        await get(server, "/v1/inbox", ana)  # the inbox begins
        first = (await server.notify({"type": "test", "audience": {"roles": ["turista"]}}))[1]["id"]
        second = (await server.notify({"type": "test", "audience": {"users": ["ana"]}}))[1]["id"]
        await post(server, "/v1/inbox/read", {"ids": [first]}, ana)
        before = await get(server, "/v1/inbox", ana)
    async with running(config) as server:
        after = await get(server, "/v1/inbox", ana)

    assert after == before
    assert [(item["id"], item["read"]) for item in after["items"]] == [(second, False), (first, True)]
    assert after["counts"]["unread"] == 1
