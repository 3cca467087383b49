"""Where settings come from: flags, the environment, ``.env``, files that hold a secret, a TOML file.

What a setting may be is not judged here, only how it was written down: spaces around it, a name that is none.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from environs import Env

from sio_server.errors import ConfigError
from sio_server.files import bindings_of, notes_of_dotenv, parse_toml, read_file, read_text, why

ENV_PREFIX: Final = "SIO_SERVER_"

FILE_SUFFIX: Final = "_FILE"

# Read by the publishing client and by commands, not by the server, so not a typing error when they are set.
CLIENT_NAMES: Final = frozenset(
    {
        "SIO_SERVER_URL",
        "SIO_SERVER_PUBLISH_KEY",
        "SIO_SERVER_SPOOL",
        "SIO_SERVER_DATABASE",
        "SIO_SERVER_STRICT",
        "SIO_SERVER_TOKEN",
        "SIO_SERVER_CONFIG",
    }
)

# Names the TOML file where no flag does.
CONFIG_NAME: Final = "SIO_SERVER_CONFIG"

# Kubernetes gives every container such variables for each Service of its namespace, and Docker did for each link. With
# a Service called sio-server (or sio-server-public, or sio) they begin as ours do.
_OF_SERVICES: Final = re.compile(
    r"SIO_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)"
)
_PORT_OF_SERVICE: Final = re.compile(r"SIO_(\w+_)?PORT")
_SERVICE_ADDRESS: Final = re.compile(r"(tcp|udp|sctp)://", re.IGNORECASE)

_NAME_IN_DOTENV: Final = re.compile(r"^[ \t]*(?:export[ \t]+)?['\"]?([\w.-]+)['\"]?[ \t]*=", re.MULTILINE)

# Around a value these are how it was pasted or stored: a byte order mark and a width of zero are no part of a secret.
_AROUND: Final = " \t\r\n\v\f\x00\x85\xa0\ufeff\u200b\u2060\u2028\u2029"

# Pairs that stand around a value which was copied from a program, a text processor, or JSON.
_QUOTES: Final = frozenset({'""', "''", "``", "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb", "\u201e\u201c"})

# A file of secrets is read whole; a device or a log that was named by mistake has no end.
_MAX_SECRET_FILE: Final = 64 * 1024


@dataclass(slots=True)
class Sources:
    """Values by setting as they were written, where each is from, and a line for each thing that looks odd.

    ``names`` says what a setting is called where it stands, ``places`` where that is.
    """

    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, setting: str, value: Any, name: str, place: str) -> None:
        """Keep a value, where no source before this one had the setting; None is not given."""
        if value is not None and setting not in self.values:
            self.values[setting], self.names[setting], self.places[setting] = value, name, place


def env_name(setting: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + setting.upper()


def gather(
    flags: Mapping[str, Any],
    *,
    settings: Iterable[str],
    secrets: Iterable[str],
    paths: Iterable[str],
    config_file: Path | None = None,
    env_file: Path | None = None,
) -> Sources:
    """Read every source; the first of flag, environment, ``.env``, TOML file that has a setting wins.

    ``secrets`` may also stand in a file that ``SIO_SERVER_X_FILE`` (or ``x_file`` in TOML) names. Around all but
    ``paths`` white space is taken away and noted; one that stands in the TOML file begins at that file's directory.
    Where None, ``config_file`` is what SIO_SERVER_CONFIG names, and ``env_file`` is ``.env`` in the working directory.
    Raises `ConfigError` for what cannot be read.
    """
    found = Sources()
    for setting, value in flags.items():
        flag = "--" + setting.replace("_", "-")
        found.note(setting, value, flag, flag)
    dotenv = env_file or dotenv_path()
    lines = bindings_of(dotenv)
    found.notes.extend(notes_of_dotenv(dotenv, lines, ENV_PREFIX))
    env = _environment(dotenv)
    for setting in settings:
        name = env_name(setting)
        # A variable that is set to nothing is how compose files and unit files say "not set".
        text = env.str(name, "")
        if setting == "port" and _SERVICE_ADDRESS.match(text):
            found.notes.append(f"{name} is passed over: it is what Kubernetes sets for a Service called sio-server")
            text = next((line.value for line in reversed(lines) if line.key == name and line.value), "")
            if _SERVICE_ADDRESS.match(text):
                continue
        found.note(setting, text or None, name, _place_of(name, dotenv))
    if config_file is None and (named := env.str(CONFIG_NAME, "")):
        config_file = Path(named)
    file = read_settings(config_file, paths, secrets) if config_file else {}
    _take_secret_files(found, secrets, env, file, config_file)
    for setting, value in file.items():
        found.note(setting, value, f"{config_file}: {setting}", str(config_file))
    for setting in found.values.keys() - set(paths):
        found.values[setting] = _trimmed(found, setting)
        found.notes.extend(_as_pasted(found, setting, secret=setting in secrets))
    return found


def _place_of(name: str, dotenv: Path) -> str:
    """Where a variable is set: the process's own environment goes before ``.env``."""
    return f"{name} in {'the environment' if os.environ.get(name) else dotenv.name}"


