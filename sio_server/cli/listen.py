"""``listen`` and ``log``: notifications as lines, from the wire and from the log on disk."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from sio_server.cli.commands import CommandFailed, complain, language_option, one_line, read_dotenv, url_option
from sio_server.cli.places import data_dir_of, ensure_file, place_options
from sio_server.errors import KINDS

CONTROL_PREFIX: Final = "ns:"

# Seconds to wait for the server's word after the connection stands. Fetching keys to verify a token takes longest.
CONNECT_TIMEOUT: Final = 10

# Seconds for saying goodbye.
CLOSE_TIMEOUT: Final = 2

_LAST: Final = 20

_TEXTS: Final = {
    "es": {"connected": "conectado a", "lost": "conexión perdida; se vuelve a intentar"},
    "en": {"connected": "connected to", "lost": "connection lost; trying again"},
}

_COLOURS: Final = {"low": "white", "high": "yellow", "critical": "red"}

OnEvent = Callable[[str, dict[str, Any]], None]


class Listener:
    """A Socket.IO client that hands on each event; it comes back by itself until the server says not to.

    ``on_event`` gets the name of an event and its envelope, in the order of the wire. What it raises ends `wait`.
    """

    def __init__(self, url: str, auth: Mapping[str, Any], on_event: OnEvent, on_lost: Callable[[], None]) -> None:
        import aiohttp  # noqa: PLC0415 - together half a second, which no other command should wait for
        import socketio  # noqa: PLC0415

        self.url = url
        self._auth = {name: value for name, value in auth.items() if value}
        self._on_event = on_event
        self._on_lost = on_lost
        self._errors = socketio.exceptions
        # Ours, so that it is closed too when Ctrl-C comes while the library is still connecting.
        self._session = aiohttp.ClientSession()
        self._client: Any = socketio.AsyncClient(handle_sigint=False, http_session=self._session)
        self._client.on("connect_error", self._refused)
        self._client.on("disconnect", self._disconnected)
        # Plain functions: coroutines would run as tasks of their own, and those may overtake one another.
        self._client.on("*", self._received)
        self._cursor = ""
        self._refusal = ""
        self._greeted = asyncio.Event()
        self._waiting: asyncio.Task[None] | None = None
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        """Connect and be greeted. Raises `CommandFailed` with the server's reason."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._client.connect(
                    self.url,
                    auth=self._credentials,
                    socketio_path=f"{urlsplit(self.url).path}/socket.io",  # of the address it takes no path
                    wait_timeout=CONNECT_TIMEOUT,
                )
                await self._greeted.wait()
        except (self._errors.ConnectionError, ValueError) as error:
            # What the libraries say of a closed port is about sockets and certificates.
            reason = "is it running?" if "Cannot connect" in str(error) else one_line(error)
            raise CommandFailed(self._refusal or f"{self.url} cannot be reached: {reason}") from None
        except TimeoutError:
            raise CommandFailed(f"{self.url} did not answer as sio-server does in {CONNECT_TIMEOUT} s") from None

    def _credentials(self) -> dict[str, Any]:
        """What each connection begins with: who this is, and up to where everything has come."""
        return self._auth | ({"cursor": self._cursor} if self._cursor else {})

    async def wait(self) -> None:
        """Wait for `stop`. Raises `CommandFailed` when the server wants this client gone for good."""
        self._waiting = asyncio.create_task(self._client.wait())
        await asyncio.wait((self._waiting, self._end), return_when=asyncio.FIRST_COMPLETED)
        if not self._end.done():
            raise CommandFailed(self._refusal or f"{self.url} ended the connection")
        self._end.result()

    def stop(self, error: Exception | None = None) -> None:
        """Let `wait` return, or raise ``error``."""
        if self._end.done():
            return
        if error is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(error)

    async def close(self) -> None:
        """Take leave of the server."""
        if self._end.done() and not self._end.cancelled():
            self._end.exception()  # seen: whoever did not wait for it did not want to know
        with suppress(self._errors.SocketIOError, TimeoutError):
            # The library waits for the answer to its last poll, which a server in trouble may never give.
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._client.shutdown()
        await self._session.close()
        # Not before: it waits for the task that reads, and a cancellation would reach that too.
        if self._waiting is not None:
            self._waiting.cancel()

    def _received(self, name: str, *arguments: Any) -> None:
        envelope = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        self._cursor = envelope.get("cursor") or self._cursor
        if name == "ns:hello":
            self._greeted.set()
        elif name == "ns:closing" and "code" in envelope:
            self._refusal = f"{self.url} closed the connection: {_title(envelope)}"
        try:
            self._on_event(name, envelope)
        except Exception as error:  # noqa: BLE001 - raised again by `wait`; the library would only log it
            self.stop(error)

    def _disconnected(self, *_: Any) -> None:
        if not self._end.done():
            self._on_lost()

    def _refused(self, reason: Any = None) -> None:
        """``connect_error``: the problem document is the ``data`` of what the server says, or an HTTP reply itself."""
        problem = reason.get("data", reason) if isinstance(reason, dict) else None
        if not isinstance(problem, dict) or "code" not in problem:
            return
        self._refusal = f"{self.url} refused the connection: {_title(problem)}"
        if not problem.get("retryable", False):
            self.stop(CommandFailed(self._refusal))


def _title(problem: Mapping[str, Any]) -> str:
    code = str(problem["code"])
    known = KINDS.get(code)
    detail = problem.get("detail") or problem.get("message") or (known.title if known else "")
    return one_line(f"{code}: {detail}" if detail else code)


