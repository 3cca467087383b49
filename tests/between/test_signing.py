"""A request that was passed on says so by a signature, which holds for it, for its node, and for a moment."""

from __future__ import annotations

from typing import Any

import pytest

from sio_server.between.signing import WINDOW, NotSignedError, read, sign
from sio_server.engine import PassedOn

KEY = b"k" * 32
NOW = 1_700_000_000_000
REQUEST: dict[str, Any] = {"method": "POST", "target": "/socket.io/?sid=a.b", "body": b"40{}"}


def signed(**changes: Any) -> str:
    """The header of a request, with some of it changed."""
    said = {"to": "ana23456", "at": NOW, "peer": ("203.0.113.7", "4711"), "secure": True, **REQUEST, **changes}
    return sign(changes.pop("key", KEY), **{name: value for name, value in said.items() if name != "key"})


def test_signed_request_says_whom_it_is_from() -> None:
    """Who it came from is read as it was signed; a Unix socket's peer has neither address nor port."""
    assert read(KEY, signed(), to="ana23456", now=NOW, **REQUEST) == PassedOn(
        ("203.0.113.7", "4711"), secure=True, body=b"40{}"
    )
    found = read(KEY, signed(peer=("", ""), secure=False), to="ana23456", now=NOW, **REQUEST)
    assert found == PassedOn(("", ""), secure=False, body=b"40{}")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"l" * 32},
        {"method": "GET"},
        {"target": "/socket.io/?sid=a.c"},
        {"body": b"41"},
    ],
)
def test_signature_of_another_request_does_not_hold(changes: dict[str, Any]) -> None:
    """What was signed with another key, or for another method, target or body, is refused."""
    with pytest.raises(NotSignedError, match="signature"):
        read(KEY, signed(**changes), to="ana23456", now=NOW, **REQUEST)


@pytest.mark.parametrize("part", range(1, 7))
def test_header_cannot_be_changed(part: int) -> None:
    """Each part of the header is signed."""
    parts = signed().split(" ")
    parts[part] = {1: "bea23456", 2: str(NOW + 1), 3: "203.0.113.8", 4: "4712", 5: "0", 6: "0" * 64}[part]
    with pytest.raises(NotSignedError, match="signature"):
        read(KEY, " ".join(parts), to="ana23456", now=NOW, **REQUEST)


def test_request_for_another_node_is_refused() -> None:
    """An address may have another node by now."""
    with pytest.raises(NotSignedError, match="node"):
        read(KEY, signed(), to="bea23456", now=NOW, **REQUEST)


@pytest.mark.parametrize(("off", "holds"), [(-WINDOW, True), (WINDOW, True), (WINDOW + 1, False), (-WINDOW - 1, False)])
def test_request_is_good_for_a_while(off: int, holds: bool) -> None:  # noqa: FBT001 - a case of the table
    """It is good for as long as the clocks of two machines may differ, and no longer."""
    if holds:
        assert read(KEY, signed(), to="ana23456", now=NOW + off, **REQUEST)
        return
    with pytest.raises(NotSignedError, match="clock"):
        read(KEY, signed(), to="ana23456", now=NOW + off, **REQUEST)


@pytest.mark.parametrize("header", ["", "v1", "v2 a 0 - - 0 abc", "v1 a b - - 0 abc", "v1 a 0 - - 0 a b", "é"])
def test_what_is_no_signature_is_refused(header: str) -> None:
    """Any other text is none."""
    with pytest.raises(NotSignedError, match="form"):
        read(KEY, header, to="a", now=NOW, **REQUEST)
