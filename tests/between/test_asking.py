"""Workers on one port: a scrape of one asks the others."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from sio_server.schemas.console import StatsSchema
from sio_server.schemas.nodes import NodesReplySchema
from tests.between.test_passing import between_of
from tests.support.cluster import Member, cluster
from tests.support.servers import PUBLISH_KEY, token


async def scraped(member: Member) -> dict[str, float]:
    """What a scrape of a node says, of metrics without labels and of publishes."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with member.server.http.get(f"{member.server.url}/metrics", headers=headers) as answer:
        assert answer.status == 200
        text = await answer.text()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def put_beside(members: list[Member]) -> None:
    """Make workers of one server of these nodes."""
    for member in members:
        between_of(member).beside = [str(one.server.core.nodes.address) for one in members]


async def test_scrape_of_one_sums_over_all() -> None:
    """Whichever worker is scraped, the answer is the sum over all; nodes that are no workers of it are left out."""
    async with cluster(3) as members:
        put_beside(members[:2])
        for member in members:
            await member.server.connect({"token": token("ana", "turista")})
        for number in range(3):
            status, _ = await members[number % 2].server.notify({"type": "test", "audience": {"all": True}})
            assert status == 200
        for member in members[:2]:
            found = await scraped(member)
            assert found["sio_server_workers"] == found["sio_server_connections"] == 2
            assert found["sio_server_publishes_total"] == found["sio_server_log_head"] == 3
        alone = await scraped(members[2])
        assert alone["sio_server_connections"] == 1
        assert "sio_server_workers" not in alone


async def test_numbers_are_of_all_nodes() -> None:
    """Whichever node is asked, numbers and samples are the sum over all that can be asked, and say of how many."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with cluster(3) as members:
        for member in members:
            await member.server.connect({"token": token("ana", "turista")})
            assert (await member.server.notify({"type": "test", "audience": {"all": True}}))[0] == 200
            member.server.core.samples.sample(1_700_000_000)
        for expected, away in ((3, None), (2, members[2])):
            if away is not None:
                away.server.core.nodes.address = None
            for member in members[:2]:
                async with member.server.http.get(f"{member.server.url}/v1/stats", headers=headers) as answer:
                    stats = await answer.json()
                assert StatsSchema().validate(stats) == {}
                assert (stats["nodes"], stats["connections"]["total"], stats["head"]["seq"]) == (expected, expected, 3)
                assert stats["users"]["by_role"] == stats["connections"]["by_role"] == {"turista": expected}
                assert stats["publishes"] == {"accepted": expected, "duplicates": 0}
                assert stats["latency_ms"]["count"] == expected
                async with member.server.http.get(f"{member.server.url}/v1/stats/recent", headers=headers) as answer:
                    samples = {one["at"]: one for one in (await answer.json())["samples"]}
                assert samples[1_700_000_000]["published"] == expected


async def test_nodes_are_listed_by_any_of_them() -> None:
    """Whichever node is asked lists all of them, and says which one answers."""
    async with cluster(2) as members:
        await members[0].server.connect({"token": token("ana", "turista")})
        headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
        for member in members:
            async with member.server.http.get(f"{member.server.url}/v1/nodes", headers=headers) as answer:
                assert answer.status == 200
                items = (await answer.json())["items"]
            assert NodesReplySchema().validate({"items": items}) == {}
            assert [node["name"] for node in items] == sorted(one.name for one in members)
            assert {node["name"]: node["connections"] for node in items} == {members[0].name: 1, members[1].name: 0}
            assert [node["name"] for node in items if node["answers"]] == [member.name]
        async with member.server.http.get(f"{member.server.url}/v1/nodes") as answer:
            assert answer.status == 401


async def test_worker_that_does_not_answer_is_left_out() -> None:
    """Where a worker is away the scrape says what the others count, and of how many it is."""
    async with cluster(3) as members:
        put_beside(members)
        members[2].server.core.nodes.address = "http://127.0.0.1:1"
        between_of(members[0]).beside = [str(one.server.core.nodes.address) for one in members]
        assert (await scraped(members[0]))["sio_server_workers"] == 2


async def test_stranger_is_told_no_metrics() -> None:
    """At the address for nodes metrics are for who signs alone."""
    async with cluster(2) as (one, _), one.server.http.get(f"{one.server.core.nodes.address}/metrics") as answer:
        assert (answer.status, await answer.text()) == (403, "")
