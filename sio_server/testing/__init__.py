"""Tests of a backend that publishes: a recorder in place of the server, and a real server to try things with.

pytest finds the fixtures by itself where this package is installed::

    def test_a_booking_is_told(client, notifications):
        client.post("/reservas", json={"tour": 7, "personas": 2})
        notifications.assert_notified("ana", "reserva_creada", personas=2)

Who uses another framework has `recording` and `SioServer`, each for a ``with``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sio_server.testing.recorded import Recorded, Refusal
    from sio_server.testing.recorder import Notifications, recording
    from sio_server.testing.server import NoServer, SioServer

__all__ = ["NoServer", "Notifications", "Recorded", "Refusal", "SioServer", "recording"]

# Imported with the first use of their name: pytest imports this package at each start, for whatever it is to run.
_LATER: Final = {
    **dict.fromkeys(("Notifications", "recording"), "recorder"),
    **dict.fromkeys(("Recorded", "Refusal"), "recorded"),
    **dict.fromkeys(("NoServer", "SioServer"), "server"),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return found
