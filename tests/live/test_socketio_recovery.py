"""What a private id is worth, and what its bearer gets back: read from the log, whatever process asks."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Audience
from sio_server.core.pages import PAGE
from sio_server.engine import Claim, Kept, Record, Wire
from sio_server.live import socketio_recovery as module
from sio_server.live.socketio_link import Wires
from sio_server.live.socketio_recovery import MAX_AGE, DurableRecovery
from tests.support.links import TOURIST, Core, core

KEY = b"k" * 32


@pytest.fixture
async def made(made: Core) -> Core:
    """Have the tourist seen before."""
    await made.open(TOURIST)
    return made


def recovery_of(made: Core, key: bytes = KEY) -> DurableRecovery:
    """A process's recovery; another one with the same key is its successor."""
    return DurableRecovery(made.connections, made.broker, made.pages, Wires(), key=lambda: key, end=lambda _: None)


def claim_of(made: Core, sid: str = "s1", seq: int = 0, user: str | None = "7") -> Claim:
    """What a private id says."""
    return Claim(sid, "/", made.cursor(seq), user)


def replayed(recovery: DurableRecovery, claim: Claim) -> list[int] | None:
    """The positions of what the bearer gets, in order."""
    kept = recovery.take(claim)
    wires = None if kept is None else recovery.after(claim.offset, kept)
    return None if wires is None else [orjson.loads(wire.text[wire.text.index(b"[") :])[1]["seq"] for wire in wires]


# -- the private id --


async def test_private_id_holds_in_the_next_process(made: Core) -> None:
    """A private id is worth the same to any process that has the log, and says what it was made of."""
    claim = claim_of(made, seq=3)
    assert recovery_of(made).verify(recovery_of(made).sign(claim)) == claim
    nobody = claim_of(made, user=None)
    assert recovery_of(made).verify(recovery_of(made).sign(nobody)) == nobody


async def test_private_id_of_another_log_is_worth_nothing(made: Core) -> None:
    """Signed with another key it is forged."""
    signed = recovery_of(made, b"x" * 32).sign(claim_of(made))
    assert recovery_of(made).verify(signed) is None


async def test_changed_private_id_is_worth_nothing(made: Core) -> None:
    """Whichever character of it is changed, left out or added, it is not believed."""
    recovery = recovery_of(made)
    signed = recovery.sign(claim_of(made))
    for place in range(len(signed)):
        other = "A" if signed[place] != "A" else "B"
        assert recovery.verify(signed[:place] + other + signed[place + 1 :]) is None, place
        assert recovery.verify(signed[:place] + signed[place + 1 :]) is None, place
    body, _, mac = signed.partition(".")
    altered = orjson.loads(base64.urlsafe_b64decode(body))
    altered[3] = "8"
    assert recovery.verify(base64.urlsafe_b64encode(orjson.dumps(altered)).decode() + "." + mac) is None


@given(pid=st.text(max_size=60))
async def test_any_text_is_no_private_id(pid: str) -> None:
    """Whatever a client sends in its place is worth nothing, and no error."""
    async with core() as made:
        assert recovery_of(made).verify(pid) is None


async def test_private_id_has_an_end(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time a private id is worth nothing."""
    signed = recovery_of(made).sign(claim_of(made))
    now = time.time()
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now + MAX_AGE - 60))
    assert recovery_of(made).verify(signed) is not None
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now + MAX_AGE + 60))
    assert recovery_of(made).verify(signed) is None


# -- what it brings back --


async def test_everything_missed_comes_back(made: Core) -> None:
    """From the last offset on everything of one's own is replayed in order, marked as replayed, with its offset."""
    recovery = recovery_of(made)
    await made.publish(2)
    await made.publish(audience=Audience(users=("8",)))
    await made.publish(audience=Audience(users=("7",)))
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(1), TOURIST)
    prepared = recovery.prepared("s1")
    assert prepared is not None
    assert (prepared.after, recovery.take(claim)) == (1, Kept(claim, {}, {}))
    wires = recovery.after(made.cursor(1), Kept(claim, {}, {}))
    assert wires is not None
    events = [orjson.loads(wire.text[wire.text.index(b"[") :]) for wire in wires]
    assert [(name, body["seq"], body["replayed"], offset) for name, body, offset in events] == [
        ("test", 2, True, made.cursor(2)),
        ("test", 4, True, made.cursor(4)),
    ]


async def test_without_an_event_the_greeting_is_the_offset(made: Core) -> None:
    """A client that got no event yet sends no offset: what it missed begins at its connection."""
    recovery = recovery_of(made)
    await made.publish(3)
    claim = claim_of(made, seq=1)
    await recovery.prepare(recovery.sign(claim), None, TOURIST)
    assert replayed(recovery, claim) == [2, 3]


