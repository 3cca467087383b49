"""The pages about setting up and about faults: their commands work as they stand, and their tables are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from sio_server.cli.commands import commands
from tests.support.commands import run
from tests.support.documents import Document
from tests.support.examined import examined
from tests.support.servers import PUBLISH_KEY, ROOT, lasting_token, running, secured

SETTING_UP = Document.read(ROOT / "docs/setting-up.md")
DOCTOR = Document.read(ROOT / "docs/doctor.md")


def flags(command: str) -> set[str]:
    """The flags that a command knows."""
    found = commands.get_command(click.Context(commands), command)
    assert found is not None
    return {flag for parameter in found.params for flag in parameter.opts if flag.startswith("--")}


def shown(page: Document, mark: str) -> set[str]:
    """The flags in the first cells of the table that has this one."""
    return {flag for row in page.table(mark) for flag in re.findall(r"--[a-z-]+", row[0])}


async def test_commands_of_setting_up_work_as_they_stand(tmp_path: Path) -> None:
    """Each command of the page, one after the other, does what it says; only what serves is left out."""
    typed = [
        shlex.split(line)[1:]
        for language, text in SETTING_UP.fences
        if language == "sh"
        for line in text.splitlines()
        if not line.startswith("sio-server serve")
    ]
    assert [command for command, *_ in typed] == ["init", "check-config", "init", "token"]
    for arguments in typed:
        done = await run(*arguments, cwd=tmp_path)
        assert done.code == 0, done
    written = {row[0].strip("`") for row in SETTING_UP.table("`sio-server.toml`")}
    assert written == {
        str(path.relative_to(tmp_path / "avisos"))
        for path in (tmp_path / "avisos").rglob("*")
        if path.is_file() and path.name != "keys.lock"
    }


def test_tables_name_flags_that_there_are() -> None:
    """What the pages say of flags is so: `init` has no other, and `doctor` has those."""
    assert shown(SETTING_UP, "`--origin`") == flags("init") - {"--dir"}
    assert shown(DOCTOR, "`--quick`") <= flags("doctor") | flags("keys") | {"--observe", "--read"}


async def test_table_of_checks_is_what_is_looked_at(tmp_path: Path) -> None:
    """Each check of an examination that is given everything is in the table, and there is no other."""
    named = {name for row in DOCTOR.table("`dns`, `port`") for name in re.findall(r"`([a-z-]+)`", row[0])}
    async with running(secured(allowed_origins=("https://app.example.org",))) as server:
        found = await examined(
            server.url, tmp_path, token=lasting_token("eva", "admin"), key=PUBLISH_KEY, origin="https://app.example.org"
        )
    assert named == {finding.check for finding in found.all} | {
        "tls",
        "schema",
    }  # no TLS is spoken, and there is no log
