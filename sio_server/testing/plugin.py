"""The fixtures, as pytest finds them. What they need is imported with the first test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sio_server.testing.recorder import Notifications


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
