"""The reference of the documents' site, written from what the code says of itself: nothing here is said twice."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import structlog
from aiohttp.test_utils import TestClient, TestServer

from sio_server.app import create_app
from sio_server.catalog import Catalog
from sio_server.cli.commands import COMMANDS, commands
from sio_server.config import Config, env_name
from sio_server.config.schema import ConfigSchema
from sio_server.errors import KINDS, Text
from sio_server.schemas.asyncapi import document as asyncapi

# What a page has where a part of the reference belongs.
_PLACE: Final = re.compile(r"^<!-- made of the code: (\w+) -->$", re.MULTILINE)
# The heading of a code on the page of errors, which has its facts put below it.
_CODE: Final = re.compile(r"^## (\w+)$", re.MULTILINE)
_SETTING: Final = re.compile(r"^\| `(SIO_SERVER_\w+)` \| *(.*?) *\| (.*) \|$", re.MULTILINE)

Written = Iterator[str]
Page = Callable[[str], Written]


def write(root: Path, pages: Path) -> None:
    """Write each part of the reference where a page of this directory asks for it, and each error's facts below it."""
    made: dict[str, Page] = {
        "settings": partial(_settings, root),
        "commands": _commands,
        "catalog": _catalog,
        "api": _api,
        "events": _events,
        "measured": partial(_measured, root),
    }
    for path in pages.glob("*.md"):
        text, locale = path.read_text("utf-8"), "es" if path.name.endswith(".es.md") else "en"
        filled = _PLACE.sub(partial(_filled, made, locale), text)
        if path.name.startswith("errors."):
            filled = _CODE.sub(partial(_facts, locale), filled)
        if filled != text:
            path.write_text(filled, "utf-8")


def _filled(made: Mapping[str, Page], locale: str, place: re.Match[str]) -> str:
    return "\n".join(made[place[1]](locale))


def _said(locale: str, en: str, es: str) -> str:
    return Text(en, es).within(locale)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Written:
    """The lines of a table."""
    names = list(head)
    yield ""
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", r"\|").replace("\n", " ") for cell in row) + " |"
    yield ""


# -- errors -------------------------------------------------------------------------------------------------------


def _facts(locale: str, heading: re.Match[str]) -> str:
    """The heading of a code, and below it what the table of errors says."""
    kind = KINDS[heading[1]]
    no, yes = _said(locale, "no", "no"), _said(locale, "yes", "sí")
    facts = _said(
        locale,
        "**{0}.** HTTP {1} · `/ws` closes with {2} · may the same request succeed later: {3} · "
        "does a closed client come back by itself: {4}",
        "**{0}.** HTTP {1} · `/ws` se cierra con {2} · puede la misma petición funcionar más tarde: {3} · "
        "vuelve por sí solo un cliente cerrado: {4}",
    )
    come, again = (yes if flag else no for flag in (kind.reconnect, kind.retryable))
    return f"{heading[0]}\n\n" + facts.format(kind.title.within(locale), kind.status, kind.ws_close, again, come)


# -- settings -----------------------------------------------------------------------------------------------------


def _settings(root: Path, locale: str) -> Written:
    """A section for each setting; its meaning in Spanish is the README's, which the tests hold to the same list."""
    readme = (root / ("README.es.md" if locale == "es" else "README.md")).read_text("utf-8")
    said = {name: (default, about) for name, default, about in _SETTING.findall(readme)}
    for name, field in ConfigSchema().fields.items():
        default, about = said.get(env_name(name), ("", field.metadata["about"]))
        secret = field.metadata["secret"]
        variable = env_name(name)
        written = [f"`{variable}_FILE`"] if secret else [f"`--{name.replace('_', '-')}`"]
        yield f"\n## {name}\n\n{about}.\n"
        yield f"`{variable}` · {written[0]} · `{name}`" + (
            f" · {_said(locale, 'default', 'por defecto')}: {default}" if default else ""
        )


# -- commands -----------------------------------------------------------------------------------------------------


def _commands(locale: str) -> Written:
    """A section for each command, with what `--help` says."""
    with click.Context(commands, info_name="sio-server") as context:
        for name in COMMANDS:
            command = commands.get_command(context, name)
            if command is not None:
                yield from _command(f"sio-server {name}", command, locale, "##")


def _command(name: str, command: click.Command, locale: str, level: str) -> Written:
    arguments = [
        part.make_metavar(click.Context(command)) for part in command.params if isinstance(part, click.Argument)
    ]
    yield f"\n{level} {name}\n"
    yield "```text"
    yield " ".join([name, *arguments])
    yield "```"
    yield "\n" + " ".join((command.help or "").split())
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if name == "sio-server serve":
        yield _said(
            locale, "\nEvery [setting](settings.md) has a flag.", "\nCada [ajuste](settings.md) tiene un argumento."
        )
        options = [option for option in options if option.name not in ConfigSchema().fields]
    if options:
        head = (_said(locale, "flag", "argumento"), _said(locale, "meaning", "significado"))
        rows = [(", ".join(f"`{flag}`" for flag in option.opts), option.help or "") for option in options]
        yield from _table(head, rows)
    if isinstance(command, click.Group):
        for inner, one in command.commands.items():
            yield from _command(f"{name} {inner}", one, locale, "###")


