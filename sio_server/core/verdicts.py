"""The sentence that answers why somebody got a notification, or did not. Pure: no I/O, no clock.

A verdict is a code, which is stable, and a sentence in both languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sio_server.audience import USER_PREFIX, is_guest, user_room
from sio_server.broker import Trail, fold
from sio_server.errors import Text

# How a connection stands to a notification: it was handed it live, or on the way from a cursor to live; it is not yet
# so far; it came back from a place beyond it, so that its client has had it; it began later and asked for nothing from
# before; it is in none of the rooms.
State = Literal["live", "replayed", "replaying", "claimed", "before_connection", "other_rooms"]

# Rooms that a sentence names.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a notification and a user.

    ``matched`` are the rooms by which it is for the user. ``states`` are how the user's connections to this node stand
    to it, ``present`` says whether there are any on whichever node. ``revoked`` says whether the user's tokens were
    revoked after the last that is known of the user.
    """

    trail: Trail
    matched: tuple[str, ...]
    expired: bool
    states: Sequence[State]
    present: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: ``code`` is one of `SENTENCES`."""

    code: str
    text: Text


def matched_rooms(trail: Trail) -> tuple[str, ...]:
    """The rooms of a notification by which it is for a user; none where the user is excepted."""
    entry = trail.stored.entry
    if trail.user in entry.audience.except_users:
        return ()
    rooms, personal = trail.rooms, user_room(trail.user)
    return tuple(
        room for room in entry.rooms if room == personal or (room in rooms and rooms[room].seen_from < entry.seq)
    )


def verdict_of(facts: Facts) -> Verdict:
    """Why a user got a stored notification, or did not."""
    code = _came(facts) if facts.matched else None
    if code is None:
        code = _missed(facts) if facts.matched else _not_meant(facts.trail)
    return say(code, facts.trail.user, facts)


def say(code: str, user: str, facts: Facts | None = None) -> Verdict:
    """A verdict of this code about a user."""
    meant, alike = _rooms(()), ""
    if facts is not None:
        trail = facts.trail
        meant = _rooms(facts.matched or _late(trail) or trail.stored.entry.rooms)
        alike = ", ".join(_spelt_alike(trail) or trail.alike)
    return Verdict(code, SENTENCES[code].format(user, meant, alike))


def _came(facts: Facts) -> str | None:
    """How far it came, where it came at all."""
    trail = facts.trail
    if trail.read:
        return "archived" if trail.archived else "read"
    if trail.seen:
        return "seen"
    if trail.acknowledged:
        return "acknowledged"
    return "sent" if trail.sent or not {"live", "replayed"}.isdisjoint(facts.states) else None


def _missed(facts: Facts) -> str:
    """Why what is for a user did not come."""
    trail = facts.trail
    if facts.expired:
        return "expired"
    if facts.states:
        return next(
            state for state in ("replaying", "claimed", "before_connection", "other_rooms") if state in facts.states
        )
    if facts.present:
        return "elsewhere"
    if not trail.known:
        return "spelling_connected" if trail.alike else "never_connected"
    if facts.revoked or _ended(trail) == "token_revoked":
        return "revoked"
    if all(room in trail.rooms and trail.rooms[room].missing_since is not None for room in facts.matched):
        return "other_rooms"
    return "token_expired" if _ended(trail) == "token_expired" else "offline"


def _ended(trail: Trail) -> str | None:
    return None if trail.last is None else trail.last.ended


def _not_meant(trail: Trail) -> str:
    """Why it is not for a user."""
    if trail.user in trail.stored.entry.audience.except_users:
        return "excepted"
    if is_guest(trail.user):
        return "guest"
    if late := _late(trail):
        return "not_yet_seen" if any(trail.rooms[room].followed_since is None for room in late) else "not_yet_followed"
    if _spelt_alike(trail):
        return "spelling_addressed"
    if not trail.known:
        return "unknown_alike" if trail.alike else "unknown"
    return "not_addressed"


def _late(trail: Trail) -> tuple[str, ...]:
    """The rooms of the notification that the user was first seen in after it."""
    entry = trail.stored.entry
    return tuple(room for room in entry.rooms if room in trail.rooms and trail.rooms[room].seen_from >= entry.seq)


def _spelt_alike(trail: Trail) -> tuple[str, ...]:
    """The users whom the notification names and whose names differ from this one in what is easily overlooked."""
    mine = _spelling(trail.user)
    named = trail.stored.entry.audience.users
    return tuple(name for name in named if name != trail.user and _spelling(name) == mine)


def _spelling(name: str) -> str:
    return fold(name).replace(" ", "").lstrip("0")


def _rooms(rooms: Sequence[str]) -> Text:
    """Rooms in words, the first few of them."""
    words = [_room(room) for room in rooms[:_MOST_NAMED]]
    more = [Text("others", "otros")] if len(rooms) > _MOST_NAMED else []
    both = [*words, *more]
    return Text(", ".join(both), ", ".join(word.es for word in both))


def _room(room: str) -> Text:
    kind, _, name = room.partition(":")
    return _ROOMS.get(kind, _ROOMS[USER_PREFIX.rstrip(":")]).format(name)


_ROOMS: Final = {
    "all": Text("everybody", "todos"),
    "role": Text("the role {0}", "el rol {0}"),
    "user": Text("the user {0}", "el usuario {0}"),
    "topic": Text("the topic {0}", "el tema {0}"),
}

# Of each: the user, the rooms that it is about, users whose names are alike.
SENTENCES: Final = {
    "read": Text("{0} has read it.", "{0} la leyó."),
    "archived": Text("{0} has read it and put it in the archive.", "{0} la leyó y la archivó."),
    "seen": Text(
        "{0} has seen it in the inbox, and has not read it yet.", "{0} la vio en su bandeja y aún no la ha leído."
    ),
    "acknowledged": Text(
        "It reached {0}: the app confirmed it. It has not been seen yet.",
        "Le llegó a {0}: su aplicación la confirmó. Aún no la ha visto.",
    ),
    "sent": Text(
        "It was sent to {0}, and the app has not confirmed that it arrived.",
        "Se le envió a {0}, pero su aplicación no ha confirmado que llegara.",
    ),
    "replaying": Text(
        "It is on its way: {0} is catching up and has not got to this one yet.",
        "Está en camino: {0} se está poniendo al día y aún no ha llegado a esta.",
    ),
    "claimed": Text(
        "The app of {0} came back saying that it has everything up to a later one: it has had it. When is not known.",
        "La aplicación de {0} volvió diciendo que ya lo tenía todo hasta una posterior: le llegó. No se sabe cuándo.",
    ),
    "before_connection": Text(
        "It was published before {0} connected, and the app did not ask for what came before. It is in the inbox.",
        "Se publicó antes de que {0} se conectara, y su aplicación no pidió lo anterior. Está en su bandeja.",
    ),
    "other_rooms": Text(
        "It was for {1}, which the token that {0} came with last does not name any more. "
        "Named again within a day, it arrives.",
        "Era para {1}, y el último token con el que entró {0} ya no lo incluye. Si vuelve a incluirlo antes de un día, "
        "le llegará.",
    ),
    "elsewhere": Text(
        "{0} is connected to another node of the server, and only that one knows whether it was sent.",
        "{0} está conectado a otro nodo del servidor, y solo ese sabe si se le envió.",
    ),
    "offline": Text(
        "{0} is not connected. It is in the inbox and arrives on return.",
        "{0} no está conectado. La tiene en su bandeja y le llegará cuando vuelva.",
    ),
    "never_connected": Text(
        "{0} has never connected. It is in the inbox and arrives the first time.",
        "{0} no se ha conectado nunca. La tiene en su bandeja y le llegará la primera vez.",
    ),
    "revoked": Text(
        "The tokens of {0} were revoked, and nobody came with a newer one since. It arrives with that.",
        "Los tokens de {0} se revocaron y desde entonces no ha vuelto con otro. Le llegará con uno nuevo.",
    ),
    "token_expired": Text(
        "{0} was disconnected when the token expired, and has not come back. It arrives on return.",
        "{0} se quedó sin conexión al caducar su token y no ha vuelto. Le llegará cuando vuelva.",
    ),
    "expired": Text(
        "It expired before {0} was there to get it. It will not arrive any more.",
        "Caducó antes de que {0} pudiera recibirla. Ya no le llegará.",
    ),
    "excepted": Text(
        "Whoever published it left {0} out on purpose (except).",
        "Quien la publicó dejó fuera a {0} a propósito (except).",
    ),
    "not_yet_seen": Text(
        "It was for {1}, and {0} first came with that after it was published. Nobody gets what was before.",
        "Era para {1}, y {0} entró con eso por primera vez después de que se publicara. Lo anterior no se recibe.",
    ),
    "not_yet_followed": Text(
        "It was for {1}, which {0} began to follow after it was published. Nobody gets what was before.",
        "Era para {1}, y {0} empezó a seguirlo después de que se publicara. Lo anterior no se recibe.",
    ),
    "spelling_addressed": Text(
        "It was for {2}, and not for {0}. To the server these are two people: what counts is the sub of the token, "
        "sign by sign.",
        "Era para {2}, y no para {0}. Para el servidor son dos personas: cuenta el sub del token, signo por signo.",
    ),
    "spelling_connected": Text(
        "It was for {0}, and nobody has ever connected as that. {2} has: that is the sub of the token.",
        "Era para {0}, y nadie se ha conectado nunca con ese nombre. Se conecta {2}: ese es el sub de su token.",
    ),
    "unknown_alike": Text(
        "It was for {1}, and nobody has ever connected as {0}. Did you mean {2}?",
        "Era para {1}, y nadie se ha conectado nunca como {0}. ¿Querías decir {2}?",
    ),
    "unknown": Text(
        "It was for {1}, and nobody has ever connected as {0}.",
        "Era para {1}, y nadie se ha conectado nunca como {0}.",
    ),
    "guest": Text(
        "It was for {1}, and {0} is a guest, who gets only what names this guest.",
        "Era para {1}, y {0} es un invitado, que solo recibe lo que lo nombra.",
    ),
    "not_addressed": Text("It was for {1}, and not for {0}.", "Era para {1}, y no para {0}."),
    "passing_sent": Text(
        "It was not to be kept (persist: false), and was sent to {0} at once, who was connected.",
        "No se guarda (persist: false); se le envió a {0} al momento, que estaba conectado.",
    ),
    "passing_missed": Text(
        "It was not to be kept (persist: false): only who was connected at that moment got it, and {0} was not, or it "
        "was for somebody else.",
        "No se guarda (persist: false): solo la recibió quien estaba conectado en ese momento, y {0} no lo estaba o no "
        "era para {0}.",
    ),
    "gone_sent": Text(
        "It is in the log no longer. {0} was connected when it was published, and it was sent.",
        "Ya no está en el registro. {0} estaba conectado cuando se publicó, y se le envió.",
    ),
    "gone_unknown": Text(
        "It is in the log no longer, and how far it came with {0} left with it.",
        "Ya no está en el registro, y con ella se fue hasta dónde llegó con {0}.",
    ),
    "gone_missed": Text(
        "It is in the log no longer, and was not for {0}, as far as is known.",
        "Ya no está en el registro, y no era para {0}, por lo que se sabe.",
    ),
    "passing_unknown": Text(
        "It was not to be kept (persist: false): only who was connected at that moment got it. Whether {0} was is not "
        "known any more.",
        "No se guarda (persist: false): solo la recibió quien estaba conectado en ese momento. Ya no se sabe si {0} lo "
        "estaba.",
    ),
}
