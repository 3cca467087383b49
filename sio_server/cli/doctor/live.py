"""Whether live connections get through: polling, the WebSocket upgrade, a stream, and a connection that is idle."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from sio_server.cli.doctor.findings import Finding, fault, ok, skipped, warning
from sio_server.cli.doctor.site import Answer, Site, Unreachable, why

_SOCKETIO: Final = "/socket.io/?EIO=4&transport="
_WS: Final = "/ws"
_STREAM: Final = "/v1/stream"

# The packet of Engine.IO with which a client ends its session.
_LEAVE: Final = b"1"

_UPGRADE_MEND: Final = (
    "have the proxy pass the upgrade on. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade"; Apache: mod_proxy_wstunnel; a cloud balancer: switch WebSockets on'
)
_IDLE_MEND: Final = "nginx: proxy_read_timeout 75s; HAProxy: timeout tunnel 1h; a cloud balancer: its idle time-out"


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the server says when a session of Engine.IO begins."""

    sid: str
    ping_interval: float

    @classmethod
    def of(cls, packet: str) -> _Opened | None:
        """The opening in a packet ``0{…}``; None for anything else."""
        try:
            members: dict[str, Any] = orjson.loads(packet[1:]) if packet.startswith("0") else {}
            return cls(str(members["sid"]), float(members["pingInterval"]) / 1000)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return None


async def examine_live(site: Site) -> AsyncIterator[Finding]:
    """Try each way that a client may take."""
    polling = await _polling(site)
    yield polling[0]
    async for finding in _websockets(site, polls=polling[1]):
        yield finding
    yield await _stream(site)
    yield await _idle(site)


async def _polling(site: Site) -> tuple[Finding, bool]:
    try:
        answer = await site.ask(f"{_SOCKETIO}polling")
        opened = _Opened.of(answer.text) if answer.status == 200 else None  # noqa: PLR2004 - OK
        if opened is None:
            return _no_polling(answer), False
        sid = f"{_SOCKETIO}polling&sid={opened.sid}"
        if site.token is None:  # without one it would be refused, and the refusal noted: it takes leave instead
            posted, polled = await site.ask(sid, method="POST", body=_LEAVE), answer
        else:
            posted = await site.ask(sid, method="POST", body=_connect(site))
            polled = await site.ask(sid)
            await site.ask(sid, method="POST", body=_LEAVE)
    except Unreachable as error:
        mend = "see whether the proxy passes GET and POST of /socket.io/ on, and holds no answer back"
        return fault("polling", f"Socket.IO by polling: {error}", mend), False
    if posted.status != 200 or polled.text[:1] not in ("0", "4"):  # noqa: PLR2004 - OK
        text = f"Socket.IO by polling is opened, and then lost ({posted.who}; {polled.who})"
        mend = "with several servers behind a balancer, have it keep a client with one of them (sticky sessions)"
        return fault("polling", text, mend), False
    return ok("polling", "Socket.IO by polling gets through"), True


def _connect(site: Site) -> bytes:
    """The packet that joins the namespace of notifications."""
    return b"40" + orjson.dumps({} if site.token is None else {"token": site.token})


def _no_polling(answer: Answer) -> Finding:
    if answer.code:
        return fault("polling", f"Socket.IO by polling is refused: {answer.detail}", "see `origin` and `server` here")
    mend = "have the proxy pass /socket.io/ on, with its query, to the same server"
    return fault("polling", f"what answers at /socket.io/ is no sio-server ({answer.who})", mend)


async def _websockets(site: Site, *, polls: bool) -> AsyncIterator[Finding]:
    names = (("websocket", "Socket.IO by WebSocket", f"{_SOCKETIO}websocket"), ("plain-websocket", "/ws", _WS))
    for check, name, path in names:
        try:
            async with _connected(site, path) as socket:
                if path == _WS:
                    await socket.ping()  # the server waits for a token there, and would note that none came
                message = await socket.receive(site.question.patience)
        except aiohttp.WSServerHandshakeError as error:
            yield _no_upgrade(check, name, f"HTTP {error.status}", polls=polls)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            yield _no_upgrade(check, name, why(error), polls=polls)
        else:
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.PONG):
                yield ok(check, f"{name} gets through")
            else:
                yield _no_upgrade(check, name, "it is opened, and cut before a word is said", polls=polls)


