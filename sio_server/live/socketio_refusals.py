"""What the Socket.IO engine refuses by itself, told as everything else that is refused: noted, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson

from sio_server.core.connections import Connections
from sio_server.core.refusals import Refusals
from sio_server.engine import Refusal, RefusedPeer, Why
from sio_server.errors import Refused, Text
from sio_server.gate import PROBLEM_TYPE, Gate
from sio_server.locales import preferred_locale

# What a peer asked for is said back, and to operators, where it cannot be a token that stands in the wrong place.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]{1,32}")

# The status of what came over a websocket.
SWITCHING: Final = int(HTTPStatus.SWITCHING_PROTOCOLS)

# Node's code for a version that it does not speak; clients and tools know it.
_UNSUPPORTED_VERSION: Final = 5


class EngineRefusals:
    """Notes each refusal of the Socket.IO engine, which calls it, and says it in words."""

    def __init__(self, gate: Gate, connections: Connections, refusals: Refusals) -> None:
        self._gate = gate
        self._connections = connections
        self._refusals = refusals

    def __call__(self, peer: RefusedPeer) -> Refusal | Mapping[str, Any] | None:
        """Note a refusal; returns the answer where the engine's own would say nothing to a person."""
        if peer.why is Why.FULL:
            return self._full(peer)
        if peer.why is Why.FLOOD and peer.joined:
            return None  # noted when the connection is counted out
        refused = _refused(peer)
        method = "CONNECT" if peer.status == SWITCHING and not peer.joined else peer.method
        status = None if peer.status == SWITCHING else peer.status
        self._refusals.note(refused, method=method, path=peer.path, address=peer.address, status=status)
        locale = preferred_locale(peer.environ.get("HTTP_ACCEPT_LANGUAGE"))
        text = refused.detail.within(locale)
        if peer.why in (Why.NAMESPACE, Why.TOO_LARGE):
            return {"message": text, "data": refused.as_dict(locale)}
        if peer.why is Why.VERSION:
            if peer.status in (SWITCHING, HTTPStatus.OK):
                return {"message": text}
            return Refusal(peer.status, orjson.dumps({"code": _UNSUPPORTED_VERSION, "message": text}))
        return None

    def check(self, environ: Mapping[str, Any], address: str) -> Refusal | None:
        """What is answered to a request that may not be made here or now, None to all others."""
        headers = headers_of(environ)
        try:
            if self._gate.development:
                self._gate.check_direct(headers, address)
            self._gate.check("GET", headers)
            self._connections.check_room(0, 1)
        except Refused as refused:
            return self._problem(refused, headers, "GET", environ["PATH_INFO"], address)
        return None

    def _full(self, peer: RefusedPeer) -> Refusal | None:
        try:
            self._connections.check_room(1, 1)
        except Refused as refused:
            return self._problem(refused, headers_of(peer.environ), peer.method, peer.path, peer.address)
        return None

    def _problem(self, refused: Refused, headers: Mapping[str, str], method: str, path: str, address: str) -> Refusal:
        request_id = self._gate.request_id(headers)
        problem = self._gate.problem(refused, headers, request_id, method=method, path=path, address=address)
        return Refusal(problem.status, problem.body, (("Content-Type", PROBLEM_TYPE), *problem.headers.items()))


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a handshake, with names in lower case."""
    return {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}


def _refused(peer: RefusedPeer) -> Refused:
    if peer.why is Why.TOO_LARGE and peer.status == SWITCHING and not peer.joined:
        return Refused("invalid_token", _LONG_AUTH)  # nothing but the auth of a CONNECT may come then
    code, text = _TEXTS[peer.why]
    subject = peer.subject if _PLAIN.fullmatch(peer.subject) else "?"
    return Refused(code, text.format(subject, peer.detail, subject.rstrip("/") if subject[:1] == "/" else "/rt"))


_TEXTS: Final[Mapping[Why, tuple[str, Text]]] = {
    Why.VERSION: (
        "not_supported",
        Text(
            "This server speaks Socket.IO 3 and later (EIO=4), the client another version (EIO={0}): update "
            "socket.io-client.",
            "Este servidor habla Socket.IO 3 y posteriores (EIO=4), el cliente otra versión (EIO={0}): actualiza "
            "socket.io-client.",
        ),
    ),
    Why.NAMESPACE: (
        "not_found",
        Text(
            "Namespace '{0}' is not served: connect to '/'. Where that is the path of a proxy, it goes into the option "
            '\'path\' of the client: io("https://example.org", {{ path: "{2}/socket.io" }}).',
            "El espacio de nombres '{0}' no existe: conéctate a '/'. Si es la ruta de un proxy, va en la opción 'path' "
            'del cliente: io("https://example.org", {{ path: "{2}/socket.io" }}).',
        ),
    ),
    Why.TRANSPORT: (
        "invalid_request",
        Text(
            "There is no such transport: use 'polling' or 'websocket'.",
            "No hay tal transporte: usa 'polling' o 'websocket'.",
        ),
    ),
    Why.SESSION: (
        "not_found",
        Text(
            "The Socket.IO session is not known (any more): clients make a new one by themselves. Behind several "
            "servers, each has to get the requests of its own sessions.",
            "La sesión de Socket.IO no se conoce (o ya no): los clientes hacen otra por sí mismos. Con varios "
            "servidores, cada uno ha de recibir las peticiones de sus sesiones.",
        ),
    ),
    Why.METHOD: (
        "method_not_allowed",
        Text("A Socket.IO session begins with GET.", "Una sesión de Socket.IO empieza con GET."),
    ),
    Why.REQUEST: (
        "invalid_request",
        Text("Not a request of Engine.IO 4: {1}.", "No es una petición de Engine.IO 4: {1}."),
    ),
    Why.PACKET: (
        "invalid_request",
        Text("Not a packet of Socket.IO 5: {1}.", "No es un paquete de Socket.IO 5: {1}."),
    ),
    Why.BINARY: (
        "not_supported",
        Text("Binary packets are not taken: {1}.", "No se admiten paquetes binarios: {1}."),
    ),
    Why.FRAME: (
        "invalid_request",
        Text("Not a WebSocket frame as RFC 6455 has it: {1}.", "No es una trama WebSocket según RFC 6455: {1}."),
    ),
    Why.TOO_LARGE: (
        "payload_too_large",
        Text(
            "More than a session may send at once (little, until it has joined its namespace): {1}.",
            "Más de lo que una sesión puede enviar de una vez (poco, hasta que entra en su espacio de nombres): {1}.",
        ),
    ),
    Why.SLOW: (
        "invalid_request",
        Text("The request's body did not come in time.", "El cuerpo de la petición no llegó a tiempo."),
    ),
    Why.FLOOD: ("rate_limited", Text("Cut: {1}.", "Cortada: {1}.")),
    Why.GAVE_WAY: (
        "rate_limited",
        Text(
            "Too many connections are on their way in: the oldest that had not said who it is gave way.",
            "Hay demasiadas conexiones entrando: la más antigua que no había dicho quién es dejó sitio.",
        ),
    ),
}
_LONG_AUTH: Final = Text(
    "The auth of CONNECT is too long: no token that holds is.",
    "El auth de CONNECT es demasiado largo: ningún token válido lo es tanto.",
)