def _take_secret_files(
    found: Sources, secrets: Iterable[str], env: Env, file: dict[str, Any], config_file: Path | None
) -> None:
    for setting in secrets:
        name = env_name(setting) + FILE_SUFFIX
        inside = file.pop(setting + FILE_SUFFIX.lower(), None)
        path = env.str(name, "") or inside
        if path is None:
            continue
        if setting in found.values or setting in file:
            other = found.names.get(setting, setting)
            raise ConfigError(f"{name} together with {other}: leave out the one or the other")
        place = str(config_file) if path is inside else name
        found.note(setting, _read_secret(path, name), name, f"{path} named by {place}")


def dotenv_path() -> Path:
    """``.env`` of the working directory; one of a directory above is somebody else's."""
    return Path.cwd() / ".env"


def _environment(path: Path) -> Env:
    env = Env()
    try:
        if path.is_file():
            env.read_env(path, recurse=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {why(error)}") from error
    return env


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file, with or without a byte order mark; raises `ConfigError` that names it."""
    return parse_toml(read_text(path), str(path))


def read_settings(path: Path, paths: Iterable[str], secrets: Iterable[str]) -> dict[str, Any]:
    """The settings in a TOML file, their paths as they are seen from the working directory.

    A path in a file begins at that file's directory, so that the same file means the same wherever one starts from.
    Raises `ConfigError` as `read_toml` does.
    """
    found = read_toml(path)
    for name in (*paths, *(secret + FILE_SUFFIX.lower() for secret in secrets)):
        inside = found.get(name)
        if isinstance(inside, str) and inside.strip() and not inside.startswith("~"):
            found[name] = os.path.abspath(path.expanduser().parent / inside)  # noqa: PTH100 - takes ".." away, too
    return found


def secret_in(environ: Mapping[str, str], setting: str, file: Mapping[str, Any] | None = None) -> str | None:
    """A secret as a server with this environment has it, from its variable or the file that one names; else None.

    ``file`` is what `read_settings` found in its settings file. Raises `ConfigError` for a file that cannot be read.
    """
    name, inside = env_name(setting), file or {}
    path = environ.get(name + FILE_SUFFIX)
    text = environ.get(name) or (_read_secret(path, name + FILE_SUFFIX) if path else inside.get(setting, ""))
    if not text and (path := inside.get(setting + FILE_SUFFIX.lower())):
        text = _read_secret(path, name + FILE_SUFFIX)
    return str(text).strip(_AROUND) or None


def _read_secret(path: Any, name: str) -> str:
    """What a file of a secret holds. Its last line may end as lines do; other space around it is noted."""
    if not isinstance(path, str) or not path.strip():
        raise ConfigError(f"{name}: not a path")
    try:
        content = read_file(Path(path).expanduser(), _MAX_SECRET_FILE)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, RuntimeError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError | UnicodeDecodeError) else "not a path"
        raise ConfigError(f"{name}: {path}: cannot be read: {reason}") from error
    if len(content) > _MAX_SECRET_FILE:
        raise ConfigError(f"{name}: {path}: larger than {_MAX_SECRET_FILE} bytes, which no secret is")
    if not text.strip(_AROUND):
        raise ConfigError(f"{name}: {path}: is empty")
    return text.removesuffix("\n").removesuffix("\r")


def _trimmed(found: Sources, setting: str) -> Any:
    """A value without the space around it; each key of several by itself, and a line may end one as a comma does."""
    value = found.values[setting]
    keys = setting == "publish_keys"
    texts = value if keys and isinstance(value, list | tuple) else [value]
    if not all(isinstance(text, str) for text in texts):
        return value
    bare = [text.strip(_AROUND) for text in texts]
    if bare != list(texts):
        found.notes.append(f"{found.names[setting]} has spaces or line ends around it: they are taken away")
    if not keys:
        return bare[0]
    return [key for text in bare for part in re.split(r"[,\r\n]", text) if (key := part.strip(_AROUND))]


def _as_pasted(found: Sources, setting: str, *, secret: bool) -> Iterator[str]:
    """A line for each thing that counts as part of a value and most likely only came with it; no value is in it."""
    name, value = found.names[setting], found.values[setting]
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]
    pairs = (
        _QUOTES | {"[]"} if secret else _QUOTES
    )  # an address may stand in brackets; a secret came out of a JSON list
    if any(text[0] + text[-1] in pairs and len(text) > 1 for text in texts):
        yield f"{name} begins and ends with a quote, which counts as part of it"
    if not secret:
        return
    if any(text.upper().startswith(env_name(setting) + "=") for text in texts):
        yield f"{name} begins with {env_name(setting)}=, which counts as part of it: give the value alone"
    if setting == "publish_keys":
        if any(text.startswith("#") or len(text.split()) > 1 for text in texts):
            yield f"{name} has a key with a space in it or with '#' in front, and it is one: no line is a comment"
    elif any(len(text.splitlines()) > 1 for text in texts):
        yield f"{name} has several lines, and all of them count as one secret"


def unknown_names(settings: Iterable[str], secrets: Iterable[str], env_file: Path | None = None) -> list[str]:
    """A line for each name in the environment and in ``.env`` that is meant for us, it seems, and is no setting."""
    known = [*map(env_name, settings), *(env_name(name) + FILE_SUFFIX for name in secrets), *sorted(CLIENT_NAMES)]
    path = env_file or dotenv_path()
    lines = [
        line
        for name, value in sorted(os.environ.items())
        if not (_PORT_OF_SERVICE.fullmatch(name) and _SERVICE_ADDRESS.match(value)) and (line := _unknown(name, known))
    ]
    lines.extend(f"{path.name}: {line}" for name in _names_in(path) if (line := _unknown(name, known)))
    return lines


def _names_in(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return  # told by who reads its values
    yield from dict.fromkeys(match[1] for match in _NAME_IN_DOTENV.finditer(text))


def _unknown(name: str, known: list[str]) -> str | None:
    if name in known or _OF_SERVICES.fullmatch(name):
        return None
    if name.startswith(ENV_PREFIX):
        return f"{name} is no setting{nearest(name, known)}"
    upper = name.upper().replace("-", "_")
    if upper in known:
        return f"{name} is no setting (did you mean {upper}?)"
    # Others' names begin with SIO, too: only what is all but ours is told.
    if upper.startswith("SIO") and (close := difflib.get_close_matches(upper, known, n=1, cutoff=0.9)):
        return f"{name} is no setting (did you mean {close[0]}?)"
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that suggest the known name nearest to this one; empty where none is near."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]}?)" if found else ""