def _connected(site: Site, path: str) -> Any:
    headers = {"Origin": site.origin} if site.origin else {}
    timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
    return site.http.ws_connect(site.at(path), headers=headers, timeout=timeout, autoping=path != _WS)


def _no_upgrade(check: str, name: str, reason: str, *, polls: bool) -> Finding:
    works = " Polling works, so Socket.IO clients come through, slower" if polls and check == "websocket" else ""
    return fault(check, f"{name}: the upgrade does not come through ({reason}).{works}".rstrip("."), _UPGRADE_MEND)


# -- a stream ---------------------------------------------------------------------------------------------------------


async def _stream(site: Site) -> Finding:
    """Whether the beginning of a stream (SSE) is here at once; a proxy that gathers answers holds it back."""
    check = "stream"
    token = site.token
    if token is None and not site.session.get("development"):
        return skipped(check, "whether a proxy holds streams (SSE) back: give --token")
    headers = {"Accept": "text/event-stream", **({"Authorization": f"Bearer {token}"} if token else {})}
    mend = "nginx: proxy_buffering off (or leave the server's X-Accel-Buffering alone); take out gzip for streams"
    soon = site.question.first_byte
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=soon, sock_read=soon)
    try:
        async with site.http.get(site.at(_STREAM), headers=headers, timeout=timeout) as response:
            if response.status != 200:  # noqa: PLR2004 - OK
                return skipped(check, f"whether a proxy holds streams (SSE) back: {_STREAM} answers {response.status}")
            await response.content.readany()
    except TimeoutError:
        text = f"a stream (SSE) is held back: nothing of it is here after {soon:g} s"
        return fault(check, text, mend)
    except (aiohttp.ClientError, OSError) as error:
        return fault(check, f"a stream (SSE) is cut: {why(error)}", mend)
    return ok(check, "a stream (SSE) begins at once")


# -- a connection that is idle ----------------------------------------------------------------------------------------


async def _idle(site: Site) -> Finding:
    """Whether a connection on which nothing is said lives until the server's next ping."""
    check = "idle"
    if site.question.quick:
        return skipped(check, "whether idle connections live: left out by --quick")
    if site.token is None and not site.session.get("development"):
        return skipped(check, "whether idle connections live until the next ping: give --token")
    try:
        async with _connected(site, f"{_SOCKETIO}websocket") as socket:
            opened = _Opened.of(str((await socket.receive(site.question.patience)).data))
            if opened is None:
                return skipped(check, "whether idle connections live: none could be opened")
            await socket.send_str(_connect(site).decode())
            return await _until_ping(socket, opened.ping_interval, site.question.patience)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return skipped(check, f"whether idle connections live: none could be opened ({why(error)})")


async def _until_ping(socket: aiohttp.ClientWebSocketResponse, interval: float, patience: float) -> Finding:
    heard = started = time.monotonic()
    while True:
        try:
            message = await socket.receive(interval + patience)
        except TimeoutError:
            text = f"no ping in {interval + patience:.0f} s on a connection that is open"
            return fault("idle", text, "see whether a proxy holds small messages back")
        if message.type is not aiohttp.WSMsgType.TEXT:
            return _cut(time.monotonic() - heard, interval)
        if message.data == "2":
            lasted = time.monotonic() - started
            return ok("idle", f"an idle connection lived until the server's ping, for {lasted:.0f} s")
        if message.data.startswith("44"):
            return skipped("idle", "whether idle connections live: the token was refused (see token)")
        heard = time.monotonic()


def _cut(after: float, interval: float) -> Finding:
    text = f"an idle connection is cut after {after:.1f} s, and the server pings every {interval:g} s"
    if after < interval:
        return fault("idle", f"{text}: a time-out on the way is too short", _IDLE_MEND)
    return warning("idle", text, _IDLE_MEND)
