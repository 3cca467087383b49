"""The command line: ``sio-server COMMAND``.

A command is in the module that `COMMANDS` names and is imported when it is asked for: the help must not wait for what
serving needs. Mistakes of users end in one clear line on standard error and exit code 2.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TextIO, TypeVar

import click

from sio_server import __version__
from sio_server.errors import Error

EXIT_USER_ERROR: Final = 2
EXIT_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells count it."""

# Settings of the server among them are those that a command beside it needs to meet it.
_READ_BY_COMMANDS: Final = (
    "SIO_SERVER_URL",
    "SIO_SERVER_PUBLISH_KEY",
    "SIO_SERVER_TOKEN",
    "SIO_SERVER_DATABASE",
    "SIO_SERVER_CONFIG",
    "SIO_SERVER_CATALOG",
    "SIO_SERVER_LOCALE",
    "SIO_SERVER_DATA_DIR",
    "SIO_SERVER_JWT_SECRET",
    "SIO_SERVER_JWT_SECRET_FILE",
    "SIO_SERVER_TOKEN_AUDIENCE",
    "SIO_SERVER_TOKEN_ISSUER",
)

F = TypeVar("F", bound=Callable[..., Any])


class CommandFailed(Error):
    """A command that cannot do what it was asked to; the text is one line for the person who asked."""


class Place(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    module: str
    attribute: str
    about: str


COMMANDS: Final = {
    "init": Place("sio_server.cli.init", "init", "Write a settings file, secrets and a catalogue to start from"),
    "serve": Place("sio_server.cli.serve", "serve", "Run the server"),
    "send": Place("sio_server.cli.send", "send", "Publish one notification"),
    "listen": Place("sio_server.cli.listen", "listen", "Show notifications as they arrive"),
    "log": Place("sio_server.cli.listen", "log", "Show what the log on disk holds, with the server running or not"),
    "amend": Place("sio_server.cli.amend", "amend", "Change a notification where it stands"),
    "retract": Place("sio_server.cli.amend", "retract", "Take a notification back"),
    "token": Place("sio_server.cli.send", "token", "Sign a token for tests"),
    "demo": Place("sio_server.cli.demo", "demo", "Publish the nine notifications of a day in the system"),
    "relay": Place("sio_server.cli.relay", "relay", "Publish what an application commits to its outbox"),
    "keys": Place("sio_server.cli.keys", "keys", "Make, list, rotate and revoke publisher keys"),
    "users": Place(
        "sio_server.cli.users", "users", "List who is connected, put somebody out, export or erase their data"
    ),
    "health": Place("sio_server.cli.health", "health", "Say whether the server is well: exit code 0 or 1"),
    "backup": Place("sio_server.cli.backup", "backup", "Copy log, inboxes and keys, with the server running or not"),
    "restore": Place("sio_server.cli.backup", "restore", "Put a backup in place of what the data directory holds"),
    "migrate": Place("sio_server.cli.migrate", "migrate", "Move the log from SQLite into PostgreSQL, for many nodes"),
    "vacuum": Place("sio_server.cli.backup", "vacuum", "Give the disk back what retention has freed in the log"),
    "catalog": Place("sio_server.cli.catalog", "catalog", "Look at the event types, check them, add to them"),
    "doctor": Place("sio_server.cli.doctor", "doctor", "Find out what is wrong with a server, from where you are"),
    "check-config": Place(
        "sio_server.cli.check_config", "check_config", "Check the settings and show what is in effect"
    ),
}


class _Commands(click.Group):
    """A group that knows its commands by name and imports one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(importlib.import_module(place.module), place.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.about) for name, place in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sio-server")
def commands() -> None:
    """A self-hosted, real-time notification server.

    Every setting is an environment variable SIO_SERVER_*, a line of .env, or a flag: see `sio-server serve --help`.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and end the process: 0 done, 2 a mistake of the user or no server, 130 interrupted."""
    open_standard_streams()
    try:
        # https://no-color.org; rich obeys it by itself.
        color = False if os.environ.get("NO_COLOR") else None
        code = commands.main(arguments, prog_name="sio-server", standalone_mode=False, color=color)
    except click.ClickException as error:
        error.show()
        code = EXIT_USER_ERROR
    except (click.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    except Error as error:
        complain(str(error))
        code = EXIT_USER_ERROR
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            to_nowhere(stream)  # or the end of the process would fail to write it once more, and change the exit code
    sys.exit(code if isinstance(code, int) else 0)


def open_standard_streams() -> None:
    """Open what the parent closed of standard input, output and error, on the null device.

    The next file or socket would get the number, and what a library writes to standard error would end up in it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for ever


def to_nowhere(stream: TextIO) -> None:
    """Let go of a stream that cannot be written to: what it holds, and all that comes, is thrown away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    stream.flush()


def complain(text: str) -> None:
    """Write to standard error who says it and what is wrong, a line each; a server's or a file's words may be in it."""
    for line in text.split("\n"):
        click.echo(f"sio-server: {one_line(line)}".rstrip(), err=True)


def read_dotenv() -> None:
    """Take what commands read out of ``.env`` of the working directory; the environment's own variables win."""
    from environs import Env  # noqa: PLC0415 - a tenth of a second that the help need not wait for

    path = Path.cwd() / ".env"
    env = Env()
    try:
        if path.is_file():
            env.read_env(path, recurse=False)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise CommandFailed(f"{path}: cannot be read: {reason}") from error
    for name in _READ_BY_COMMANDS:
        if value := env.str(name, ""):
            os.environ.setdefault(name, value)


def default_language() -> str:
    """``es`` or ``en`` by the environment's locale; ``es`` where it names neither."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "en" if value.lower().startswith("en") else "es"
    return "es"


def language_option(command: F) -> F:
    """``--lang``: the language of what the command says to people."""
    return click.option(
        "--lang",
        type=click.Choice(["es", "en"]),
        default=default_language,
        show_default="by LANG",
        help="Language of the output",
    )(command)


def url_option(command: F) -> F:
    """``--url``: where the server is."""
    return click.option(
        "--url", metavar="URL", help="Address of the server [SIO_SERVER_URL; default: http://127.0.0.1:8080]"
    )(command)


def key_option(command: F) -> F:
    """``--key``: the publisher key."""
    return click.option(
        "--key",
        metavar="KEY",
        help="Publisher key; better in the environment, where other users do not see it [SIO_SERVER_PUBLISH_KEY]",
    )(command)


def one_line(text: object) -> str:
    """Text from elsewhere as it may be shown: an escape sequence in it would steer the terminal it is printed on."""
    return "".join(character if character.isprintable() else " " for character in str(text))
