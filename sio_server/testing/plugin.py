"""The fixtures, as pytest finds them. What they need is imported with the first test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sio_server.testing.recorder import Notifications
    from sio_server.testing.server import SioServer

# Seconds that what a test has handed over and did not wait for may take to be sent at its end.
_CLOSING = 1.0


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "sio_server(**settings): settings of the server of the fixture `sio_server`")


@pytest.fixture
def notifications() -> Iterator[Notifications]:
    """Record what the backend publishes during the test: nothing is sent.

    The test fails at its end where the server would have refused something that was only handed over, unless it has
    looked at ``notifications.refused``.
    """
    from sio_server.testing.recorder import recording  # noqa: PLC0415 - a test run without it need not import it

    with recording() as recorded:
        yield recorded
    recorded.assert_none_refused()


@pytest.fixture
def sio_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SioServer]:
    """Run a server with an empty log, in a process of its own, for the time of the test.

    The backend publishes to it: SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY are set, and the functions of
    ``sio_server.client`` begin anew. ``@pytest.mark.sio_server(locale="en")`` gives settings.
    """
    from sio_server.client.notifier import Notifier  # noqa: PLC0415 - see above
    from sio_server.client.shared import swap_default  # noqa: PLC0415
    from sio_server.testing.server import SioServer  # noqa: PLC0415

    settings = {name: value for mark in request.node.iter_markers("sio_server") for name, value in mark.kwargs.items()}
    with SioServer(tmp_path_factory.mktemp("sio-server"), **settings) as server:
        monkeypatch.setenv("SIO_SERVER_URL", server.url)
        monkeypatch.setenv("SIO_SERVER_PUBLISH_KEY", server.key)
        monkeypatch.delenv("SIO_SERVER_SPOOL", raising=False)
        notifier = Notifier(server.url, server.key, eager=False)
        before = swap_default(notifier)
        try:
            yield server
        finally:
            swap_default(before)
            notifier.close(_CLOSING)
