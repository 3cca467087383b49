"""The documents say what is so: their tables are the code's, their links and commands lead somewhere."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from bench.measure import median
from bench.rows import ROWS
from sio_server import config
from sio_server.cli.commands import COMMANDS, commands
from sio_server.config import MIN_SECRET_BYTES, Config, env_name
from sio_server.config.schema import ConfigSchema
from sio_server.errors import KINDS
from sio_server.schemas.publish import PublishSchema
from tests.support.documents import ENGLISH, READMES, SPANISH, Document
from tests.support.servers import ROOT, running

# No reply to a request that the READMEs tell of: the first two are an address's, the last a connection's.
UNLISTED_CODES = {"not_found", "method_not_allowed", "slow", "closed_by_operator"}


def markdown_files() -> list[Path]:
    """Every document of the repository; not those of installed packages and caches."""
    found = []
    for directory, inner, names in os.walk(ROOT):
        inner[:] = [
            name for name in inner if not name.startswith(".") and name not in ("node_modules", "build", "dist")
        ]
        found += [Path(directory, name) for name in names if name.endswith(".md")]
    return sorted(found)


def without_prose(language: str, code: str) -> str:
    """A code block without its comments and without what a reader is to put into quotes (``"…a long key…"``)."""
    comment = {"js": r"\s*(?<!:)//.*", "python": r"\s*# .*", "sh": r"\s*# .*"}.get(language)
    code = re.sub(comment, "", code) if comment else code
    return re.sub(r'"…[^"]*…"', '"…"', code)


def unquoted(text: str) -> str:
    """A sentence without backticks and quotes."""
    return re.sub(r"[`'\"]", "", text)


# -- the documents themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(path: Path) -> None:
    """A relative link leads to a file or a directory of the repository, and a fragment to a heading there."""
    for link in Document.read(path).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        # What is made of the code has its headings on the site alone, whose build looks there.
        if parts.fragment and "<!-- made of the code" not in target.read_text("utf-8"):
            # The site leads from a page in Spanish to another one in Spanish.
            twin = target.with_name(target.name.replace(".md", ".es.md"))
            target = twin if path.name.endswith(".es.md") and target.parent != ROOT and twin.exists() else target
            headings = [
                re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in Document.read(target).headings
            ]
            assert unquote(parts.fragment) in headings, link


def test_readmes_lead_to_each_other() -> None:
    """Each README links to the other, and but for that both lead to the same places."""
    assert "README.es.md" in ENGLISH.links
    assert ["README.md" if link == "README.es.md" else link for link in ENGLISH.links] == SPANISH.links


def test_readmes_have_one_structure() -> None:
    """Both READMEs have the same headings by level, and tables of the same size."""
    assert [level for level, _ in ENGLISH.headings] == [level for level, _ in SPANISH.headings]
    shapes = [[[len(row) for row in table] for table in readme.tables] for readme in (ENGLISH, SPANISH)]
    assert shapes[0] == shapes[1]


def test_readmes_show_the_same_code() -> None:
    """Code blocks of both READMEs differ in prose alone: comments, and text in JSON that a language changes."""
    assert len(ENGLISH.fences) == len(SPANISH.fences)
    for (language, english), (spanish_language, spanish) in zip(ENGLISH.fences, SPANISH.fences, strict=True):
        assert language == spanish_language
        if language == "json":
            assert list(json.loads(english)) == list(json.loads(spanish))
        elif language:
            assert without_prose(language, english) == without_prose(language, spanish)
        else:
            assert len(english.splitlines()) == len(spanish.splitlines())


def test_readmes_name_the_same_things() -> None:
    """What one README has in backticks, the other has too."""
    assert set(ENGLISH.spans) == set(SPANISH.spans)


# -- the pages of the site ------------------------------------------------------------------------------------------

PAGES = {path.stem: path for path in sorted((ROOT / "docs").glob("*.md")) if "." not in path.stem}


# Languages whose blocks a test runs; commands of the server's are looked at below.
PROGRAMS = ("go", "html", "java", "js", "jsx", "php", "python", "sql", "ts", "tsx")
# The React kit's blocks are its own tests' matter.
RUN_ELSEWHERE = ("react",)


@pytest.mark.parametrize("name", PAGES)
def test_code_of_pages_is_run(name: str) -> None:
    """A page that shows a program is named by a test that runs it."""
    if not any(language in PROGRAMS for language, _ in Document.read(PAGES[name]).fences) or name in RUN_ELSEWHERE:
        return
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path.name != Path(__file__).name]
    assert any(f"docs/{name}.md" in text for text in tests), "write a test that runs the blocks of this page"


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_pages_exist(name: str) -> None:
    """Every command of the server's that a page shows exists, with the flags that it is shown with."""
    for command, *arguments in Document.read(PAGES[name]).commands():
        assert command in COMMANDS, command
        flags = {argument.partition("=")[0] for argument in arguments if re.match("--?[a-z]", argument)}
        assert flags <= flags_of(command), command


