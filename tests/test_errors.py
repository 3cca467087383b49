"""The tree of errors, the table of their kinds, and texts that know two languages."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sio_server
from sio_server import errors
from sio_server.errors import KINDS, BrokerUnavailable, Error, ErrorKind, FieldProblem, Refused, Text

SOURCES = sorted(Path(sio_server.__file__).resolve().parent.rglob("*.py"))
HELLO = Text("Hello {0}, {name}", "Hola {0}, {name}")


def calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Give each call of a function of this name in the product, and where it is."""
    for path in SOURCES:
        for found in ast.walk(ast.parse(path.read_text())):
            if isinstance(found, ast.Call) and ast.unparse(found.func).split(".")[-1] == name:
                yield f"{path.name}:{found.lineno}", found


def test_tree_is_printed_whole() -> None:
    """The tree at the top of the module shows every error under its parent."""
    drawing = re.findall(r"^([ │├└─]*)([A-Z]\w+)", (errors.__doc__ or "").partition("::")[2], re.MULTILINE)
    shown: dict[str, str | None] = {}
    path: list[tuple[int, str]] = []
    for indent, name in drawing:
        path = [(depth, parent) for depth, parent in path if depth < len(indent)]
        shown.setdefault(name, path[-1][1] if path else None)
        path.append((len(indent), name))
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Error)]
    assert {kind.__name__: kind.__base__.__name__ for kind in classes if kind is not Error and kind.__base__} == {
        name: shown[name] for name in shown if name in vars(errors) and name != "Error"
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_kind_is_whole(kind: ErrorKind) -> None:
    """A kind has its own code, an HTTP status of an error, a close code that may be sent, and two titles."""
    assert KINDS[kind.code] is kind
    assert re.fullmatch(r"[a-z][a-z_]*", kind.code)
    assert 400 <= kind.status < 600
    assert kind.ws_close in {1009, 1011, 1012, 1013} or 4000 <= kind.ws_close < 5000
    assert str(kind.title)
    assert kind.title.es
    assert kind.title.es != str(kind.title)


def test_contract_keeps_its_codes() -> None:
    """The codes that clients know have the statuses they were promised."""
    promised = {
        "invalid_json": 400,
        "unauthorized": 401,
        "forbidden": 403,
        "payload_too_large": 413,
        "unknown_type": 422,
        "invalid_data": 422,
        "invalid_audience": 422,
        "not_supported": 422,
        "idempotency_mismatch": 422,
        "rate_limited": 429,
        "draining": 503,
        "broker_unavailable": 503,
    }
    assert {code: KINDS[code].status for code in promised} == promised


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_client_comes_back_only_where_it_may_succeed(kind: ErrorKind) -> None:
    """A request that can never succeed is not retryable, and its client is not told to come back."""
    if kind.status < 500 and kind.status != 429:
        assert (kind.retryable, kind.reconnect) == (False, False)
    else:
        assert kind.reconnect


def test_each_refusal_has_a_kind() -> None:
    """Every code that the product refuses with, wherever it does, is in the table."""
    used = {
        (where, call.args[0].value)
        for name in ("Refused", "of_problems")
        for where, call in calls_of(name)
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert len(used) > 20
    assert [(where, code) for where, code in used if code not in KINDS] == []


def test_each_text_is_in_both_languages() -> None:
    """Every text of the product has its Spanish, which names the same values."""
    found = 0
    for where, call in calls_of("Text"):
        texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        if len(texts) != 2:  # put together from parts: the test of that part sees it
            continue
        found += 1
        english, spanish = map(str, texts)
        assert english.strip(), where
        assert spanish.strip(), where
        assert _names(english) == _names(spanish), where
    assert found > 50


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@given(st.text(), st.text())
def test_text_fills_both_languages(first: str, name: str) -> None:
    """A text that is filled in is filled in in both languages, whatever the values hold."""
    filled = HELLO.format(first, name=name)
    assert filled == f"Hello {first}, {name}"
    assert filled.es == f"Hola {first}, {name}"


def test_text_within_text_keeps_its_language() -> None:
    """A text that is filled into another one is translated with it, by place and by name."""
    inner = Text("a number", "un número")
    filled = HELLO.format(inner, name=inner)
    assert filled.within("en") == "Hello a number, a number"
    assert filled.within("es") == "Hola un número, un número"


@pytest.mark.parametrize("locale", ["en", "", "fr", "ES"])
def test_any_other_locale_is_english(locale: str) -> None:
    """A locale that is not exactly ``es`` reads English, as plain text."""
    assert Text("yes", "sí").within(locale) == "yes"
    assert type(Text("yes", "sí").within(locale)) is str


@pytest.mark.parametrize("code", KINDS)
@pytest.mark.parametrize("locale", ["es", "en"])
def test_problem_document(code: str, locale: str) -> None:
    """A refusal is a problem document in the reader's language, with the code and the status of its kind."""
    document = Refused(code).as_dict(locale)
    title = KINDS[code].title.within(locale)
    assert orjson.loads(orjson.dumps(document)) == {
        "type": f"urn:sio-server:error:{code}",
        "title": title,
        "status": KINDS[code].status,
        "code": code,
        "detail": title,
        "retryable": KINDS[code].retryable,
    }


def test_problem_document_has_a_line_for_each_field() -> None:
    """Problems are listed by field in the reader's language, the first of them is the detail, extra members stay."""
    problems = (FieldProblem("data.total", Text("No.", "¡No!")), FieldProblem("ttl", Text("Never.", "Nunca.")))
    refused = Refused.of_problems("invalid_data", problems)
    refused.extra["nearest"] = "test"
    document = refused.as_dict("es")
    assert document["detail"] == "data.total: ¡No!"
    assert document["errors"] == [
        {"field": "data.total", "detail": "¡No!"},
        {"field": "ttl", "detail": "Nunca."},
    ]
    assert document["nearest"] == "test"
    assert refused.as_dict("en")["errors"][1]["detail"] == "Never."


def test_problem_of_the_whole_body_has_no_field() -> None:
    """A problem with the whole body does not begin with the name of a field."""
    refused = Refused.of_problems("invalid_data", (FieldProblem("", Text("Not an object.", "No es un objeto.")),))
    assert refused.as_dict("es")["detail"] == "No es un objeto."


def test_broker_unavailable_is_worth_another_try() -> None:
    """A log that cannot take anything is 503, retryable, and says when."""
    refused = BrokerUnavailable(Text("full", "lleno"))
    assert (refused.kind.code, refused.kind.retryable, refused.retry_after) == ("broker_unavailable", True, 1)


def test_refusal_reads_well_in_a_log() -> None:
    """The exception's own text is the code and the English detail."""
    assert str(Refused("forbidden", Text("Only today.", "Solo hoy."))) == "forbidden: Only today."


def test_invented_code_is_a_mistake_of_ours() -> None:
    """A code that is not in the table cannot be refused with."""
    with pytest.raises(KeyError):
        Refused("no_such_code")