async def test_log_and_window_bring_back_the_same(made: Core) -> None:
    """What the window no longer holds is read from the log, and what is published meanwhile is not left out."""
    recovery = recovery_of(made)
    await made.publish(PAGE + 10)
    made.forget()
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(0), TOURIST)
    await made.publish(5)
    assert replayed(recovery, claim) == list(range(1, PAGE + 16))


async def test_one_preparation_is_for_one_connection(made: Core) -> None:
    """What was prepared is handed out once."""
    recovery = recovery_of(made)
    await made.publish()
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(0), TOURIST)
    assert replayed(recovery, claim) == [1]
    assert replayed(recovery, claim) is None
    assert recovery.prepared("s1") is None


@pytest.mark.parametrize("offset", ["", "x", "ffffffffff-0", "future"])
async def test_offset_of_no_worth_recovers_nothing(made: Core, offset: str) -> None:
    """From an offset that is none of this log nothing is prepared: the client begins anew."""
    recovery = recovery_of(made)
    await made.publish(2)
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(3) if offset == "future" else offset, TOURIST)
    assert (recovery.prepared("s1"), recovery.take(claim)) == (None, None)


async def test_private_id_is_bound_to_its_user(made: Core) -> None:
    """Somebody else's private id recovers nothing, whether the thief has a name or none."""
    recovery = recovery_of(made)
    await made.publish()
    for user in ("8", None):
        claim = claim_of(made, user=user)
        await recovery.prepare(recovery.sign(claim), made.cursor(0), TOURIST)
        assert recovery.prepared("s1") is None
    await recovery.prepare("forged", made.cursor(0), TOURIST)
    assert recovery.prepared("s1") is None


async def test_retention_ends_what_could_be_recovered(made: Core) -> None:
    """From before what retention kept, nothing is brought back in part."""
    recovery = recovery_of(made)
    await made.publish(10)
    await made.broker.retain(max_count=4)
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(5), TOURIST)
    assert recovery.prepared("s1") is None
    await recovery.prepare(recovery.sign(claim), made.cursor(6), TOURIST)
    assert replayed(recovery, claim) == [7, 8, 9, 10]


async def test_too_much_to_replay_is_not_recovered(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is further behind than one recovery may replay begins anew, and refetches the inbox."""
    monkeypatch.setattr(module, "MAX_REPLAY", 20)
    recovery = recovery_of(made)
    await made.publish(25)
    made.forget()
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(4), TOURIST)
    assert recovery.prepared("s1") is None
    await recovery.prepare(recovery.sign(claim), made.cursor(5), TOURIST)
    assert replayed(recovery, claim) == list(range(6, 26))


async def test_too_much_in_the_window_is_not_recovered(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much one recovery may replay does not depend on where it is read from."""
    monkeypatch.setattr(module, "MAX_REPLAY", 20)
    recovery = recovery_of(made)
    await made.publish(25)
    claim = claim_of(made)
    await recovery.prepare(recovery.sign(claim), made.cursor(4), TOURIST)
    assert recovery.prepared("s1") is None


# -- what ends it --


async def test_lost_connection_may_come_back_and_an_ended_one_not(made: Core) -> None:
    """A connection that was lost keeps its private id; one that was ended on purpose does not."""
    recovery = recovery_of(made)
    lost, ended = claim_of(made, "lost"), claim_of(made, "ended")
    recovery.keep(Kept(lost, {}, {}))
    recovery.gone("lost")
    recovery.gone("ended")
    assert recovery.verify(recovery.sign(lost)) == lost
    assert recovery.verify(recovery.sign(ended)) is None


async def test_what_is_remembered_is_bounded(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of connections that ended, were lost or are on their way back, only the latest are remembered."""
    monkeypatch.setattr(module, "_MAX_ENDED", 3)
    monkeypatch.setattr(module, "_MAX_PREPARED", 3)
    recovery = recovery_of(made)
    for number in range(10):
        recovery.gone(f"ended{number}")
        recovery.keep(Kept(claim_of(made, f"lost{number}"), {}, {}))
        await recovery.prepare(recovery.sign(claim_of(made, f"back{number}")), None, TOURIST)
    assert [len(held) for held in (recovery._ended, recovery._lost, recovery._prepared)] == [3, 3, 3]
    assert recovery.prepared("back9") is not None
    assert recovery.prepared("back0") is None


async def test_what_is_no_publication_is_not_remembered(made: Core) -> None:
    """The log remembers entries by itself: broadcasts of anything else get no offset and are not replayed."""
    recovery = recovery_of(made)
    await made.publish(2)
    assert recovery.append(Record("/", None, frozenset(), Wire(b'2["ns:state",{}]', ()))) is None
    assert (recovery.position(), recovery.head()) == (2, made.cursor(2))
