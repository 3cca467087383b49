"""What a search is asked with: moments and words, whatever somebody types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from marshmallow import ValidationError

from sio_server import fields
from sio_server.schemas.operators import HistoryQuerySchema, UsersQuerySchema
from sio_server.schemas.searching import MAX_TEXT

NOON = round(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-28T12:00:00Z", NOON),
        ("2026-11-28t12:00:00z", NOON),
        ("2026-11-28 12:00:00Z", NOON),
        ("2026-11-28T07:00:00-05:00", NOON),
        ("2026-11-28T13:00:00+01:00", NOON),
        ("2026-11-28T13:00:00 01:00", NOON),  # a plus sign that was not encoded
        ("2026-11-28T12:00:00-00:00", NOON),
        ("2026-11-28T12:00:00.5Z", NOON + 500),
        ("2026-11-28T12:00:00.123Z", NOON + 123),
        ("2026-11-28T12:00:00.123000Z", NOON + 123),
        ("2026-11-28T12:00:00.123000001Z", NOON + 124),
        ("2026-11-28T11:59:60Z", NOON),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1000),
        ("9999-12-31T23:59:59Z", 253402300799000),
    ],
)
def test_moment_is_rfc_3339(text: str, expected: int) -> None:
    """A moment with a zone is one number, however it is written; parts of a millisecond are rounded up."""
    assert HistoryQuerySchema().load({"since": text})["since"] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2026-11-28", "2026-11-28T12:00:00", "2026-11-28T12:00Z", "1795000000", "20261128T120000Z"),
        *("2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-28T25:00:00Z", "2026-11-28T12:00:00+25:00"),
        *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-28T12:00:00.Z"),
        *("2026-11-28T12:00:00Z\n", "٢٠٢٦-11-28T12:00:00Z", "2026-W48-6T12:00:00Z"),
    ],
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_what_is_no_moment_is_refused_in_words(name: str, text: str) -> None:
    """A moment that does not exist, has no zone or is written otherwise is told how to be written."""
    with pytest.raises(ValidationError) as caught:
        HistoryQuerySchema().load({name: text})

    (problem,) = fields.problems_of(caught.value)
    assert problem.field == name
    assert "2026-11-28T03:00:00Z" in problem.detail
    assert problem.detail.es != str(problem.detail)


@pytest.mark.parametrize("schema", [HistoryQuerySchema, UsersQuerySchema])
def test_text_is_taken_as_it_stands(schema: type[HistoryQuerySchema | UsersQuerySchema]) -> None:
    """Any signs that a screen shows may be looked for; space around them does not count."""
    for text in ("a", "%", "_", "'\"\\", "100 %", "👩🏽‍🚀", "a\tb", "x" * MAX_TEXT):
        assert schema().load({"q": f" {text} "})["text"] == text


@pytest.mark.parametrize("schema", [HistoryQuerySchema, UsersQuerySchema])
@pytest.mark.parametrize(
    "text", ["", " ", "\t", "\u00a0", "x" * (MAX_TEXT + 1), "a\x00b", "\x1b[31m", "\x7f", "\ud800", "\u0301"]
)
def test_what_nothing_can_hold_is_refused(schema: type[HistoryQuerySchema | UsersQuerySchema], text: str) -> None:
    """Nothing to look for, too much of it, controls, halves of pairs and an accent without a letter are refused."""
    with pytest.raises(ValidationError) as caught:
        schema().load({"q": text})

    (problem,) = fields.problems_of(caught.value)
    assert problem.field == "q"
    assert problem.detail.es != str(problem.detail)
