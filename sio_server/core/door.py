"""Whether a node takes anything new: one flag for the whole of it."""

from __future__ import annotations

from sio_server.errors import Refused


class Door:
    """The one place that says whether a node drains. Publishes, connections and handshakes ask it."""

    __slots__ = ("draining",)

    def __init__(self) -> None:
        self.draining = False
        """True from the moment on that the node empties itself: nothing new is taken."""

    def check(self) -> None:
        """Raise `Refused` (``draining``) where nothing new is taken any more."""
        if self.draining:
            raise Refused("draining", retry_after=1)
