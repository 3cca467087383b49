"""How settings are written down: misspelt names, secrets in files, space around values, what Kubernetes sets."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from sio_server import files
from sio_server.catalog import Catalog
from sio_server.config import load, read
from sio_server.errors import CatalogError, ConfigError
from tests.support.servers import FOR_EVER
from tests.support.settings import STRONG, isolate, protect

OTHER = STRONG[::-1]


@pytest.fixture(autouse=True)
def nothing_else_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty directory to work in and no settings but the secrets."""
    isolate(tmp_path, monkeypatch)
    protect(monkeypatch)


# -- names that are none --


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SIO_SERVER_JWT_SECRETS", "SIO_SERVER_JWT_SECRETS is no setting (did you mean SIO_SERVER_JWT_SECRET?)"),
        ("SIO_SERVER_PROT", "SIO_SERVER_PROT is no setting (did you mean SIO_SERVER_PORT?)"),
        ("SIO_SERVER_ZZZZZZ", "SIO_SERVER_ZZZZZZ is no setting"),
        ("SIO_SERVER_PUBLISH_KEYS_FIL", "(did you mean SIO_SERVER_PUBLISH_KEYS_FILE?)"),
        ("sio_server_port", "sio_server_port is no setting (did you mean SIO_SERVER_PORT?)"),
        ("Sio_Server_Port", "Sio_Server_Port is no setting (did you mean SIO_SERVER_PORT?)"),
        ("SIO_SEVER_JWT_SECRET", "SIO_SEVER_JWT_SECRET is no setting (did you mean SIO_SERVER_JWT_SECRET?)"),
        ("SIOSERVER_PUBLISH_KEYS", "(did you mean SIO_SERVER_PUBLISH_KEYS?)"),
    ],
)
def test_misspelt_name_is_told_wherever_it_stands(name: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is no setting is told with the nearest one, in the environment as in ``.env``, and not its value."""
    monkeypatch.setenv(name, "MARKER")
    (line,) = read().warnings
    assert told in line
    assert "MARKER" not in line
    monkeypatch.delenv(name)
    Path(".env").write_text(f"# SIO_SERVER_OTHER=1\nexport {name}=MARKER\nOTHER=1\n")
    (line,) = read().warnings
    assert line.startswith(".env: ")
    assert told in line
    assert "MARKER" not in line


@pytest.mark.parametrize("name", ["SIOUX_CITY", "SERVER_PORT", "PORT", "JWT_SECRET", "SIO_URL", "NOTSIO_SERVER_PORT"])
def test_names_of_others_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that belongs to somebody else is no typing error."""
    monkeypatch.setenv(name, "x")
    Path(".env").write_text(f"{name}=x\n")
    assert read().warnings == ()


def test_names_that_kubernetes_sets_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Service called sio-server the default port holds, and one line says why; a flag still counts."""
    service = {
        "SIO_SERVER_PORT": "tcp://10.96.12.7:8080",
        "SIO_SERVER_SERVICE_HOST": "10.96.12.7",
        "SIO_SERVER_SERVICE_PORT": "8080",
        "SIO_SERVER_SERVICE_PORT_HTTP": "8080",
        "SIO_SERVER_PORT_8080_TCP": "tcp://10.96.12.7:8080",
        "SIO_SERVER_PORT_8080_TCP_PROTO": "tcp",
        "SIO_SERVER_PORT_8080_TCP_PORT": "8080",
        "SIO_SERVER_PORT_8080_TCP_ADDR": "10.96.12.7",
        "SIO_SERVER_PORT_53_UDP_ADDR": "10.96.12.7",
        "SIO_SERVER_PUBLIC_SERVICE_HOST": "10.96.12.8",
        "SIO_SERVER_PUBLIC_PORT_80_TCP": "tcp://10.96.12.8:80",
    }
    for name, value in service.items():
        monkeypatch.setenv(name, value)
    loaded = read()
    assert loaded.config.port == 8080
    (line,) = loaded.warnings
    assert line.startswith("SIO_SERVER_PORT is passed over")
    assert read({"port": "9000"}).config.port == 9000


# -- secrets in files --


@pytest.mark.parametrize("source", ["environment", "dotenv", "file"])
@pytest.mark.parametrize("content", [OTHER, OTHER + "\n", OTHER + "\r\n", "\ufeff" + OTHER + "\n"])
def test_secret_may_stand_in_a_file(source: str, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is read from the file that its setting with _FILE names; a last line end is no part of it."""
    monkeypatch.delenv("SIO_SERVER_JWT_SECRET")
    secret = Path("secret.txt").absolute()
    secret.write_bytes(content.encode())
    config_file = None
    if source == "environment":
        monkeypatch.setenv("SIO_SERVER_JWT_SECRET_FILE", str(secret))
    elif source == "dotenv":
        Path(".env").write_text(f"SIO_SERVER_JWT_SECRET_FILE={secret}\n")
    else:
        config_file = Path("settings.toml")
        config_file.write_text(f'jwt_secret_file = "{secret}"\n')
    loaded = read(config_file=config_file)
    assert loaded.config.jwt_secret == OTHER
    assert loaded.warnings == ()


def test_keys_stand_in_a_file_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publisher keys in a file are parted by line ends as by commas."""
    monkeypatch.delenv("SIO_SERVER_PUBLISH_KEYS")
    Path("keys").write_text(f"{STRONG}\n{OTHER},{OTHER}1\n\n")
    monkeypatch.setenv("SIO_SERVER_PUBLISH_KEYS_FILE", "keys")
    assert load().publish_keys == (STRONG, OTHER, OTHER + "1")


@pytest.mark.parametrize("setting", ["jwt_secret", "jwt_secret_previous", "publish_keys"])
def test_secret_and_its_file_together_are_refused(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that is set twice is refused by name: nobody could tell which one is in force."""
    name = "SIO_SERVER_" + setting.upper()
    Path("secret").write_text(OTHER)
    monkeypatch.setenv(name, STRONG)
    monkeypatch.setenv(name + "_FILE", "secret")
    with pytest.raises(ConfigError, match=f"{name}_FILE together with {name}") as caught:
        load()
    assert STRONG not in str(caught.value)
    assert OTHER not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "cannot be read: not UTF-8 text"),
        (b"x" * 100_000, "larger than 65536 bytes"),
        ("directory", "cannot be read: Is a directory"),
    ],
)
def test_unreadable_secret_is_told(content: bytes | str | None, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a secret that cannot be used is told by its setting and its path."""
    monkeypatch.delenv("SIO_SERVER_JWT_SECRET")
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET_FILE", "secret")
    if isinstance(content, bytes):
        Path("secret").write_bytes(content)
    elif content is not None:
        Path("secret").mkdir()
    with pytest.raises(ConfigError) as caught:
        load()
    assert str(caught.value).startswith("SIO_SERVER_JWT_SECRET_FILE: secret: ")
    assert told in str(caught.value)


# -- space around values --


@pytest.mark.parametrize("source", ["environment", "dotenv", "toml", "file"])
@pytest.mark.parametrize(("before", "after"), [("", " "), (" ", ""), ("", "\n\n"), ("\t", "\u200b"), ("", "\xa0")])
def test_space_around_a_secret_is_taken_away_and_told(
    source: str, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret is the same from every source: space around it is no part of it, and the setting is named once."""
    monkeypatch.delenv("SIO_SERVER_JWT_SECRET")
    text, config_file, name = before + OTHER + after, None, "SIO_SERVER_JWT_SECRET"
    if source == "environment":
        monkeypatch.setenv("SIO_SERVER_JWT_SECRET", text)
    elif source == "dotenv":
        Path(".env").write_text(f'SIO_SERVER_JWT_SECRET="{text}"\n', "utf-8")
    elif source == "toml":
        config_file, name = Path("settings.toml"), "settings.toml: jwt_secret"
        config_file.write_text(f'jwt_secret = """{text}"""\n', "utf-8")
    else:
        Path("secret").write_text(text, "utf-8")
        monkeypatch.setenv("SIO_SERVER_JWT_SECRET_FILE", "secret")
        name = "SIO_SERVER_JWT_SECRET_FILE"
    loaded = read(config_file=config_file)
    assert loaded.config.jwt_secret == OTHER
    assert loaded.warnings == (f"{name} has spaces or line ends around it: they are taken away",)


def test_space_around_other_values_is_taken_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer that was pasted with a line end is the issuer, and it is told; a key of several is bare as well."""
    monkeypatch.setenv("SIO_SERVER_TOKEN_ISSUER", "https://id.example.org\n")
    monkeypatch.setenv("SIO_SERVER_PUBLISH_KEYS", f"{STRONG} , {OTHER}")
    loaded = read()
    assert loaded.config.token_issuer == "https://id.example.org"
    assert loaded.config.publish_keys == (STRONG, OTHER)
    assert len(loaded.warnings) == 1


def test_quotes_that_belong_to_a_value_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that the environment holds with its quotes, as docker's env files give it, is told by name."""
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET", f'"{STRONG}"')
    (line,) = read().warnings
    assert line.startswith("SIO_SERVER_JWT_SECRET begins and ends with a quote")
    assert STRONG not in line


# -- files of Windows' editors --


def test_byte_order_mark_is_no_part_of_a_file() -> None:
    """A settings file and a catalogue may begin with a byte order mark."""
    Path("settings.toml").write_text("\ufeffport = 9000\n", "utf-8")
    assert load(config_file=Path("settings.toml")).port == 9000
    own = '[types.x]\naudience = { all = true }\ntitle = { es = "x", en = "x" }\ndescription = { es = "x", en = "x" }\n'
    Path("own.toml").write_text("\ufeff" + own, "utf-8")
    assert "x" in Catalog.load(Path("own.toml")).types


@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_host_may_stand_in_brackets(host: str) -> None:
    """An IPv6 address means the same with the brackets of a URL."""
    assert load({"host": host}).host == "::1"


# -- what was pasted, and files that are none --


@pytest.mark.parametrize("host", ["", " ", "http://x", "a b", "x:80", "*", "[::1", "::1]"])
def test_host_that_is_none_is_refused(host: str) -> None:
    """An empty host would listen on every address; it and what is no host are refused by their name."""
    with pytest.raises(ConfigError, match=r"--host: .*is no host name nor address"):
        load({"host": host})


@pytest.mark.parametrize("key", ["-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "ssh-rsa AAAAB3" * 9])
def test_key_of_a_pair_is_no_secret(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of a pair, with which every token would fail, is refused at the start with the setting that is meant."""
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET", key)
    with pytest.raises(ConfigError, match="SIO_SERVER_JWKS_URL") as caught:
        load()
    assert "AAAAB3" not in str(caught.value)
    assert "MIIB" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("port = " + "9" * 5000, "digits"),
        ("port = 1\nport = 2", "not valid TOML"),
    ],
)
def test_file_that_no_reader_takes_is_told(content: str, told: str) -> None:
    """A TOML file that cannot be read is told in words, whatever is wrong with it; so is a catalogue."""
    path = Path("settings.toml")
    path.write_text(content)
    with pytest.raises(ConfigError, match=told):
        load(config_file=path)
    with pytest.raises(CatalogError, match=told):
        Catalog.load(path)


def test_home_of_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below the home of a user whom this machine does not know is told in words."""
    monkeypatch.setenv("SIO_SERVER_CONFIG", "~nobody-of-this-name/settings.toml")
    with pytest.raises(ConfigError, match="not a path"):
        load()


def test_pipe_without_a_writer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe into which nobody writes is refused, wherever it is named, and one with a writer is read."""
    monkeypatch.setattr(files, "PIPE_PATIENCE", 0.2)
    os.mkfifo("pipe")
    for settings in (
        {"SIO_SERVER_CONFIG": "pipe"},
        {"SIO_SERVER_JWT_SECRET": "", "SIO_SERVER_JWT_SECRET_FILE": "pipe"},
    ):
        with monkeypatch.context() as patched:
            for name, value in settings.items():
                patched.setenv(name, value)
            with pytest.raises(ConfigError, match="nothing was written into this pipe"):
                load()
    monkeypatch.setattr(files, "PIPE_PATIENCE", FOR_EVER)
    monkeypatch.setenv("SIO_SERVER_CONFIG", "pipe")
    writer = threading.Thread(target=Path("pipe").write_text, args=("port = 81\n",))
    writer.start()
    assert load().port == 81
    writer.join()


def test_lines_of_dotenv_that_do_not_count_are_told() -> None:
    """A line that sets nothing and a name that stands twice are told, by line and name and without a value."""
    Path(".env").write_text(
        "# of ours\n\nSIO_SERVER_PORT: MARKER\nset SIO_SERVER_PORT=MARKER\nSIO_SERVER_HOST\n"
        "SIO_SERVER_PORT=81\nSIO_SERVER_PORT=82\nOTHER=1\nOTHER=2\n"
    )
    loaded = read()
    assert loaded.config.port == 82
    told = "\n".join(loaded.warnings)
    for line in (3, 4, 5):
        assert f".env: line {line} is passed over: it is not NAME=value" in told
    assert ".env: SIO_SERVER_PORT stands there 2 times: the last one counts" in told
    assert "MARKER" not in told
    assert "OTHER" not in told


def test_dotenv_that_is_no_file_is_told() -> None:
    """A directory in the place of ``.env``, as a mount that fails leaves it, is told."""
    Path(".env").mkdir()
    (line,) = read().warnings
    assert line == ".env is passed over: it is no file"


def test_dotenv_counts_where_kubernetes_took_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port in ``.env`` counts although a Service took the variable, and other Services are passed over."""
    monkeypatch.setenv("SIO_SERVER_PORT", "tcp://10.96.12.7:8080")
    for name in ("SIO_SERVER_PUBLIC_PORT", "SIO_SERVER_URL_PORT", "SIO_PORT"):
        monkeypatch.setenv(name, "tcp://10.96.12.8:80")
    monkeypatch.setenv("SIO_SERVICE_HOST", "10.96.12.8")
    Path(".env").write_text("SIO_SERVER_PORT=8099\n")
    loaded = read()
    assert loaded.config.port == 8099
    assert len(loaded.warnings) == 1


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("JWT_SECRET", f"\u201c{STRONG}\u201d", "begins and ends with a quote"),
        ("JWT_SECRET", f"{STRONG}\n{STRONG}", "has several lines"),
        ("JWT_SECRET", f"SIO_SERVER_JWT_SECRET={STRONG}", "give the value alone"),
        ("PUBLISH_KEYS", f'["{OTHER}"]', "begins and ends with a quote"),
        ("PUBLISH_KEYS", f"{OTHER} {STRONG}", "no line is a comment"),
        ("PUBLISH_KEYS", f"# {OTHER}", "no line is a comment"),
    ],
)
def test_secret_that_was_badly_pasted_is_told(
    setting: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came along with a secret and counts as part of it is told, from a variable and a file, without a secret."""
    name = f"SIO_SERVER_{setting}"
    monkeypatch.setenv(name, value)
    (line,) = read().warnings
    assert told in line
    assert STRONG not in line
    monkeypatch.delenv(name)
    Path("secret").write_text(value)
    monkeypatch.setenv(f"{name}_FILE", "secret")
    assert any(told in line for line in read().warnings)
