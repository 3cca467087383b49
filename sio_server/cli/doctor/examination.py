"""The order of a doctor's checks: from the outside in, each where those before it leave something to ask."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from sio_server.cli.doctor.credentials import examine_credentials
from sio_server.cli.doctor.findings import Finding
from sio_server.cli.doctor.history import examine_history
from sio_server.cli.doctor.live import examine_live
from sio_server.cli.doctor.machine import examine_machine
from sio_server.cli.doctor.passage import examine_passage, examine_way
from sio_server.cli.doctor.reach import Lost, find_address, find_certificate, find_no_tls, find_port, find_server
from sio_server.cli.doctor.site import Question, Site


async def examine(
    question: Question, directory: Path | None = None, database: str | None = None
) -> AsyncIterator[Finding]:
    """Ask the server at an address all that can be asked from here; ``directory`` is its data directory, if it is here.

    ``database`` is where its log is, if that is not there. Each finding comes as soon as it is made. Nothing is
    published, nothing is changed.
    """
    try:
        async for finding in _from_afar(question):
            yield finding
    except Lost as lost:
        yield lost.finding
    if directory is not None:
        for finding in await asyncio.to_thread(lambda: list(examine_machine(directory, database))):
            yield finding


async def _from_afar(question: Question) -> AsyncIterator[Finding]:
    yield await find_address(question)
    yield await find_port(question)
    context: ssl.SSLContext | None = None
    trusted = True
    plain = None if question.secure else find_no_tls(question)
    if plain is not None:
        yield plain
    if question.secure:
        found, context, trusted = await find_certificate(question)
        for finding in found:
            yield finding
    async with Site(question, context, trusted=trusted) as site:
        async for finding in find_server(site):
            yield finding
        judged, observer = await examine_credentials(site)
        for finding in judged:
            yield finding
        for finding in await examine_history(site, observer):
            yield finding
        async for finding in examine_passage(site):
            yield finding
        for finding in examine_way(site, observer):
            yield finding
        async for finding in examine_live(site):
            yield finding
