"""Types that the catalogue does not have: refused with the way to have them, or let pass with a word about it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sio_server.audience import ADMIN_ROLE, Audience
from sio_server.auth import Scope
from sio_server.catalog import Catalog, EventType
from sio_server.catalog.writing import type_as_toml
from sio_server.errors import Refused, Text
from sio_server.event_types import FOR_ADMINISTRATORS
from sio_server.logs import get_logger
from sio_server.notification import PublishRequest

# Names that a line was written about. A publisher makes them up, so there is an end to the lines.
MAX_TOLD: Final = 100

logger = get_logger("catalog")


class Met(NamedTuple):
    """A type that stands in for one that is not there, whom it is for, and what its publisher is told."""

    event_type: EventType
    audience: Audience
    warning: Text


class Strangers:
    """What becomes of types that the catalogue does not have. ``locale`` is that of their titles."""

    def __init__(self, catalog: Catalog, locale: str) -> None:
        self._catalog = catalog
        self._locale = locale
        self._nearest: dict[str, str | None] = {}
        self.apply(allowed=False, has_file=False)

    def apply(self, *, allowed: bool, has_file: bool) -> None:
        """Let them pass from now on, or refuse them; ``has_file``: whether there is a file to add them to."""
        self._allowed = allowed
        self._mend = _WITH_FILE if has_file else _WITHOUT_FILE

    def meet(self, request: PublishRequest, scope: Scope) -> Met:
        """Take a request of an unknown type.

        Raises `Refused`: ``unknown_type`` where they are not allowed, ``forbidden_scope`` for whom this scope leaves
        out.
        """
        name = request.type
        if not self._allowed:
            raise self._refusal(name)
        audience = _audience(request, scope)
        nearest = self._nearest_to(name)
        kind = EventType.from_dict({"type": name}, locale=self._locale)
        warning = _PASSED.format(name) if nearest is None else _PASSED_NEAR.format(name, nearest)
        return Met(kind, audience, warning)

    def _refusal(self, name: str) -> Refused:
        refused = self._catalog.unknown(name)
        refused.extra["mend"] = self._mend.format(type_as_toml(name).rstrip())
        return refused

    def _nearest_to(self, name: str) -> str | None:
        """The known type that may have been meant; looked for, and told of in the log, when the name first comes."""
        if name not in self._nearest and len(self._nearest) < MAX_TOLD:
            self._nearest[name] = nearest = self._catalog.nearest(name)
            logger.warning("unknown type let pass", type=name, nearest=nearest)
            if len(self._nearest) == MAX_TOLD:
                logger.warning("further unknown types are not told of", told=MAX_TOLD)
        return self._nearest.get(name)


def _audience(request: PublishRequest, scope: Scope) -> Audience:
    """Whom the publisher names, and the administrators, whom its key may be unable to reach."""
    stated = request.audience
    if stated is None:
        scope.check_audience(FOR_ADMINISTRATORS, stated=False)
        return FOR_ADMINISTRATORS
    scope.check_audience(stated, stated=True)
    try:
        scope.check_audience(FOR_ADMINISTRATORS, stated=False)
    except Refused:
        return stated
    return Audience.of(
        roles=(*stated.roles, ADMIN_ROLE),
        users=stated.users,
        topics=stated.topics,
        everybody=stated.all,
        except_users=stated.except_users,
    )


_WITH_FILE: Final = Text(
    "Add the type to the file that SIO_SERVER_CATALOG (or --catalog) names, and send the server SIGHUP; it need not "
    "restart:\n\n{0}",
    "Añade el tipo al fichero que indica SIO_SERVER_CATALOG (o --catalog) y envía SIGHUP al servidor; no hace falta "
    "reiniciarlo:\n\n{0}",
)
_WITHOUT_FILE: Final = Text(
    "Write the type into a TOML file and start the server with --catalog FILE (or SIO_SERVER_CATALOG=FILE); from then "
    "on SIGHUP is enough after a change:\n\n{0}",
    "Escribe el tipo en un fichero TOML y arranca el servidor con --catalog FICHERO (o SIO_SERVER_CATALOG=FICHERO); "
    "desde entonces basta con SIGHUP tras cada cambio:\n\n{0}",
)
_PASSED: Final = Text(
    "The catalogue has no type '{0}': it goes to the administrators and to whom you name. "
    "`sio-server catalog new {0}` writes it.",
    "El catálogo no tiene el tipo '{0}': llega a los administradores y a quien indiques. "
    "`sio-server catalog new {0}` lo escribe.",
)
_PASSED_NEAR: Final = Text(
    "The catalogue has no type '{0}': it goes to the administrators and to whom you name. Did you mean '{1}'?",
    "El catálogo no tiene el tipo '{0}': llega a los administradores y a quien indiques. ¿Quizá '{1}'?",
)
