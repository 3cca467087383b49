"""What clients may say on a live connection, whatever it runs over, and how they are answered."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.auth import Authenticator
from sio_server.config import Config
from sio_server.core.hub import Connection
from sio_server.core.languages import Language
from sio_server.core.refusals import Refusals
from sio_server.live.client_events import ClientEvents
from tests.support.links import TOURIST, Core
from tests.support.servers import secured, token
from tests.support.waiting import until

EVENTS = {
    "ns:ack",
    "ns:act",
    "ns:auth",
    "ns:locale",
    "ns:observe",
    "ns:follow",
    "ns:unfollow",
    "ns:seen",
    "ns:read",
    "ns:unread",
    "ns:archive",
    "ns:unarchive",
    "ns:presence",
}


def events_of(made: Core, config: Config | None = None) -> ClientEvents:
    """The events of this core."""
    auth, refusals = Authenticator(config or secured()), Refusals(made.metrics)
    return ClientEvents(made.connections, made.inboxes, made.topics, made.attendance, auth=auth, refusals=refusals)


async def say(events: ClientEvents, connection: Connection, event: str, body: Any) -> dict[str, Any]:
    """The acknowledgement of an event."""
    return await events.answer(events.handlers[event], connection, body)


async def id_of(made: Core, seq: int) -> str:
    """The id of the notification at a position."""
    page = await made.broker.page(await made.broker.view_of("7"))
    return next(item.entry.id for item in page.items if item.entry.seq == seq)


async def test_events_there_are(made: Core) -> None:
    """A client may acknowledge, renew its token, look on, and change the state of what is in its inbox."""
    assert events_of(made).handlers.keys() == EVENTS


async def test_acknowledgement_gets_into_the_receipt(made: Core) -> None:
    """What a client confirms is in the receipt of the notification."""
    connection, _ = await made.open(TOURIST)
    await made.publish(2)
    assert await say(events_of(made), connection, "ns:ack", {"seq": 1}) == {"ok": True}
    receipts = [await made.broker.receipt(await id_of(made, seq)) for seq in (1, 2)]
    assert [receipt.acknowledged for receipt in receipts if receipt is not None] == [1, 0]


async def test_newer_token_is_answered_with_what_it_holds(made: Core) -> None:
    """After a renewal the client knows until when it holds, and which roles and topics it has."""
    connection, link = await made.open(TOURIST)
    renewed = token("7", "guia", topics=["lima"])
    answer = await say(events_of(made), connection, "ns:auth", {"token": renewed})
    assert answer.pop("expires_at") == pytest.approx(time.time() + 600, abs=60)
    assert answer == {"ok": True, "roles": ["guia"], "topics": ["lima"], "locale": "es"}
    assert link.rooms == ("all", "role:guia", "user:7", "topic:lima")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"token": "a.b.c"}, "invalid_token"),
        ({"token": ""}, "unauthorized"),
        ({}, "invalid_data"),
        (None, "invalid_data"),
    ],
)
async def test_token_that_does_not_hold_changes_nothing(made: Core, body: Any, code: str) -> None:
    """A token that does not hold is refused in the acknowledgement, and the connection goes on as it was."""
    connection, link = await made.open(TOURIST)
    answer = await say(events_of(made), connection, "ns:auth", body)
    assert (answer["ok"], answer["status"], answer["error"]["code"]) == (False, "error", code)
    assert (link.rooms, connection.identity) == (TOURIST.rooms(), TOURIST)
    assert made.metrics.counted[f"refused {code}"] == 1


async def test_expired_and_foreign_tokens_are_told_apart(made: Core) -> None:
    """A token that has run out and one of another user are refused with their own codes."""
    connection, _ = await made.open(TOURIST)
    events = events_of(made)
    expired = await say(events, connection, "ns:auth", {"token": token("7", exp=int(time.time()) - 600)})
    foreign = await say(events, connection, "ns:auth", {"token": token("8")})
    assert (expired["error"]["code"], foreign["error"]["code"]) == ("token_expired", "forbidden")


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        ("ns:seen", (2, 1)),
        ("ns:read", (1, 1)),
        ("ns:unread", (2, 2)),
        ("ns:archive", (1, 1)),
        ("ns:unarchive", (2, 2)),
    ],
)
async def test_changes_of_state_are_told_to_every_tab(made: Core, event: str, counts: tuple[int, int]) -> None:
    """A change is answered with the counters, and told to all connections of its user and to nobody else."""
    connection, link = await made.open(TOURIST)
    _, tab = await made.open(TOURIST)
    _, other = await made.open(Identity("8"))
    await made.publish(2)
    named = await id_of(made, 1)
    answer = await say(events_of(made), connection, event, {"ids": [named, "unknown"]})
    told = {"unread": counts[0], "unseen": counts[1], "at_seq": 2}
    assert (answer["ok"], answer["action"], answer["ignored"]) == (True, event.removeprefix("ns:"), ["unknown"])
    assert (answer["counts"], answer["up_to"]) == (told, None)
    expected = {"action": event.removeprefix("ns:"), "ids": answer["ids"], "counts": told}
    assert link.of("ns:state") == tab.of("ns:state") == [expected]
    assert other.of("ns:state") == []


async def test_all_up_to_what_was_looked_at(made: Core) -> None:
    """A change of all reaches no further than the client had looked."""
    connection, link = await made.open(TOURIST)
    await made.publish(5)
    answer = await say(events_of(made), connection, "ns:read", {"all": True, "up_to": 3})
    assert (answer["up_to"], answer["ids"], answer["counts"]["unread"]) == (3, [], 2)
    assert link.of("ns:state") == [{"action": "read", "up_to": 3, "counts": answer["counts"]}]


async def test_looking_on_is_for_administrators_and_publishers(made: Core) -> None:
    """Who may see what others get is told from where on it is shown, and is shown it; anybody else is refused."""
    await made.publish()
    admin, link = await made.open(Identity("1", ("admin",)))
    tourist, _ = await made.open(TOURIST)
    backend, _ = await made.open(Identity(None, receives=False), trusted=True)
    events = events_of(made)
    answers = [await say(events, one, "ns:observe", {"on": True}) for one in (admin, backend)]
    assert answers == [{"ok": True, "seq": 1, "cursor": made.cursor(1)}] * 2
    assert (await say(events, tourist, "ns:observe", {"on": True}))["error"]["code"] == "forbidden"
    await made.publish(audience=Audience(users=("9",)))
    await until(lambda: link.of("ns:observed"))
    assert [item["seq"] for bundle in link.of("ns:observed") for item in bundle["items"]] == [2]


async def test_nameless_one_has_no_inbox(made: Core) -> None:
    """Where nobody has a name, a change of state is forbidden, in the client's language."""
    connection, _ = await made.open(Identity(None, ("turista",)), language=Language("es", "es"))
    events = events_of(made, Config(dev=True))
    answer = await say(events, connection, "ns:read", {"all": True})
    assert answer["error"]["code"] == "forbidden"
    assert answer["error"]["detail"].startswith("Una bandeja es de un usuario")


async def test_log_that_fails_is_an_answer(made: Core) -> None:
    """When the log takes nothing, the client is told so and that it may try again."""
    connection, _ = await made.open(TOURIST)
    await made.broker.close()
    answer = await say(events_of(made), connection, "ns:read", {"all": True})
    assert (answer["error"]["code"], answer["error"]["retryable"]) == ("broker_unavailable", True)
