"""What all commands have in common: quick help, one clear line for a mistake, exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sio_server import __version__
from sio_server.cli.commands import COMMANDS, commands, complain, default_language, one_line
from tests.support.commands import assert_user_error, finish, line_of_errors, run, start
from tests.support.servers import REFUSING, environment, running
from tests.support.waiting import until

NOBODY = ("--url", "http://127.0.0.1:1")


async def test_the_module_is_the_command(tmp_path: Path) -> None:
    """``python -m sio_server --version`` says who it is."""
    done = await run("--version", cwd=tmp_path)
    assert (done.code, done.out.strip()) == (0, f"sio-server, version {__version__}")


async def test_help_lists_every_command(tmp_path: Path) -> None:
    """``--help`` names each command with a line about it."""
    done = await run("--help", cwd=tmp_path)
    assert done.code == 0
    for name, place in COMMANDS.items():
        assert f"\n  {name} " in done.out
        assert place.about.split()[0] in done.out


def test_help_imports_nothing_that_a_command_needs() -> None:
    """The list of commands is shown without loading the server, a client or a table."""
    script = (
        "import sys\nfrom sio_server.cli.commands import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert loaded.isdisjoint({"aiohttp", "socketio", "httpx", "rich", "marshmallow", "environs", "jwt"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_list_says(name: str) -> None:
    """Each listed command can be imported, has help, and every option of it says what it is for."""
    context = click.Context(commands)
    command = commands.get_command(context, name)
    assert command is not None
    assert command.name == name
    assert command.help
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


MISTAKES = {
    "unknown command": (("sned",), "No such command"),
    "unknown option": (("send", "test", "--colour", "red"), "No such option"),
    "bad port": (("serve", "--port", "many"), "--port: Not a valid integer."),
    "unprotected": (("serve", "--host", "0.0.0.0"), "SIO_SERVER_JWT_SECRET"),  # noqa: S104 - it is refused
    "no such config file": (("serve", "--config", "no.toml"), "no.toml: cannot be read"),
    "no such catalogue": (("check-config", "--dev", "--catalog", "no.toml"), "catalogue no.toml: cannot be read"),
    "broken JSON": (("send", "test", "--data", "{"), "--data: not valid JSON"),
    "JSON but no object": (("send", "test", "--data", "[1]"), "--data: must be a JSON object"),
    "no such data file": (("send", "test", "--data", "@no.json"), "--data: no.json cannot be read"),
    "nobody to send to": (("send", "test", *NOBODY), "http://127.0.0.1:1 did not accept it"),
    "nobody to listen to": (("listen", *NOBODY), "http://127.0.0.1:1 cannot be reached"),
    "nobody to show the day to": (("demo", "--delay", "0", *NOBODY), "http://127.0.0.1:1 did not accept it"),
    "nobody to watch": (("demo", "--watch", *NOBODY), "http://127.0.0.1:1 cannot be reached"),
    "no address": (("listen", "--url", "localhost:8080"), "SIO_SERVER_URL: must be an http(s) address"),
    "nothing to sign with": (("token", "--user", "1"), "SIO_SERVER_JWT_SECRET"),
    "a secret that is too short": (("token", "--user", "1", "--secret", "short"), "at least 32 bytes"),
    "no log": (("log", "--data-dir", "nowhere"), "there is no log here"),
    "nowhere to export to": (("catalog", "export", "--output", "no/where.ts"), "cannot be written"),
}


@pytest.mark.parametrize(("arguments", "fragment"), MISTAKES.values(), ids=MISTAKES)
async def test_a_mistake_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], fragment: str) -> None:
    """A mistake ends in exit code 2 and words that name it, with nothing on standard output."""
    done = await run(*arguments, cwd=tmp_path)
    assert_user_error(done, fragment)
    assert done.out == ""


async def test_a_refusal_of_the_server_names_the_fields(tmp_path: Path) -> None:
    """What the server refuses is told in its words, in the language asked for."""
    async with running(REFUSING) as server:
        done = await run("send", "reserva_creda", "--url", server.url, "--lang", "es", cwd=tmp_path)
        assert_user_error(done, "sio-server: unknown_type: Tipo de evento desconocido", "¿Quizá 'reserva_creada'?")
        done = await run("send", "reserva_creada", "-d", '{"personas":"x"}', "--url", server.url, cwd=tmp_path)
        assert_user_error(done, "sio-server: invalid_data: data.personas: Must be a whole number.")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("command", [("listen", "--role", "admin"), ("demo", "--watch", "--delay", "60")], ids=" ".join)
async def test_an_interrupted_command_ends_with_130(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Ctrl-C ends a command that waits without a traceback, and it takes leave of the server."""
    async with running() as server:
        witness = await server.connect({"role": "admin"})
        process = await start(*command, "--url", server.url, cwd=tmp_path)
        if command[0] == "demo":
            await witness.wait(1)
        else:
            assert "connected to" in await line_of_errors(process)
        process.send_signal(signal.SIGINT)
        done = await finish(process)
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 1, "its leave")
    assert done.code == 130, done
    assert "Traceback" not in done.err


async def test_settings_may_stand_in_a_dotenv_file(tmp_path: Path) -> None:
    """``.env`` of the working directory is read by commands too, and the environment wins over it."""
    async with running() as server:
        (tmp_path / ".env").write_text(f"SIO_SERVER_URL={server.url}\n", "utf-8")
        assert (await run("send", "test", cwd=tmp_path)).code == 0
        done = await run("send", "test", cwd=tmp_path, env={"SIO_SERVER_URL": NOBODY[1]})
        assert_user_error(done, NOBODY[1])


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "es_CL.UTF-8"}, "es"),
        ({"LANG": "C.UTF-8"}, "es"),
        ({}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    """English where the locale is English, Spanish otherwise."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_language() == language


def test_what_is_complained_of_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands in a mistake, a server's words or a file's name, is printed without a terminal's commands."""
    complain("a\nb \x1b]0;title\x07 \x9b2J \u202e \r c\u2028d")
    assert capsys.readouterr().err == "sio-server: a\nsio-server: b  ]0;title   2J     c d\n"


def test_text_from_elsewhere_cannot_steer_the_terminal() -> None:
    """Escape sequences and line breaks in a text that is shown become spaces."""
    assert one_line("a\x1b[2Jb\nc\x9bd\u202e") == "a [2Jb c d "
