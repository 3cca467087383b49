"""The counting that a server without metrics does."""

import inspect

import pytest

from sio_server.metrics import Metrics, NoMetrics
from sio_server.metrics.prometheus import PrometheusMetrics
from tests.support.counting import CALLS


def test_every_call_is_known_here() -> None:
    """The calls of these tests are those of the protocol, so that none goes untested."""
    names = {name for name, _ in inspect.getmembers(Metrics, inspect.isfunction) if not name.startswith("_")}

    assert {name for name, _, _ in CALLS} == names


@pytest.mark.parametrize("make", [NoMetrics, PrometheusMetrics])
@pytest.mark.parametrize(("name", "arguments", "keywords"), CALLS, ids=[name for name, _, _ in CALLS])
def test_call_takes_what_the_protocol_says(
    make: type[Metrics], name: str, arguments: tuple[object, ...], keywords: dict[str, object]
) -> None:
    """Every implementation takes each call of the protocol, with the parameters that the protocol names."""
    implementation = make()

    getattr(implementation, name)(*arguments, **keywords)

    assert inspect.signature(getattr(make, name)) == inspect.signature(getattr(Metrics, name))
