"""What a user does with the inbox, told to all connections of that user with the server's own counters."""

from __future__ import annotations

from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import MARKED_AT_ONCE, Action
from sio_server.core.inboxes import Inboxes
from sio_server.errors import Refused
from sio_server.extras import Extras
from tests.support.links import TOURIST, Core

PAGE: Any = {"status": "all", "types": (), "limit": 10, "before": None}
NOBODY = Identity(None, ("turista",))


@pytest.fixture
async def made(made: Core) -> Core:
    """Have the tourist seen before."""
    await made.open(TOURIST)
    return made


@pytest.fixture
def inboxes(made: Core) -> Inboxes:
    """Return the inboxes of this core."""
    return made.inboxes


async def test_page_is_what_the_user_got_newest_first(made: Core, inboxes: Inboxes) -> None:
    """A page holds envelopes with their states, the newest first, the place of the next page, and the counters."""
    await made.publish(12)
    await made.publish(audience=Audience(users=("8",)))
    page = await inboxes.page(TOURIST, **PAGE)
    assert [item["seq"] for item in page["items"]] == list(range(12, 2, -1))
    assert page["counts"] == {"unread": 12, "unseen": 12, "at_seq": 13}
    first = page["items"][0]
    assert (first["seen"], first["read"], first["archived"], first["replayed"]) == (False, False, False, True)
    rest = await inboxes.page(TOURIST, **{**PAGE, "before": page["next_before"]})
    assert ([item["seq"] for item in rest["items"]], rest["next_before"]) == ([2, 1], None)


@pytest.mark.parametrize("action", ["seen", "read", "archive"])
async def test_change_shows_in_page_and_counters(made: Core, inboxes: Inboxes, action: Action) -> None:
    """After a change the page, the counters, its answer and what the connections are told agree."""
    await made.publish(3)
    _, link = await made.open(TOURIST)
    page = await inboxes.page(TOURIST, **PAGE)
    named = page["items"][1]["id"]
    marked = await inboxes.mark(TOURIST, action, [named])
    counts = await inboxes.counts(TOURIST)
    again = await inboxes.page(TOURIST, **PAGE)
    assert (marked.ids, marked.counts) == ((named,), counts)
    told = {"unread": counts.unread, "unseen": counts.unseen, "at_seq": counts.at_seq}
    assert again["counts"] == told
    assert link.of("ns:state") == [{"action": action, "ids": [named], "counts": told}]
    states = {item["id"]: (item["seen"], item["read"]) for item in again["items"]}
    assert states.get(named) == {"seen": (True, False), "read": (True, True), "archive": None}[action]


async def test_change_is_told_to_each_tab_and_to_nobody_else(made: Core, inboxes: Inboxes) -> None:
    """All connections of the user hear of a change in the order the changes were made; other users hear nothing."""
    await made.publish(2)
    tabs = [(await made.open(TOURIST))[1] for _ in range(3)]
    _, other = await made.open(Identity("8"))
    for action in ("seen", "read"):
        await inboxes.mark(TOURIST, action, None, up_to=2)
    for tab in tabs:
        assert [state["action"] for state in tab.of("ns:state")] == ["seen", "read"]
        assert [state["counts"]["unread"] for state in tab.of("ns:state")] == [2, 0]
    assert other.of("ns:state") == []


async def test_nameless_one_has_none(inboxes: Inboxes) -> None:
    """Without a name there is neither a page nor counters nor anything to change."""
    for asking in (inboxes.page(NOBODY, **PAGE), inboxes.counts(NOBODY), inboxes.mark(NOBODY, "read", None)):
        with pytest.raises(Refused) as caught:
            await asking
        assert caught.value.kind.code == "forbidden"


async def test_others_look_without_a_trace(made: Core, inboxes: Inboxes) -> None:
    """Somebody else's inbox is shown as its user last saw it, and looking changes nothing about it."""
    await made.publish(2)
    page = await inboxes.page_of("7", **PAGE)
    assert [item["seq"] for item in page["items"]] == [2, 1]
    assert (await inboxes.page_of("never seen", **PAGE))["items"] == []
    await made.publish(audience=Audience(users=("never seen",)))
    assert [item["seq"] for item in (await inboxes.page(Identity("never seen"), **PAGE))["items"]] == [3]


async def test_filters_reach_the_log(made: Core, inboxes: Inboxes) -> None:
    """Status and types choose what is on a page, the counters stay those of the whole inbox."""
    await made.publish(2)
    await made.publish(type="tour_creado")
    await inboxes.mark(TOURIST, "archive", [(await inboxes.page(TOURIST, **PAGE))["items"][-1]["id"]])
    archived = await inboxes.page(TOURIST, **{**PAGE, "status": "archived"})
    tours = await inboxes.page(TOURIST, **{**PAGE, "types": ("tour_creado",)})
    assert [item["seq"] for item in archived["items"]] == [1]
    assert [item["seq"] for item in tours["items"]] == [3]
    assert archived["counts"] == tours["counts"] == {"unread": 2, "unseen": 2, "at_seq": 3}


async def test_mark_of_a_large_group_is_told_in_parts(made: Core, inboxes: Inboxes) -> None:
    """A change of more of a group than one frame names is told in several, each with the counters after all of it."""
    await made.publish(MARKED_AT_ONCE + 2, extras=Extras(group="a"))
    await made.publish()
    _, link = await made.open(TOURIST)
    marked = await inboxes.mark(TOURIST, "read", None, group="a")
    counts = {"unread": 1, "unseen": 1, "at_seq": MARKED_AT_ONCE + 3}
    await inboxes.mark(TOURIST, "seen", None)
    first, second, _ = link.of("ns:state")
    assert (len(first["ids"]), len(second["ids"])) == (MARKED_AT_ONCE, 2)
    assert (tuple(first["ids"] + second["ids"]), first["counts"], second["counts"]) == (marked.ids, counts, counts)
