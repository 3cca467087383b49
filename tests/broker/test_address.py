"""How the address of a log in PostgreSQL is read, and what of it may be shown."""

from __future__ import annotations

import pytest

from sio_server.broker.address import Address, address_of, is_postgres, quoted
from sio_server.errors import ConfigError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("broker", "expected"),
    [
        ("postgresql://h/d", Address("postgresql://h/d", "sio_server", "postgresql://h/d")),
        (
            "postgres://ana:hunter2@h:5433/d?schema=hotel&sslmode=require",
            Address("postgres://ana:hunter2@h:5433/d?sslmode=require", "hotel", "postgres://h:5433/d?schema=hotel"),
        ),
        (
            "postgresql://ana:hunter2@a:1,b:2/d?target_session_attrs=read-write&password=hunter2",
            Address(
                "postgresql://ana:hunter2@a:1,b:2/d?target_session_attrs=read-write&password=hunter2",
                "sio_server",
                "postgresql://a:1,b:2/d",
            ),
        ),
        (
            "postgresql://ana:hunter2%2F%40@[::1]:5432/d",
            Address("postgresql://ana:hunter2%2F%40@[::1]:5432/d", "sio_server", "postgresql://[::1]:5432/d"),
        ),
        (
            "postgresql://ana@/d?host=/run/pg",
            Address("postgresql://ana@/d?host=%2Frun%2Fpg", "sio_server", "postgresql://[/run/pg]/d"),
        ),
    ],
)
def test_address_is_read_and_shown_without_whoever_it_names(broker: str, expected: Address) -> None:
    """The schema is taken out of what the library gets, and neither user nor password is in what is shown."""
    assert is_postgres(broker)
    found = address_of(broker)
    assert found == expected
    assert SECRET not in found.place


@pytest.mark.parametrize(
    "broker",
    [
        "postgresql://ana:hunter2/3@h/d",
        "postgresql://ana:3/hunter2@h/d",
        "postgresql://ana:hunter2?@h/d",
        "postgresql://ana:3?hunter2@h/d",
        "postgresql://ana:3#hunter2@h/d",
        "postgresql://ana:[hunter2@h/d",
        "postgresql://h:hunter2/d",
    ],
)
def test_password_with_marks_of_an_address_is_told_without_being_shown(broker: str) -> None:
    """A password that is not encoded makes the address another one: that is refused, and nothing of it is told."""
    with pytest.raises(ConfigError) as caught:
        address_of(broker)
    assert SECRET not in str(caught.value)
    assert "%2F" in str(caught.value)


@pytest.mark.parametrize("schema", ["%00" * 64, "x" * 64, "ñ" * 32])
def test_name_of_a_schema_that_postgres_would_cut_is_refused(schema: str) -> None:
    """A longer name than PostgreSQL takes is refused, as it would be another log's without a word."""
    with pytest.raises(ConfigError, match="63 bytes"):
        address_of(f"postgresql://h/d?schema={schema}")


def test_name_is_quoted() -> None:
    """A name is written so that SQL takes it for that name, whatever it holds."""
    assert quoted('a"b') == '"a""b"'
