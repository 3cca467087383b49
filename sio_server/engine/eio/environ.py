"""The WSGI-like environ that python-socketio's handlers get, built lean and kept small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sio_server.engine.eio.addresses import TrustedProxies

#: Header name as sent -> environ key, so that equal keys are one string for all connections.
_KEYS: dict[str, str] = {}
#: Values that many connections share (hosts, browsers), as one string each.
_VALUES: dict[str, str] = {}
#: Bounds of the two above: a peer chooses both.
_MAX_KEYS, _MAX_VALUES, _MAX_SHARED = 256, 1024, 256
#: Of no use after the handshake.
_DROPPED = frozenset({"HTTP_SEC_WEBSOCKET_KEY"})

Environ = dict[str, Any]


def _key(name: str) -> str:
    key = _KEYS.get(name)
    if key is None:
        upper = name.upper().replace("-", "_")
        key = upper if upper in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + upper
        if len(_KEYS) < _MAX_KEYS:
            _KEYS[name] = key
    return key


def _shared(value: str) -> str:
    found = _VALUES.get(value)
    if found is not None:
        return found
    if len(_VALUES) < _MAX_VALUES and len(value) < _MAX_SHARED:
        _VALUES[value] = value
    return value


def build(
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    *,
    peer: tuple[str, str],
    proxies: TrustedProxies,
    secure: bool,
) -> Environ:
    """The environ of a request.

    `REMOTE_ADDR` is the client's real address; `wsgi.url_scheme` follows `X-Forwarded-Proto` from a trusted
    proxy only.
    """
    environ: Environ = {
        "REQUEST_METHOD": _shared(method),
        "PATH_INFO": _shared(path),
        "QUERY_STRING": _shared(query),
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "aiohttp",
    }
    for name, value in headers:
        key = _key(name)
        if key in _DROPPED:
            continue
        environ[key] = _shared(value) if key not in environ else f"{environ[key]},{value}"
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = _shared(peer[0]), peer[1]
    environ["wsgi.url_scheme"] = "https" if secure else "http"
    if proxies and peer[0] in proxies:
        environ["sio.trusted"] = True
        environ["REMOTE_ADDR"] = proxies.client(peer[0], environ.get("HTTP_X_FORWARDED_FOR"))
        proto = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip()
        if proto in ("http", "https"):
            environ["wsgi.url_scheme"] = proto
    return environ


class EnvironTable(dict[str, Any]):
    """Engine.IO sid -> environ. `compact` folds one until somebody asks for it again: 1.3 KB become 0.2."""

    __slots__ = ("_shapes",)

    def __init__(self) -> None:
        super().__init__()
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

    def compact(self, sid: str, dropped: tuple[str, ...] = ()) -> None:
        """Keep the environ as a tuple of values beside a shared tuple of keys."""
        environ = dict.get(self, sid)
        if not isinstance(environ, dict):
            return
        for key in dropped:
            environ.pop(key, None)
        keys = tuple(environ)
        if len(self._shapes) < _MAX_VALUES:
            keys = self._shapes.setdefault(keys, keys)
        dict.__setitem__(self, sid, (keys, *environ.values()))

    def __getitem__(self, sid: str) -> Environ:
        found = dict.__getitem__(self, sid)
        if isinstance(found, tuple):
            found = dict(zip(found[0], found[1:], strict=True))
            dict.__setitem__(self, sid, found)
        return found  # type: ignore[no-any-return]

    def get(self, sid: str, default: Any = None) -> Any:
        """The environ of a session, or the default."""
        return self[sid] if sid in self else default  # noqa: SIM401  `get` is what this is
