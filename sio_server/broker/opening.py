"""Which brokers there are: the only place that knows what the setting ``broker`` may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sio_server.broker.address import address_of, is_postgres
from sio_server.broker.broker import Broker
from sio_server.broker.copies import Copies
from sio_server.config import Config, env_name
from sio_server.errors import ConfigError

# Is called on the loop after each commit, with the seconds it took and the number of publishes in it.
Committed = Callable[[float, int], None]


def open_broker(config: Config, *, committed: Committed | None = None) -> Broker:
    """The broker that the settings name, not started yet. Raises `ConfigError` for one that there is none of.

    ``committed`` is called on the loop after each commit with the seconds it took and the number of publishes in it.
    """
    check_scheme(config.broker)
    return _BROKERS.get(config.broker, _in_postgres)(config, committed)


def open_copies(directory: Path) -> Copies:
    """The log in a data directory, for commands beside its server; nothing is opened yet.

    There is one broker with files; another one will be told apart by the setting ``broker``.
    """
    from sio_server.broker.sqlite.copies import SqliteCopies  # noqa: PLC0415 - see below

    return SqliteCopies(directory)


def check_scheme(broker: str, named: str = env_name("broker")) -> None:
    """Raise `ConfigError` unless there is a broker of this name; ``named`` is what the setting is called there.

    Opens nothing and imports no broker, so that a wrong setting is told at once.
    """
    if is_postgres(broker):
        try:
            address_of(broker)
        except ConfigError as error:
            raise ConfigError(f"{named}: {error}") from None
        if find_spec("asyncpg") is None:
            raise ConfigError(f"{named}: PostgreSQL needs a library: pip install 'sio-server[postgres]'")
    elif broker not in _BROKERS:
        scheme = broker.partition(":")[0]  # what follows may hold a password
        known = ", ".join(f"'{known}'" for known in _BROKERS)
        raise ConfigError(f"{named}: '{scheme}:' is not supported: use {known} or 'postgresql://…'.")


def shown(broker: str) -> str:
    """The setting ``broker`` as it may be shown: without a user's name and password."""
    return address_of(broker).place if is_postgres(broker) else broker


async def weaknesses(config: Config) -> list[str]:
    """Which promises the database of these settings weakens, a line each; nothing for a log in a file or in memory.

    The database is asked, and nothing in it is changed. Raises `LogError` where a server could not start on it.
    """
    if not is_postgres(config.broker):
        return []
    from sio_server.broker.postgres import examine  # noqa: PLC0415 - see below

    return await examine(config.broker)


def check_workers(broker: str, workers: int, named: str = env_name("workers")) -> None:
    """Raise `ConfigError` where several processes cannot share a log; ``named`` is what the setting is called there."""
    if workers > 1 and broker in _OF_ONE_PROCESS:
        raise ConfigError(
            f"{named}: {workers} processes cannot share a log of '{broker}', which is one process's alone: set "
            f"{env_name('broker')} to postgresql://…, or leave {env_name('workers')} at 1."
        )


# A broker is imported where it is opened: its libraries need not be there for the others.


def _in_a_file(config: Config, committed: Committed | None) -> Broker:
    from sio_server.broker.sqlite import SqliteBroker  # noqa: PLC0415 - see above

    return SqliteBroker(
        config.data_dir,
        idempotency_ttl=config.idempotency_ttl,
        max_body=config.max_body,
        trust_clock=config.trust_clock,
        committed=committed,
    )


def _in_memory(config: Config, committed: Committed | None) -> Broker:
    from sio_server.broker.sqlite import SqliteBroker  # noqa: PLC0415 - see above

    return SqliteBroker(None, idempotency_ttl=config.idempotency_ttl, max_body=config.max_body, committed=committed)


def _in_postgres(config: Config, committed: Committed | None) -> Broker:
    from sio_server.broker.postgres import PostgresBroker  # noqa: PLC0415 - see above

    return PostgresBroker(config.broker, idempotency_ttl=config.idempotency_ttl, committed=committed)


_OF_ONE_PROCESS: Final = frozenset({"sqlite:", "memory:"})

_BROKERS: Final[Mapping[str, Callable[[Config, Committed | None], Broker]]] = {
    "sqlite:": _in_a_file,
    "memory:": _in_memory,
}
