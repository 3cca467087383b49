"""What waits for a peer that does not take what is sent to it.

A transport copies what it cannot send at once into a buffer of its own, for each peer anew, and enlarges that by more
than it needs. Here a broadcast waits as one object for all who are behind, so that the send cap bounds what they cost.
"""

from __future__ import annotations

from collections import deque

#: Bytes given to a transport at once: one system call for many small frames, and little to copy of what it leaves.
PORTION = 65_536


class Backlog:
    """Whole frames in order; `size` in bytes, `packets` as they were counted in."""

    __slots__ = ("_pieces", "packets", "size")

    def __init__(self) -> None:
        self._pieces: deque[tuple[bytes, int]] = deque()
        self.size = 0
        self.packets = 0

    def __bool__(self) -> bool:
        """Whether any frames wait."""
        return bool(self._pieces)

    def put(self, data: bytes, packets: int = 1) -> None:
        """Add whole frames, `packets` of them, behind those that wait."""
        self._pieces.append((data, packets))
        self.size += len(data)
        self.packets += packets

    def pop(self) -> bytes:
        """The next frames: at most `PORTION` bytes, or one piece that is larger. Raises IndexError when none waits."""
        taken: list[bytes] = []
        size = 0
        while not taken or (self._pieces and size + len(self._pieces[0][0]) <= PORTION):
            data, packets = self._pieces.popleft()
            taken.append(data)
            size += len(data)
            self.packets -= packets
        self.size -= size
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def clear(self) -> None:
        """Drop all that waits."""
        self._pieces.clear()
        self.size = self.packets = 0
