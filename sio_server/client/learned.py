"""What a backend learns of the server's event types beside its requests: asked for when a name is not known here."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from sio_server.client.bodies import NotifyError
from sio_server.client.checking import fetch_types
from sio_server.client.diverting import sink_of
from sio_server.client.exchange import Target
from sio_server.client.named import names_of
from sio_server.event_types import EventType

# Seconds for the server to answer: to a thread, and to who waits for an answer anyway or wants mistakes told.
PATIENCE: Final = 5.0
WAIT: Final = 0.5

# Seconds between two questions: a type that was added to the catalogue is known a minute later, and a server that does
# not answer, or tells this key nothing, is asked no more often.
EVERY: Final = 60.0


class Learned:
    """The types of the server behind ``target``, by the names of their functions; ``ready`` is waited for at first."""

    def __init__(self, target: Target, ready: Callable[[], object] = lambda: None) -> None:
        self._target = target
        self._ready = ready
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._thread: threading.Thread | None = None
        self.named: dict[str, EventType] = {}
        """What is known so far."""

    def find(self, name: str) -> EventType | None:
        """The type that a function of this name publishes, where it is known by now; it is asked for in a thread."""
        found = self.named.get(name)
        if found is None and self._may_ask():
            thread = threading.Thread(target=self._fetch, args=(PATIENCE,), name="sio-server types", daemon=True)
            # An interpreter that is ending starts none.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread
        return found

    def find_now(self, name: str) -> EventType | None:
        """`find`, for who waits for the server anyway: for `WAIT` seconds at most."""
        if name not in self.named:
            if self._may_ask():
                self._fetch(WAIT)
            elif self._thread is not None:
                self._thread.join(WAIT)
        return self.named.get(name)

    def find_type(self, type_name: str) -> EventType | None:
        """The type of this name; waited for as in `find_now`, but where an event loop would have to wait as well."""
        ask = self.find if _in_a_loop() else self.find_now
        ask(type_name)  # no function is called so: it only asks
        return next((kind for kind in self.named.values() if kind.name == type_name), None)

    def _may_ask(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if sink_of(self._target) is not None or (self._asked is not None and now < self._asked + EVERY):
                return False
            self._asked = now
            return True

    def _fetch(self, timeout: float) -> None:
        self._ready()
        # The types are a help and no more: whoever publishes is told by the server what is wrong.
        with contextlib.suppress(NotifyError):
            self.named = names_of(fetch_types(self._target, timeout))


def _in_a_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
