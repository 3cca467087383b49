"""What a database is asked at the start: whether it can be used, and which promises its settings weaken."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from sio_server.broker.address import Address, address_of
from sio_server.broker.postgres import faults
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.postgres.schema import has_schema, version_of
from sio_server.errors import LogError

# Seconds in which a notification of the database arrives that arrives at all.
HEARD: Final = 5.0

_SETTINGS: Final = """
SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names')
"""


async def weaknesses(connection: Connection) -> list[str]:
    """What the settings of the database take from what is promised, a line each with its mend."""
    return list(_weaknesses(*await connection.fetchrow(_SETTINGS)))


def _weaknesses(fsync: str, commit: str, standbys: str) -> Iterator[str]:
    if fsync == "off":
        yield "fsync is off: when the database's machine loses power, the log is damaged; set fsync = on"
    if commit == "off":
        yield (
            "synchronous_commit is off: when the database crashes, notifications of the last moments are lost whose "
            "publishers were told that they are stored; set synchronous_commit = on"
        )
    if not standbys.strip():
        yield (
            "there is no synchronous standby: when the database's machine is lost, or another one takes over, "
            "notifications of the last moments are lost whose publishers were told that they are stored; "
            "set synchronous_standby_names"
        )
    elif commit == "local":
        yield (
            "synchronous_commit is local: no standby is waited for, and one that takes over may lack notifications "
            "whose publishers were told that they are stored; set synchronous_commit = on"
        )


async def ensure_heard(listening: Any, connection: Connection, place: str) -> None:
    """Raise `LogError` unless one connection hears what another one says with NOTIFY."""
    channel, heard = f"sio:{secrets.token_hex(8)}", asyncio.Event()

    def hear(*_: object) -> None:
        heard.set()

    await listening.add_listener(channel, hear)
    try:
        await connection.execute("SELECT pg_notify($1, '')", channel)
        await asyncio.wait_for(heard.wait(), HEARD)
    except TimeoutError:
        raise faults.deaf(place) from None
    finally:
        await listening.remove_listener(channel, hear)


async def examine(broker: str) -> list[str]:
    """The weaknesses of the database that the setting ``broker`` names, in which nothing is made or changed.

    Raises `LogError` where a node could not be started on it.
    """
    address = address_of(broker)
    database = Database(broker, lambda: 0.0, connections=1)
    made: list[Any] = []
    try:
        made.append(connection := await database.connect())
        made.append(listening := await database.connect())
        await _ensure_usable(connection, address)
        await ensure_heard(listening, connection, address.place)
        return await weaknesses(connection)
    except (*faults.FAULTS, LogError) as error:
        raise faults.of_start(address.place, error) from error
    finally:
        for one in made:
            with suppress(*faults.FAULTS):
                await one.close(timeout=HEARD)


async def _ensure_usable(connection: Connection, address: Address) -> None:
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise faults.standby(address.place)
    there = await has_schema(connection, address.schema)
    allowed = (
        "has_schema_privilege($1, 'CREATE, USAGE')" if there else "has_database_privilege(current_database(), 'CREATE')"
    )
    if not await connection.fetchval(f"SELECT $1 <> '' AND {allowed}", address.schema):
        raise faults.not_allowed(address.place)
    await version_of(connection, address.schema)
