"""What an event is as a row: the notification as it is sent, in text that every database takes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.client import NotifyInvalid
from sio_server.client.outbox import outbox_row
from sio_server.client.outbox.rows import SUBJECT
from tests.support.catalogs import MINIMAL, load
from tests.support.outboxes import Place


def test_a_row_is_the_notification_as_it_is_sent() -> None:
    """Its body has the idempotency key, its subject is the thing that it is about."""
    row = outbox_row("reserva_creada", "Hola", {"reserva_id": 17, "total": Decimal("9.50")}, users=[5], priority="high")
    assert row["type"] == "reserva_creada"
    assert row["subject"] == "reserva_id:17"
    assert row["size"] == len(row["body"].encode())
    assert json.loads(row["body"]) == {
        "type": "reserva_creada",
        "message": "Hola",
        "data": {"reserva_id": 17, "total": 9.5},
        "audience": {"users": ["5"]},
        "priority": "high",
        "idempotency_key": row["key"],
    }


def test_a_key_of_the_callers_own_stays() -> None:
    """Every row has a key of its own, unless one was given."""
    assert outbox_row("test")["key"] != outbox_row("test")["key"]
    assert outbox_row("test", idempotency_key="mine")["key"] == "mine"


def test_an_ordering_key_says_what_it_is_about() -> None:
    """It takes the place of the first field that is an id; without either, it is the type."""
    assert outbox_row("tour_creado", data={"tour_id": 3}, ordering_key="a")["subject"] == "=a"
    assert outbox_row("tour_creado", data={})["subject"] == "tour_creado"


def test_a_catalogue_of_ones_own_says_what_it_is_about(tmp_path: Path) -> None:
    """The types that it adds are known to the row."""
    row = outbox_row("mine", data={"boat_id": 9}, catalog=load(tmp_path, MINIMAL + 'data = {boat_id = "id"}\n'))
    assert row["subject"] == "boat_id:9"


@pytest.mark.parametrize(
    ("options", "error"),
    [({"nope": 1}, TypeError), ({"roles": "admin"}, TypeError), ({"data": {"a": object()}}, NotifyInvalid)],
    ids=["unknown", "string", "object"],
)
def test_what_cannot_be_sent_is_told_at_once(options: dict[str, Any], error: type[Exception]) -> None:
    """The application hears of it before anything is written."""
    with pytest.raises(error):
        outbox_row("test", **options)


def test_a_strict_one_tells_what_the_server_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an argument, or by the environment; what is right passes."""
    outbox_row("of_no_catalogue")
    for strict in (True, None):
        with pytest.raises(NotifyInvalid, match="of_no_catalogue"):
            outbox_row("of_no_catalogue", strict=strict)
        assert outbox_row("test", strict=strict)["type"] == "test"
        monkeypatch.setenv("SIO_SERVER_STRICT", "1")
    outbox_row("of_no_catalogue", strict=False)


@given(st.text() | st.text(min_size=SUBJECT, max_size=SUBJECT * 3), st.integers())
def test_a_subject_is_short_and_tells_things_apart(text: str, number: int) -> None:
    """Whatever an id is, two of them have two subjects, and each fits into an index."""
    one = outbox_row("test", ordering_key=text)["subject"]
    other = outbox_row("test", ordering_key=f"{text}{number}")["subject"]
    assert one != other
    assert len(one) <= SUBJECT
    assert "\0" not in one


async def test_every_text_can_be_written(place: Place) -> None:
    """What databases refuse (NUL, halves of surrogate pairs, long values) is another text, and ends no transaction."""

    def work(session: Any) -> None:
        for text in ("\0", "a\0b", "\ud800", "\U0001f600", "x" * 100_000, "ñandú", "' OR 1=1", "{{}}", "%s"):
            place.outbox.add("test", ordering_key=text, session=session)
            place.outbox.add("tour_creado", "a\0b", {"tour_id": text.replace("\ud800", "")}, session=session)

    await place.transaction(work)
    assert len(await place.rows()) == 18
