"""What a notification offers to answer it with, and why an answer is refused: the same with every broker. Pure."""

from __future__ import annotations

from typing import Final

import orjson

from sio_server.broker.inbox import Answer
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.notification import written


def already_answered(first: Answer) -> Refused:
    """The refusal of another answer than the first."""
    at = written(first.at)
    detail = _ANSWERED.format(first.action, at)
    return Refused("already_answered", detail, extra={"action": first.action, "at": at})


def check_offered(action: str, body: bytes) -> None:
    """Raise `Refused` where a notification, by its stored body, does not offer this action."""
    offered = _actions_in(body)
    if action in offered:
        return
    detail = _NOT_OFFERED.format(", ".join(f"'{name}'" for name in offered)) if offered else _NOTHING_OFFERED
    raise Refused.of_problems("invalid_data", (FieldProblem("action", detail),))


def _actions_in(body: bytes) -> tuple[str, ...]:
    """The ids of the actions that a notification offers, by its stored body."""
    if b'"actions":' not in body:
        return ()
    return tuple(action["id"] for action in orjson.loads(b"{" + body + b"}").get("actions", ()))


_ANSWERED: Final = Text(
    "It was answered with '{0}' at {1}: the first answer stays.",
    "Ya se respondió con '{0}' el {1}: vale la primera respuesta.",
)
_NOT_OFFERED: Final = Text(
    "The notification does not offer it: it offers {0}.", "La notificación no la ofrece: ofrece {0}."
)
_NOTHING_OFFERED: Final = Text(
    "The notification offers no actions: publish it with 'actions'.",
    "La notificación no ofrece acciones: publícala con 'actions'.",
)
