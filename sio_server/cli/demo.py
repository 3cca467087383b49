"""``demo``: a day in the tourism system, as nine notifications; with ``--watch``, who gets which."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import click

from sio_server.audience import Identity
from sio_server.cli.catalog import console
from sio_server.cli.commands import CommandFailed, key_option, language_option, one_line, read_dotenv, url_option
from sio_server.cli.listen import CONTROL_PREFIX, Listener, resolve_url
from sio_server.cli.send import TIMEOUT, sign
from sio_server.client import NotifyClient, PublishResult
from sio_server.client.known import default_catalog
from sio_server.event_types import EventTypes


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens in the day."""

    type: str
    data: Mapping[str, Any]


_JUAN: Final = {"usuario_id": "123", "nombre": "Juan Pérez", "email": "juan@example.com", "rol": "turista"}
_ANA: Final = {"usuario_id": "456", "nombre": "Ana García", "email": "ana@example.com", "rol": "turista"}

DAY: Final = (
    Scene("usuario_registrado", _JUAN),
    Scene("usuario_inicio_sesion", _ANA),
    Scene("destino_creado", {"destino_id": "d-7", "nombre": "Lago Azul", "pais": "Chile"}),
    Scene(
        "tour_creado",
        {"tour_id": "t-31", "nombre": "Vuelta al lago", "destino_id": "d-7", "precio": 45.5, "cupos": 12},
    ),
    Scene(
        "recomendacion_creada",
        {"recomendacion_id": "r-9", "usuario_id": "456", "titulo": "Vuelta al lago", "tour_id": "t-31"},
    ),
    Scene(
        "reserva_creada",
        {"reserva_id": "b-55", "usuario_id": "123", "tour_id": "t-31", "tour_nombre": "Vuelta al lago", "personas": 2},
    ),
    Scene(
        "servicio_contratado",
        {"contrato_id": "c-3", "servicio_id": "s-2", "servicio_nombre": "Traslado", "usuario_id": "456"},
    ),
    Scene("guia_creado", {"guia_id": "g-4", "nombre": "Elena Ruiz", "idiomas": ["es", "en"]}),
    Scene(
        "reserva_cancelada",
        {
            "reserva_id": "b-55",
            "usuario_id": "123",
            "tour_id": "t-31",
            "tour_nombre": "Vuelta al lago",
            "motivo": "Mal tiempo",
        },
    ),
)

WATCHERS: Final = (
    Identity("1", ("admin",)),
    Identity("123", ("turista",)),
    Identity("456", ("turista",)),
)

# Seconds to wait for the last arrivals. On one machine they take milliseconds; a long line adds its own time.
PATIENCE: Final = 5.0

_TEXTS: Final = {
    "es": {
        "progress": "Publicando",
        "event": "evento",
        "message": "mensaje",
        "sockets": "conexiones",
        "as_told": "Cada cual recibió lo que dice el catálogo, una vez y en orden.",
        "not_as_told": "Lo recibido no es lo que dice el catálogo:",
    },
    "en": {
        "progress": "Publishing",
        "event": "event",
        "message": "message",
        "sockets": "connections",
        "as_told": "Everybody got what the catalogue says, once and in order.",
        "not_as_told": "What arrived is not what the catalogue says:",
    },
}


