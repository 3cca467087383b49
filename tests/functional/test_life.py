"""A notification's life over HTTP: what an id, its history and its trace tell equals a dictionary, step by step."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.support.asking import ask, get
from tests.support.chance import again, seed
from tests.support.servers import PUBLISH_KEY, Server, lasting_token, running, secured

STEPS = 45
UNKNOWN = "00000000-0000-7000-8000-000000000000"
ANA = {"type": "test", "audience": {"users": ["ana"]}}

Told = list[tuple[str, str]]


@dataclass
class One:
    """What is known of one notification."""

    status: str
    message: str
    key: str | None
    begun: Told
    thread: Told
    revision: int = 0
    replaced_by: str | None = None
    read: bool = False


@dataclass
class Model:
    """What is known of all, by id, in the order in which they came."""

    ones: dict[str, One] = field(default_factory=dict)

    def holder(self, key: str | None, status: str) -> str | None:
        """The one with a key that stands so."""
        found = (identity for identity, one in self.ones.items() if one.status == status and one.key == key)
        return next(found, None) if key is not None else None

    def store(self, identity: str, message: str, key: str | None, begun: Told) -> str | None:
        """Have one in the log; returns whose place it took."""
        former = self.holder(key, "stored")
        thread: Told = []
        if former is not None:
            one = self.ones[former]
            one.status, one.replaced_by, thread = "replaced", identity, one.thread
            thread.append((former, "replaced"))
        thread += begun
        self.ones[identity] = One("stored", message, key, begun, thread)
        return former

    def plan(self, identity: str, message: str, key: str | None) -> str | None:
        """Have one wait; returns whose place it took among those that wait."""
        former = self.holder(key, "scheduled")
        if former is not None:
            self.ones[former].status, self.ones[former].replaced_by = "replaced", identity
            self.ones[former].thread.append((former, "replaced"))
        begun = [(identity, "scheduled")]
        self.ones[identity] = One("scheduled", message, key, begun, begun)
        return former


async def test_life_is_told_as_it_was() -> None:
    """Whatever is published, planned, mended, replaced, taken back and read: each id tells its status and its past."""
    drawn = seed()
    print(again(drawn))  # noqa: T201 - shown where the test fails
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    model = Model()
    async with running(secured()) as server:
        for number in range(STEPS):
            touched = await _live(server, model, draw, f"text {number}")
            others = draw.sample(sorted(model.ones), min(2, len(model.ones)))
            for identity in {*touched, *others}:
                await _compare(server, model.ones[identity], identity)
        for identity, one in model.ones.items():
            await _compare(server, one, identity)


async def _live(server: Server, model: Model, draw: random.Random, text: str) -> list[str]:
    """Do something; returns what it happened to."""
    identity = draw.choice([*model.ones, UNKNOWN])
    deed = draw.choice([_publish, _publish, _plan, _deliver, _mend, _mend, _take_back, _read])
    if deed in (_publish, _plan):
        return await deed(server, model, draw.choice(["k", "l", None]), text)
    return await deed(server, model, identity, text)


async def _publish(server: Server, model: Model, key: str | None, text: str) -> list[str]:
    _, reply = await server.notify({**ANA, "message": text, "collapse_key": key})
    former = model.store(reply["id"], text, key, [(reply["id"], "published")])
    assert reply.get("replaces") == former
    return [reply["id"], *([] if former is None else [former])]


async def _plan(server: Server, model: Model, key: str | None, text: str) -> list[str]:
    _, reply = await server.notify({**ANA, "message": text, "collapse_key": key, "deliver_in": 3600})
    former = model.plan(reply["id"], text, key)
    assert reply.get("replaces") == former
    return [reply["id"], *([] if former is None else [former])]


async def _deliver(server: Server, model: Model, identity: str, text: str) -> list[str]:
    """Deliver what waits; what was delivered already is a duplicate, and nothing else can be."""
    answer = await ask(server, "POST", f"/v1/notifications/{identity}/deliver", token=PUBLISH_KEY)
    one = model.ones.get(identity)
    if one is not None and one.status == "scheduled":
        former = model.store(identity, one.message, one.key, [*one.begun, (identity, "delivered")])
        model.ones[identity].revision = 0
        assert answer.status == 200
        return [identity, *([] if former is None else [former])]
    delivered = one is not None and one.status == "stored" and len(one.begun) > 1
    assert answer.status == (200 if delivered else 404), text
    return []


async def _mend(server: Server, model: Model, identity: str, text: str) -> list[str]:
    answer = await ask(server, "PATCH", f"/v1/notifications/{identity}", token=PUBLISH_KEY, json={"message": text})
    one = model.ones.get(identity)
    if one is None or one.status in ("retracted", "cancelled"):
        assert answer.status == 404
        return []
    if one.status == "replaced":
        assert answer.status == (409 if one.thread is not one.begun else 404)
        return []
    one.message, one.revision = text, one.revision + 1
    if one.status == "stored":
        one.thread.append((identity, "updated"))
    assert (answer.status, answer.body["revision"]) == (200, one.revision)
    return [identity]


async def _take_back(server: Server, model: Model, identity: str, _: str) -> list[str]:
    answer = await ask(server, "DELETE", f"/v1/notifications/{identity}", token=PUBLISH_KEY)
    one = model.ones.get(identity)
    if one is None or one.status == "replaced":
        assert answer.status in (404, 409)
        return []
    ends = {"stored": "retracted", "scheduled": "cancelled"}
    if one.status in ends:
        one.status = ends[one.status]
        one.thread.append((identity, one.status))
    assert answer.status == 200
    return [identity]


async def _read(server: Server, model: Model, identity: str, _: str) -> list[str]:
    """Read it as ana, who has it where it is in the log."""
    body = {"ids": [identity]}
    answer = await ask(server, "POST", "/v1/inbox/read", token=lasting_token("ana"), json=body)
    one = model.ones.get(identity)
    is_there = one is not None and one.status == "stored"
    if one is not None and is_there:
        assert answer.body["ids"] == ([] if one.read else [identity])
        one.read = True
    assert answer.body["ignored"] == ([] if is_there else [identity])
    return [identity] if is_there else []


async def _compare(server: Server, one: One, identity: str) -> None:
    """Compare what is told of one with what is known."""
    path = f"/v1/notifications/{identity}"
    record: dict[str, Any] = await get(server, path, PUBLISH_KEY)
    trace = await get(server, f"{path}/trace?user=ana", PUBLISH_KEY)
    history = (await get(server, f"{path}/history", PUBLISH_KEY))["items"]
    assert (record["status"], record.get("replaced_by")) == (one.status, one.replaced_by)
    said = record.get("said", record)
    assert (said["message"], record.get("revision", 0) if "said" not in record else one.revision) == (
        one.message,
        one.revision,
    )
    assert [(step["id"], step["action"]) for step in history] == one.thread
    assert [(step["id"], step["action"]) for step in trace["history"]] == one.thread
    assert trace["stored"] == (one.status == "stored")
    assert (trace["user"] or {}).get("read", False) == (one.status == "stored" and one.read)