# -- event types --------------------------------------------------------------------------------------------------


def _catalog(locale: str) -> Written:
    """A section for each built-in event type."""
    for kind in Catalog.load().types.values():
        shown: Mapping[str, Any] = kind.as_dict()
        yield f"\n## {kind.name}\n"
        texts = [shown[name] for name in ("description", "message")]
        for text in texts:
            words = text.get(locale, next(iter(text.values()), "")) if isinstance(text, dict) else text
            yield f"{words}\n"
        audience = json.dumps(shown["audience"], ensure_ascii=False)
        whom, weight = _said(locale, "For", "Para"), _said(locale, "priority", "prioridad")
        yield f"{whom}: `{audience}` · {weight}: `{kind.priority}`"
        if kind.data:
            head = (_said(locale, "field of `data`", "campo de `data`"), _said(locale, "holds", "contiene"))
            yield from _table(head, ((f"`{name}`", f"`{holds}`") for name, holds in kind.data.items()))


# -- what is served -----------------------------------------------------------------------------------------------


def _api(locale: str) -> Written:
    """The operations over HTTP, in the order in which a server states them."""
    by_tag: dict[str, list[tuple[str, str]]] = {}
    for path, methods in asyncio.run(_served())["paths"].items():
        for method, about in methods.items():
            by_tag.setdefault(about["tags"][0], []).append((f"`{method.upper()} {path}`", about["summary"]))
    for tag, rows in by_tag.items():
        yield f"\n## {tag}\n"
        yield from _table((_said(locale, "operation", "operación"), _said(locale, "does", "hace")), rows)


async def _served() -> dict[str, Any]:
    """The OpenAPI document of a server."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)  # its own request is no news
    structlog.configure(wrapper_class=quiet)
    async with TestClient(TestServer(create_app(Config(dev=True, broker="memory:")))) as client:
        found: dict[str, Any] = await (await client.get("/openapi.json", raise_for_status=True)).json()
    return found


def _events(locale: str) -> Written:
    """The events of live connections, in both directions, with the members of each."""
    made = asyncapi(Catalog.load().types.values())
    messages: dict[str, Any] = made["channels"]["socketio"]["messages"]
    schemas: dict[str, Any] = made["components"]["schemas"]
    parts = (
        (
            _said(locale, "A notification", "Una notificación"),
            {_said(locale, "The envelope", "El sobre"): schemas["Live"]},
        ),
        (_said(locale, "From the server", "Del servidor"), _bodies(messages, schemas, "socketio.tell", made)),
        (_said(locale, "From a client", "De un cliente"), _asked(messages, schemas)),
    )
    for title, bodies in parts:
        yield f"\n## {title}\n"
        for name, body in bodies.items():
            yield f"\n### {name}\n"
            if name in messages or name.replace(":", ".") in messages:
                yield messages[name.replace(":", ".")]["summary"]
            yield from _members(body, locale)


def _bodies(
    messages: Mapping[str, Any], schemas: Mapping[str, Any], operation: str, made: Mapping[str, Any]
) -> dict[str, Any]:
    keys = [message["$ref"].rpartition("/")[2] for message in made["operations"][operation]["messages"]]
    return {messages[key]["name"]: _schema(messages[key]["payload"], schemas) for key in keys}


def _asked(messages: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    keys = [key.removesuffix(".answer") for key in messages if key.endswith(".answer")]
    return {messages[key]["name"]: _schema(messages[key]["payload"], schemas) for key in keys}


def _schema(payload: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    return schemas[payload["$ref"].rpartition("/")[2]]


def _measured(root: Path, locale: str) -> Written:
    """The README's table of what was measured, which the tests hold to the results of the bench."""
    readme = (root / ("README.es.md" if locale == "es" else "README.md")).read_text("utf-8")
    [table] = [part for part in readme.split("\n\n") if part.startswith("|  | sio-server, ")]
    yield table


def _members(schema: Mapping[str, Any], locale: str) -> Written:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`" + ("" if name in required else "?"), _kind(member), member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]
    head = (_said(locale, "member", "miembro"), _said(locale, "holds", "contiene"), "")
    yield from _table(head, rows)


def _kind(member: Mapping[str, Any]) -> str:
    """What a member holds, in a word or two."""
    if "$ref" in member:
        return f"`{member['$ref'].rpartition('/')[2]}`"
    for several in ("allOf", "anyOf", "oneOf"):
        if several in member:
            return ", ".join(dict.fromkeys(_kind(each) for each in member[several]))
    if "enum" in member:
        return ", ".join(f"`{json.dumps(value)}`" for value in member["enum"])
    kinds = member.get("type", "any")
    words = ", ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{words} ({_kind(member['items'])})" if "items" in member else words