def resolve_url(url: str | None) -> str:
    """The server's address: the flag, SIO_SERVER_URL or the default. Raises `ConfigError`; `CommandFailed` for none."""
    from sio_server.client.exchange import Target  # noqa: PLC0415 - imports an HTTP client

    target = Target.of(url, None, 1.0, None)
    if target.is_off:
        raise CommandFailed(f"SIO_SERVER_URL is {target.url}, which is no server: name one with --url")
    return target.url


@click.command()
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="Role to state, in development mode (repeatable)")
@click.option("--user", metavar="ID", help="User to state, in development mode")
@click.option("--token", metavar="TOKEN", help="Token to connect with [SIO_SERVER_TOKEN]")
@click.option("--json", "as_json", is_flag=True, help="A JSON document a line: the envelope as it came")
@click.option("--control", is_flag=True, help="With --json, control events (ns:…) too")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after N notifications")
@url_option
@language_option
def listen(
    roles: tuple[str, ...],
    user: str | None,
    token: str | None,
    url: str | None,
    lang: str,
    *,
    as_json: bool,
    control: bool,
    count: int | None,
) -> None:
    """Show each notification on a line as it arrives, until Ctrl-C."""
    read_dotenv()
    token = token or os.environ.get("SIO_SERVER_TOKEN")
    auth = {"token": token, "locale": lang} if token else {"roles": list(roles), "user": user, "locale": lang}
    asyncio.run(_listen(resolve_url(url), auth, _Printer(lang, as_json=as_json, control=control), count))


async def _listen(url: str, auth: Mapping[str, Any], printer: _Printer, count: int | None) -> None:
    received = 0

    def on_event(name: str, envelope: dict[str, Any]) -> None:
        nonlocal received
        if count is not None and received >= count:
            return
        printer.show(name, envelope)
        received += not name.startswith(CONTROL_PREFIX)
        if received == count:
            listener.stop()

    listener = Listener(url, auth, on_event, printer.lost)
    try:
        await listener.connect()
        printer.connected(url)
        await listener.wait()
    finally:
        await listener.close()


class _Printer:
    def __init__(self, lang: str, *, as_json: bool, control: bool) -> None:
        self._texts = _TEXTS[lang]
        self._as_json = as_json
        self._control = control

    def connected(self, url: str) -> None:
        complain(f"{self._texts['connected']} {url}")

    def lost(self) -> None:
        complain(self._texts["lost"])

    def show(self, name: str, envelope: dict[str, Any]) -> None:
        is_control = name.startswith(CONTROL_PREFIX)
        if not self._as_json:
            line = click.style(one_line(f"{name}  {_dumps(envelope)}"), dim=True) if is_control else line_of(envelope)
            click.echo(line)
        elif not is_control:
            click.echo(_dumps(envelope))
        elif self._control:
            click.echo(_dumps({"type": name, **envelope}))


def _dumps(document: Mapping[str, Any]) -> str:
    # ASCII: the line is for programs, and a terminal obeys no escape sequence that is written as \u001b.
    return json.dumps(document, separators=(",", ":"))


def line_of(envelope: Mapping[str, Any], *, dated: bool = False) -> str:
    """An envelope on one line: local time with its zone, seq, type, message.

    Click drops the colours where they are not wanted.
    """
    priority = str(envelope.get("priority"))
    parts = [
        click.style(_moment(str(envelope.get("timestamp")), dated=dated), dim=True),
        one_line(f"#{envelope.get('seq')}"),
        click.style(one_line(envelope.get("type")), bold=True, fg=_COLOURS.get(priority, "cyan")),
        one_line(envelope.get("message") or envelope.get("title") or ""),
    ]
    if priority in ("high", "critical"):
        parts.append(click.style(f"[{priority}]", fg=_COLOURS[priority]))
    if link := envelope.get("link"):
        parts.append(click.style(one_line(link), underline=True))
    return "  ".join(parts)


def _moment(timestamp: str, *, dated: bool) -> str:
    try:
        moment = datetime.fromisoformat(timestamp).astimezone()
    except (ValueError, OverflowError):
        return "-"
    zone = moment.strftime("%z")  # +0100
    zone = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:5]}"
    return moment.strftime("%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S") + zone


@click.command()
@place_options
@click.option(
    "--last", type=click.IntRange(1), metavar="N", help=f"Only the newest N [default: {_LAST}, or all with --after]"
)
@click.option("--after", type=click.IntRange(0), metavar="SEQ", help="Only what came after this one")
@click.option("--json", "as_json", is_flag=True, help="A JSON document a line: envelope, audience, source, publisher")
def log(data_dir: Path | None, config_file: Path | None, last: int | None, after: int | None, *, as_json: bool) -> None:
    """Show the notifications in the log on disk, oldest first."""
    read_dotenv()
    from sio_server.broker.sqlite.reader import read_log  # noqa: PLC0415 - imports what the log needs

    ensure_file(data_dir, config_file, instead="ask a server for it: the console, or GET /v1/notifications")
    directory = data_dir_of(data_dir, config_file)
    if last is None and after is None:
        last = _LAST
    for entry in read_log(directory, after=after or 0, last=last):
        envelope = entry.envelope()
        if as_json:
            click.echo(_dumps({**envelope, **entry.record()}))
        else:
            click.echo(line_of(envelope, dated=True))