def test_every_error_has_a_section() -> None:
    """The page of errors has a section for each code, in the order of the table, and says what to do in each."""
    page = Document.read(PAGES["errors"])
    assert [text for level, text in page.headings if level == "h2"] == list(KINDS)
    parts = re.split(r"^## \w+$", PAGES["errors"].read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert all(len(part.split()) > 15 for part in parts)


# What the READMEs show of a bench, and by what its figures are divided there.
MEASURED = {
    "fanout-1": 1000,
    "fanout-8": 1000,
    "fanout-10k": 1000,
    "latency": 1000,
    "memory": 1,
    "connects": 1000,
    "ingest": 1000,
    "leaving": 1,
}
MEASURED_SERVERS = ("product", "product-sqlite", "node", "node-uws", "stock")


def measured() -> list[list[str]]:
    """The figures of the last bench as the READMEs have them."""
    runs = json.loads((ROOT / "bench/results/bench.json").read_text())["runs"]
    figures = {row.name: row.figure for row in ROWS}
    table = []
    for name, unit in MEASURED.items():
        values = [median(runs[name][server], figures[name]) / unit for server in MEASURED_SERVERS]
        table.append([f"{value:.0f}" if value >= 10 else f"{value:.2g}" for value in values])
    return table


@READMES
def test_figures_are_the_last_bench(readme: Document) -> None:
    """What the READMEs say was measured is what the bench's results hold."""
    (table,) = [table for table in readme.tables if table[0][-1] == "python-socketio"]
    assert [[cell.replace(",", ".") for cell in row[1:]] for row in table[1:]] == measured()


# -- tables -------------------------------------------------------------------------------------------------------


def shown_default(setting: str) -> str:
    """The default of a setting as a cell of the table."""
    default = {field.name: field.default for field in dataclasses.fields(Config)}[setting]
    if isinstance(default, tuple):
        default = ", ".join(default) or None
    return "" if default is False or default in (None, "") else f"`{default}`"


@READMES
def test_settings_are_all_there(readme: Document) -> None:
    """The table of settings names each one, in order, with its default and a meaning."""
    rows = readme.table(f"`{env_name('host')}`")
    assert [row[:2] for row in rows] == [(f"`{env_name(name)}`", shown_default(name)) for name in ConfigSchema().fields]
    assert all(meaning for _, _, meaning in rows)


def test_settings_mean_what_the_flags_say() -> None:
    """The English meaning of a setting is the text that `serve --help` shows, but for quotes."""
    about = {f"`{env_name(name)}`": field.metadata["about"] for name, field in ConfigSchema().fields.items()}
    rows = ENGLISH.table(f"`{env_name('host')}`")
    assert {name: unquoted(meaning) for name, _, meaning in rows} == {n: unquoted(text) for n, text in about.items()}


@READMES
def test_error_codes_are_all_there(readme: Document) -> None:
    """The table of errors has each code once, with its status, except those that no request to the API is answered."""
    cells = [row[place : place + 2] for row in readme.table("`rate_limited`") for place in (0, 3)]
    shown = [(code, int(status)) for codes, status in cells if codes for code in re.findall(r"`(\w+)`", codes)]
    assert len(shown) == len(dict(shown))
    assert dict(shown) == {code: kind.status for code, kind in KINDS.items() if code not in UNLISTED_CODES}


@READMES
def test_fields_of_a_notification_are_all_there(readme: Document) -> None:
    """The table of fields names each that `POST /notify` takes."""
    assert {row[0] for row in readme.table("`idempotency_key`")} == {f"`{name}`" for name in PublishSchema().fields}


# -- commands and addresses ---------------------------------------------------------------------------------------


def flags_of(command: str) -> set[str]:
    """The flags that a command knows, or those of its own commands."""
    with click.Context(commands) as context:
        found = commands.get_command(context, command)
    assert found is not None, command
    all_of_it = [found, *(found.commands.values() if isinstance(found, click.Group) else ())]
    return {flag for one in all_of_it for parameter in one.params for flag in parameter.opts} | {"--help"}


@READMES
def test_commands_exist(readme: Document) -> None:
    """Every command that a README names exists with the flags it is shown with, and none is left out."""
    shown = readme.commands()
    for name, *arguments in shown:
        assert {argument for argument in arguments if argument.startswith("-")} <= flags_of(name)
    assert {name for name, *_ in shown} == set(COMMANDS)


def test_settings_have_the_flags_that_readme_promises() -> None:
    """Every setting has a flag of its name, but no secret has; and a file is given with `--config`."""
    flags = flags_of("serve")
    secrets = {name for name, field in ConfigSchema().fields.items() if field.metadata["secret"]}
    assert {"jwt_secret", "publish_keys"} <= secrets
    assert flags - {"--help"} == {
        "--config",
        *("--" + n.replace("_", "-") for n in set(ConfigSchema().fields) - secrets),
    }


@READMES
async def test_addresses_answer(readme: Document) -> None:
    """Every path that a README names is served, and every link to a local server leads to a page."""
    asked = {match.groups() for span in readme.spans if (match := re.fullmatch(r"(GET|POST) (/[\w/]+)", span))}
    pages = {urlsplit(link).path for link in readme.links if urlsplit(link).hostname == "localhost"}
    assert {("POST", "/notify"), ("POST", "/v1/notifications/batch"), ("GET", "/health/live")} <= asked
    assert pages == {"/docs", "/openapi.json", "/asyncapi.json", "/help"}
    async with running() as server:
        for method, path in asked:
            who = {"user": "1"} if path.startswith("/v1/inbox") else {}  # an inbox is somebody's
            async with server.http.request(method, server.url + path, params=who) as response:
                # A POST without a body is refused, but by its handler; a pass and a ticket need none.
                assert response.status == (
                    200 if method == "GET" else 201 if path in ("/v1/passes", "/v1/tickets") else 400
                ), path
        for path in pages:
            async with server.http.get(server.url + path) as response:
                assert response.status == 200, path


@READMES
def test_production_settings_are_enough(readme: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command for production starts a server on any address: its settings exist and nothing is missing."""
    for name in [name for name in os.environ if name.startswith(config.ENV_PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in re.findall(r'^(SIO_SERVER_\w+)="(.*)"', readme.fence("sh", "JWT_SECRET"), re.MULTILINE):
        monkeypatch.setenv(name, "s" * MIN_SECRET_BYTES if "…" in value else value)
    loaded = config.load({"host": "0.0.0.0"}, env_file=tmp_path / ".env")  # noqa: S104 - nothing listens here
    assert config.unknown_environment() == []
    assert loaded.warnings() == []
    assert loaded.publish_keys
    assert loaded.jwt_secret
    assert loaded.allowed_origins