@dataclass(slots=True)
class Watcher:
    """A person who listens during the day. ``received`` holds the ids, as they came."""

    identity: Identity
    received: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        """What the table calls this person."""
        return f"{self.identity.roles[0]} {self.identity.user}"

    def on_event(self, name: str, envelope: Mapping[str, Any]) -> None:
        """Keep what arrived."""
        if not name.startswith(CONTROL_PREFIX):
            self.received.append(str(envelope.get("id")))
            self.arrived.set()

    async def wait_for(self, ids: Sequence[str]) -> None:
        """Wait until all of these have arrived, or `PATIENCE` is over."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not set(ids).issubset(self.received):
                    self.arrived.clear()
                    await self.arrived.wait()
        except TimeoutError:
            return  # what is missing shows in the table


@click.command()
@click.option(
    "--delay", type=click.FloatRange(0, 60), default=0.25, show_default=True, metavar="SECONDS", help="Between two"
)
@click.option(
    "--watch",
    is_flag=True,
    help="Also listen as an admin and as the tourists 123 and 456, and check who got what. Outside development mode "
    "it signs their tokens with SIO_SERVER_JWT_SECRET",
)
@url_option
@key_option
@language_option
def demo(url: str | None, key: str | None, lang: str, delay: float, *, watch: bool) -> None:
    """Publish the nine notifications of a day in the system, and show what came back."""
    read_dotenv()
    asyncio.run(_demo(resolve_url(url), key, lang, delay, watch=watch))


async def _demo(url: str, key: str | None, lang: str, delay: float, *, watch: bool) -> None:
    catalog = default_catalog()
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(_watching(url, identity)) for identity in WATCHERS if watch]
        client = await stack.enter_async_context(NotifyClient(url, key, timeout=TIMEOUT, locale=lang))
        results = await _publish(client, lang, delay)
        expected = [_expected(catalog, watcher.identity, results) for watcher in watchers]
        for watcher, ids in zip(watchers, expected, strict=True):
            await watcher.wait_for(ids)
    _show(catalog, lang, results, watchers)
    if watchers:
        _judge(lang, results, watchers, expected)


@asynccontextmanager
async def _watching(url: str, identity: Identity) -> AsyncIterator[Watcher]:
    watcher = Watcher(identity)
    auth: dict[str, Any] = {"user": identity.user, "roles": list(identity.roles)}
    if os.environ.get("SIO_SERVER_JWT_SECRET"):
        auth = {"token": sign(str(identity.user), identity.roles)}
    listener = Listener(url, auth, watcher.on_event, lambda: None)
    try:
        await listener.connect()
        yield watcher
    finally:
        await listener.close()


async def _publish(client: NotifyClient, lang: str, delay: float) -> list[PublishResult]:
    from rich.progress import Progress  # noqa: PLC0415 - the help need not wait for it

    results: list[PublishResult] = []
    with Progress(console=console(stderr=True)) as progress:
        task = progress.add_task(_TEXTS[lang]["progress"], total=len(DAY))
        for step in DAY:
            if results:
                await asyncio.sleep(delay)
            results.append(await client.publish(step.type, data=step.data))
            progress.advance(task)
    return results


def _expected(catalog: EventTypes, identity: Identity, results: Sequence[PublishResult]) -> list[str]:
    """The ids that the catalogue says are for this person, in the order of the log."""
    return [
        result.id
        for step, result in zip(DAY, results, strict=True)
        if catalog[step.type].audience_for(step.data)[0].includes(identity)
    ]


def _show(catalog: EventTypes, lang: str, results: Sequence[PublishResult], watchers: Sequence[Watcher]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    texts = _TEXTS[lang]
    table = Table("seq", texts["event"], texts["message"], texts["sockets"], *(watcher.name for watcher in watchers))
    for step, result in zip(DAY, results, strict=True):
        table.add_row(
            *(
                Text(one_line(value))  # no markup: brackets in it are brackets
                for value in (result.seq, result.type, catalog[step.type].text_for(step.data, lang), result.sockets)
            ),
            *("●" * watcher.received.count(result.id) for watcher in watchers),
        )
    console().print(table)


def _judge(
    lang: str, results: Sequence[PublishResult], watchers: Sequence[Watcher], expected: Sequence[Sequence[str]]
) -> None:
    ours = {result.id: result.type for result in results}
    wrong = []
    for watcher, ids in zip(watchers, expected, strict=True):
        # Others may publish meanwhile; only the nine of this day are judged.
        received = [ours[identity] for identity in watcher.received if identity in ours]
        meant = [ours[identity] for identity in ids]
        if received != meant:
            wrong.append(f"{watcher.name}: {', '.join(received) or '-'} != {', '.join(meant) or '-'}")
    if wrong:
        raise CommandFailed("\n".join((_TEXTS[lang]["not_as_told"], *wrong)))
    click.echo(_TEXTS[lang]["as_told"])
