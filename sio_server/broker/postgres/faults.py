"""What PostgreSQL, asyncpg and the system say when a log cannot be used, in words that name the mend."""

from __future__ import annotations

from typing import Final

import asyncpg

from sio_server.errors import BrokerUnavailable, LogError, Refused, Text

# What a call raises when the database cannot be reached, breaks off, or answers that it cannot do it now. Mistakes in
# the use of asyncpg are `InterfaceError`, which it also raises for a connection that is gone, and
# `InternalClientError` for one that goes while it is being made.
FAULTS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

# Another transaction was in the way, nothing was written, and the same call may do it now.
AGAIN: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

# A text has what no text of the database can have; nothing was written.
NO_TEXT: Final = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def closed() -> BrokerUnavailable:
    """The refusal of a log that is not open."""
    return BrokerUnavailable(Text("The log is closed.", "El registro está cerrado."))


def not_text() -> Refused:
    """The refusal of a text that the database cannot keep."""
    return Refused(
        "invalid_data",
        Text(
            "It has the character U+0000, which this log cannot keep: leave it out.",
            "Tiene el carácter U+0000, que este registro no puede guardar: quítalo.",
        ),
    )


def held_up() -> BrokerUnavailable:
    """The refusal while a commit does not come back."""
    return BrokerUnavailable(
        Text(
            "The database reads and does not write: a synchronous standby may be away.",
            "La base de datos lee y no escribe: puede faltar un servidor de reserva síncrono.",
        )
    )


def silent() -> BrokerUnavailable:
    """The refusal while the database does not answer."""
    return BrokerUnavailable(Text("The database does not answer.", "La base de datos no responde."))


def full() -> BrokerUnavailable:
    """The refusal where more waits than may be held."""
    return BrokerUnavailable(
        Text("Too many changes wait for the database.", "Demasiados cambios esperan a la base de datos.")
    )


def refused(error: BaseException) -> Refused:
    """The refusal for what a call raised."""
    return not_text() if isinstance(error, NO_TEXT) else unavailable(error)


def unavailable(error: BaseException) -> BrokerUnavailable:
    """The refusal for what a call raised: nothing was stored, or it is not known whether it was."""
    answer = Text("The database answers: {0}", "La base de datos responde: {0}")
    return BrokerUnavailable(answer.format(str(error) or type(error).__name__))


def of_start(place: str, error: BaseException) -> LogError:
    """What is said where the log cannot be opened; ``place`` is where it is, without a password."""
    if isinstance(error, LogError):
        return error
    return LogError(f"{place}: {str(error) or type(error).__name__}: {_mend(error)}")


def deaf(place: str) -> LogError:
    """What is said where notifications of the database do not arrive."""
    return LogError(f"{place}: what one connection is told with NOTIFY another one does not hear: {_POOL}")


def standby(place: str) -> LogError:
    """What is said of a database that takes no writes."""
    return LogError(f"{place}: {_STANDBY}")


def not_allowed(place: str) -> LogError:
    """What is said where the tables cannot be made."""
    return LogError(f"{place}: this user may not make tables: {_NOT_ALLOWED}")


_STANDBY: Final = "this is a standby: name the primary, or both as host1,host2 with ?target_session_attrs=read-write"
_NOT_ALLOWED: Final = "give this user the right to CREATE in the database, or make the schema for it"
_POOL: Final = (
    "there is a pool between that hands out connections by transaction, such as PgBouncer's: name the address of "
    "PostgreSQL itself, or of a pool by session"
)

# What such a pool makes of a connection that is another one in the next moment.
_POOLED: Final = (
    asyncpg.ProtocolViolationError,
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InvalidSQLStatementNameError,
)


def _mend(error: BaseException) -> str:
    if isinstance(error, _POOLED):
        return _POOL
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return _STANDBY
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return "raise max_connections: a node has up to ten"
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return "make the database (createdb), or name another one"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return "see the user and the password of the setting, and pg_hba.conf"
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return _NOT_ALLOWED
    return "see that the database runs and can be reached from here"
