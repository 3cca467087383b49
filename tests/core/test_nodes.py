"""A node describes itself to the others on its log."""

from __future__ import annotations

import re

from sio_server import __version__
from sio_server.broker import NodeState
from sio_server.core.door import Door
from sio_server.core.hub import Hub
from sio_server.core.nodes import Nodes
from tests.support.brokers import Ear, appended, notification, side_by_side


async def test_node_describes_itself_to_the_others() -> None:
    """Each node says its name, which is its own, version, start, address, connections, head, and whether it drains."""
    brokers, door = side_by_side(), Door()
    one, other = (Nodes(broker, Hub(), door, wall=lambda: 1700.5) for broker in brokers)
    one.address = "http://127.0.0.1:9001"
    for broker in brokers:
        await broker.start(Ear())
    await appended(brokers[0], notification())
    door.draining = True
    found = {state.name: state for state in await brokers[1].nodes()}
    assert found == {one.name: one.state(), other.name: other.state()}
    assert len(found) == 2
    for name in found:
        assert re.fullmatch(r"[a-z2-9]{8}", name)
    state = found[one.name]
    assert (state.version, state.started, state.address) == (__version__, 1_700_500, "http://127.0.0.1:9001")
    assert (state.connections, state.head, state.draining) == (0, 1, True)
    assert found[other.name].address is None
    shown = {node["name"]: node for node in await other.all()}
    assert (shown[one.name]["lag"], shown[one.name]["answers"], shown[other.name]["answers"]) == (0, False, True)
    assert (shown[one.name]["started_at"], shown[one.name]["uptime"]) == ("1970-01-01T00:28:20.500Z", 0.0)
    for broker in brokers:
        await broker.close()


async def test_lag_is_what_others_had_not_heard_of_in_time() -> None:
    """A node is behind by what was announced here two seconds ago, and is not known to it as it spoke last."""
    one, other = side_by_side()
    now = [100.0]
    here = Nodes(one, Hub(), Door(), steadily=lambda: now[0])
    stuck = NodeState("stuck234", __version__, 0, None, 0, 0, draining=False)
    other.describe(lambda: stuck)
    for broker in (one, other):
        await broker.start(Ear())
    for expected in (0, 0, 1):
        await appended(one, notification())
        lags = {node["name"]: node["lag"] for node in await here.all()}
        assert lags == {here.name: 0, "stuck234": expected}
        now[0] += 1.5
    for broker in (one, other):
        await broker.close()


async def test_this_node_is_behind_what_others_know() -> None:
    """A node that has not heard yet of what another one has says so."""
    one, other = side_by_side()
    here = Nodes(one, Hub(), Door())
    other.describe(lambda: NodeState("ahead234", __version__, 0, None, 0, 7, draining=False))
    for broker in (one, other):
        await broker.start(Ear())
    assert {node["name"]: node["lag"] for node in await here.all()} == {here.name: 7, "ahead234": 0}
    for broker in (one, other):
        await broker.close()
