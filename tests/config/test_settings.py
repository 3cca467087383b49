"""Settings: where they come from, which source wins, and how a wrong one is told."""

import dataclasses
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sio_server import config
from sio_server.config import Config, env_name, load, unknown_environment
from sio_server.config.schema import ConfigSchema
from sio_server.errors import ConfigError
from tests.support.settings import STRONG, isolate, protect, refused, unprotect

# For each setting: as it is written in a file, as it is written in the environment, and what becomes of it.
EXAMPLES: dict[str, tuple[Any, str, Any]] = {
    "dev": (True, "1", True),
    "host": ("localhost", "localhost", "localhost"),
    "port": (9000, "9000", 9000),
    "base_path": ("/apps/rt", "/apps/rt", "/apps/rt"),
    "workers": (3, "3", 3),
    "unix": ("/run/x.sock", "/run/x.sock", Path("/run/x.sock")),
    "unix_mode": ("0666", "0666", "0666"),
    "tls_cert": ("/etc/x.pem", "/etc/x.pem", Path("/etc/x.pem")),
    "tls_key": ("/etc/x.key", "/etc/x.key", Path("/etc/x.key")),
    "tls_key_password": ("open sesame", "open sesame", "open sesame"),
    "metrics_listen": ("[::1]:9100", "[::1]:9100", "[::1]:9100"),
    "node_listen": ("10.0.0.7:9001", "10.0.0.7:9001", "10.0.0.7:9001"),
    "node_address": ("http://10.0.0.7:9001", "http://10.0.0.7:9001", "http://10.0.0.7:9001"),
    "data_dir": ("/srv/x", "/srv/x", Path("/srv/x")),
    "broker": ("memory:", "memory:", "memory:"),
    "catalog": ("/srv/my.toml", "/srv/my.toml", Path("/srv/my.toml")),
    "locale": ("pt-BR", "pt-BR", "pt-BR"),
    "unknown_types": ("allow", "allow", "allow"),
    "jwt_secret": (STRONG, STRONG, STRONG),
    "jwt_secret_previous": (STRONG + "0", STRONG + "0", STRONG + "0"),
    "jwks_url": ("http://localhost:9/jwks", "http://localhost:9/jwks", "http://localhost:9/jwks"),
    "token_audience": ("tourism", "tourism", "tourism"),
    "token_issuer": ("https://id.example.org", "https://id.example.org", "https://id.example.org"),
    "token_leeway": (5.5, "5.5", 5.5),
    "user_claim": (["uid", "sub"], "uid, sub", ("uid", "sub")),
    "roles_claim": (["realm_access.roles"], "realm_access.roles", ("realm_access.roles",)),
    "token_cookie": ("__Host-avisos", "__Host-avisos", "__Host-avisos"),
    "publish_keys": (["one", "two"], "one, two,", ("one", "two")),
    "cloudevents_prefix": (["org.example", "pe.tours"], "org.example, pe.tours", ("org.example", "pe.tours")),
    "allowed_origins": (["https://a.example.org"], "https://a.example.org", ("https://a.example.org",)),
    "allowed_hosts": (["a.example.org", "b"], "a.example.org,b", ("a.example.org", "b")),
    "recovery": ("always", "always", "always"),
    "retention_days": (0.5, "0.5", 0.5),
    "retention_count": (0, "0", 0),
    "max_body": (1024, "1024", 1024),
    "send_cap": (262144, "262144", 262144),
    "events_per_second": (0, "0", 0),
    "connections_per_user": (5, "5", 5),
    "connections_per_address": (6, "6", 6),
    "handshakes": (7, "7", 7),
    "ipv6_prefix": (56, "56", 56),
    "publish_rate": (8, "8", 8),
    "max_scheduled": (9, "9", 9),
    "trusted_proxies": (["10.0.0.0/8", "::1"], "10.0.0.0/8,::1", ("10.0.0.0/8", "::1")),
    "idempotency_ttl": (60, "60", 60),
    "trust_clock": (True, "true", True),
    "shutdown_timeout": (1.5, "1.5", 1.5),
    "log_format": ("json", "json", "json"),
    "log_level": ("debug", "debug", "debug"),
}

# A setting and values that it must not have, as text; and what is said of them.
WRONG = [
    ("base_path", "/a//b", "no path"),
    ("base_path", "/a/../b", "no path"),
    ("base_path", "/.", "no path"),
    ("base_path", "/a?b", "no path"),
    ("base_path", "/a#b", "no path"),
    ("base_path", "/a b", "no path"),
    ("base_path", "/a\tb", "no path"),
    ("base_path", "/{a}", "no path"),
    ("base_path", "/a%2fb", "no path"),
    ("base_path", "/canción", "no path"),
    ("base_path", "https://a.example.org/rt", "no path"),
    ("base_path", "C:\\Program Files\\Git\\rt", "no path"),
    ("base_path", "/" + 200 * "a", "Length"),
    ("host", "a..b", "no host name"),
    ("token_leeway", "-1", "Must be from 0"),
    ("token_leeway", "3600", "Must be from 0 to 300"),
    ("roles_claim", ",", "Names no claim"),
    ("token_cookie", "mi cookie", "no name of a cookie"),
    ("token_cookie", "a=b", "no name of a cookie"),
    ("dev", "maybe", "Not a valid boolean"),
    ("port", "65536", "Must be from 0 to 65535"),
    ("port", "-1", "Must be from 0 to 65535"),
    ("port", "http", "integer"),
    ("port", "80.5", "integer"),
    ("unix_mode", "066", "no permissions"),
    ("unix_mode", "rw", "no permissions"),
    ("unix_mode", "66", "no permissions"),
    ("metrics_listen", "9100", "no place to listen at"),
    ("node_listen", "9001", "no place to listen at"),
    ("node_address", "10.0.0.7:9001", "no address of a node"),
    ("node_address", "https://10.0.0.7:9001", "no address of a node"),
    ("node_address", "http://10.0.0.7", "no address of a node"),
    ("node_address", "http://a..b:9001", "no address of a node"),
    ("metrics_listen", "::1:9100", "no place to listen at"),
    ("metrics_listen", "127.0.0.1:", "no place to listen at"),
    ("metrics_listen", "127.0.0.1:65536", "no place to listen at"),
    ("metrics_listen", "unix:", "no place to listen at"),
    ("metrics_listen", "a..b:9100", "no host name"),
    ("metrics_listen", ":9100", "no host name"),
    ("locale", "es_MX", "'es_MX' is no language tag, such as es or pt-BR."),
    ("locale", "pt-br", "Write 'pt-BR'."),
    ("unknown_types", "pass", "Must be one of: refuse, allow"),
    ("jwks_url", "ftp://example.org/keys", "URL"),
    ("jwks_url", "keys.json", "URL"),
    ("max_body", "10", "Must be from 1024"),
    ("idempotency_ttl", "1", "Must be from 60"),
    ("trust_clock", "perhaps", "Not a valid boolean"),
    ("recovery", "never", "Must be one of: asking, always"),
    ("retention_days", "-1", "Must be from 0"),
    ("retention_count", "1e3", "integer"),
    ("send_cap", "262143", "Must be from 262144"),
    ("events_per_second", "-1", "Must be from 0"),
    ("connections_per_user", "-1", "Must be from 0"),
    ("connections_per_address", "many", "integer"),
    ("handshakes", "0", "Must be from 1"),
    ("ipv6_prefix", "0", "Must be from 1"),
    ("ipv6_prefix", "129", "Must be from 1"),
    ("publish_rate", "-1", "Must be from 0"),
    ("trusted_proxies", "proxy.example.org", "no address or network"),
    ("trusted_proxies", "10.0.0.0/33", "no address or network"),
    ("shutdown_timeout", "-1", "Must be from 0"),
    ("shutdown_timeout", "nan", "nan"),
    ("log_format", "xml", "Must be one of: auto, console, json"),
    ("log_level", "loud", "Must be one of: debug, info, warning, error"),
    ("jwt_secret", "x" * 4097, "Length"),
    ("allowed_origins", "app.example.org", "no origin"),
    ("allowed_origins", "https://", "no origin"),
    ("allowed_origins", "https://app.example.org/path", "no origin"),
    ("allowed_hosts", "app.example.org:8080", "no host name"),
    ("allowed_hosts", "[2001:db8::1]", "no host name"),
    ("allowed_hosts", "https://app.example.org", "no host name"),
]

SOURCES = ("flag", "environment", "dotenv", "file")


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test an empty directory to work in and no settings, and see that reading them makes no log."""
    isolate(tmp_path, monkeypatch)
    protect(monkeypatch)
    yield
    assert not Path("data").exists()


def toml(values: dict[str, Any]) -> Path:
    """Write a settings file; JSON's values are TOML's."""
    file = Path.cwd() / "settings.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()), "utf-8")
    return file


def load_from(source: str, setting: str, text: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Load with one setting from one source, where the environment's secrets do not hide it."""
    monkeypatch.delenv(env_name(setting), raising=False)
    if source == "flag":
        return load({setting: text})
    if source == "environment":
        monkeypatch.setenv(env_name(setting), text)
        return load()
    if source == "dotenv":
        Path(".env").write_text(f"{env_name(setting)}={text}\n", "utf-8")
        return load()
    return load(config_file=toml({setting: text}))


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("", ""),
        ("/", ""),
        ("rt", "/rt"),
        ("/rt", "/rt"),
        ("/rt/", "/rt"),
        ("//rt//", "/rt"),
        ("/apps/v1.0/rt_~-", "/apps/v1.0/rt_~-"),
    ],
)
def test_base_path_has_one_spelling(written: str, path: str) -> None:
    """A base path may come with its first and last slash or without, and begins with one inside."""
    assert load({"base_path": written}).base_path == path


# -- where settings come from --


def test_defaults() -> None:
    """With nothing set but its secrets the server is reached from this machine alone, and keeps its log in ``data``."""
    loaded = load()
    assert loaded == Config(jwt_secret=STRONG, publish_keys=(STRONG,))
    assert (loaded.host, loaded.port, loaded.data_dir, loaded.broker) == ("127.0.0.1", 8080, Path("data"), "sqlite:")
    assert loaded.max_body == 65536
    assert loaded.idempotency_ttl == 86400
    assert not loaded.development


def test_each_setting_is_checked_and_described() -> None:
    """Every member of the settings has a check and a text that says what it is for, and an example here."""
    names = [member.name for member in dataclasses.fields(Config)]
    assert list(ConfigSchema().fields) == names
    assert list(EXAMPLES) == names
    assert all(field.metadata["about"] for field in ConfigSchema().fields.values())


@pytest.mark.parametrize("setting", EXAMPLES)
@pytest.mark.parametrize("source", SOURCES)
def test_each_setting_from_each_source(source: str, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting has one name in every source and means the same from each of them."""
    _, text, expected = EXAMPLES[setting]
    if setting == "dev":
        unprotect(monkeypatch)
    if setting.startswith("tls_key"):
        monkeypatch.setenv("SIO_SERVER_TLS_CERT", "/etc/x.pem")
    if setting == "node_address":
        monkeypatch.setenv("SIO_SERVER_NODE_LISTEN", "0.0.0.0:9001")
    assert getattr(load_from(source, setting, text, monkeypatch), setting) == expected


def test_all_settings_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may hold all settings at once, each in TOML's own type, but for what is one or the other."""
    unprotect(monkeypatch)
    given = {name: value for name, (value, _, _) in EXAMPLES.items() if name not in ("dev", "unix")}
    expected = {name: expected for name, (_, _, expected) in EXAMPLES.items()}
    assert dataclasses.asdict(load(config_file=toml(given))) == {**expected, "dev": False, "unix": None}


@pytest.mark.parametrize("other", ["host", "port", "tls_cert"])
def test_unix_socket_takes_the_place_of_an_address(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Unix socket together with an address, or with TLS, is refused, and both are named where they stand."""
    monkeypatch.setenv(env_name(other), EXAMPLES[other][1])
    assert refused(unix="/run/x.sock").startswith(f"--unix together with {env_name(other)}: ")


def test_unix_socket_is_this_machine_and_believes_who_connects() -> None:
    """Who connects by a Unix socket is on this machine, and comes for whom the forwarded headers say."""
    loaded = load({"unix": "/run/x.sock", "trusted_proxies": "10.0.0.0/8"})
    assert loaded.loopback
    assert loaded.trusted_proxies == ("10.0.0.0/8", "unix:")
    assert load({"trusted_proxies": "unix:"}).trusted_proxies == ("unix:",)


@pytest.mark.parametrize("other", ["tls_key", "tls_key_password"])
def test_key_without_its_certificate_is_refused(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, or its password, without a certificate is refused by its name."""
    monkeypatch.setenv(env_name(other), "x")
    assert refused() == f"{env_name(other)} needs SIO_SERVER_TLS_CERT, the certificate of that key"


def test_metrics_have_a_place() -> None:
    """Where the metrics are answered is an address with its port, or a Unix socket."""
    for text, place in (
        ("0.0.0.0:9100", ("0.0.0.0", 9100)),  # noqa: S104 - nothing listens there
        ("[::1]:0", ("::1", 0)),
        ("metrics.internal:9100", ("metrics.internal", 9100)),
        ("unix:/run/m.sock", Path("/run/m.sock")),
    ):
        assert load({"metrics_listen": text}).metrics_place == place
    assert load().metrics_place is None


def test_metrics_of_development_are_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """In development mode the metrics, too, are answered to this machine alone."""
    unprotect(monkeypatch)
    assert "is for this machine alone" in refused(dev=True, metrics_listen="0.0.0.0:9100")
    assert load({"dev": True, "metrics_listen": "127.0.0.1:9100"}).development


def test_nodes_have_a_place_that_others_can_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other nodes come in is an address that they can call, or another one is named beside it."""
    assert load({"node_listen": "10.0.0.7:9001"}).node_place == ("10.0.0.7", 9001)
    assert load({"node_listen": "unix:/run/n.sock"}).node_place == Path("/run/n.sock")
    assert load().node_place is None
    assert "say with SIO_SERVER_NODE_ADDRESS how they find it" in refused(node_listen="0.0.0.0:9001")
    assert load({"node_listen": "[::]:9001", "node_address": "http://n1.internal:9001"}).node_place == ("::", 9001)
    assert "needs SIO_SERVER_NODE_LISTEN" in refused(node_address="http://10.0.0.7:9001")
    unprotect(monkeypatch)
    assert "is for this machine alone" in refused(dev=True, node_listen="10.0.0.7:9001")


@pytest.mark.parametrize(
    "present",
    [chosen for count in range(len(SOURCES) + 1) for chosen in itertools.combinations(SOURCES, count)],
    ids=lambda chosen: "+".join(chosen) or "none",
)
def test_first_source_wins(present: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag wins over the environment, which wins over ``.env``, which wins over the file, then the default holds."""
    ports = dict(zip(SOURCES, (9001, 9002, 9003, 9004), strict=True))
    if "environment" in present:
        monkeypatch.setenv("SIO_SERVER_PORT", str(ports["environment"]))
    if "dotenv" in present:
        Path(".env").write_text(f"SIO_SERVER_PORT={ports['dotenv']}\n")
    flags = {"port": ports["flag"] if "flag" in present else None}
    file = toml({"port": ports["file"]}) if "file" in present else None
    assert load(flags, config_file=file).port == (ports[present[0]] if present else 8080)


def test_sources_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is looked for by itself, so that sources add up."""
    monkeypatch.setenv("SIO_SERVER_LOCALE", "en")
    Path(".env").write_text("SIO_SERVER_LOG_LEVEL=debug\n")
    loaded = load({"port": 1}, config_file=toml({"broker": "memory:", "locale": "es"}))
    assert (loaded.port, loaded.locale, loaded.log_level, loaded.broker) == (1, "en", "debug", "memory:")


def test_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing counts as not set, so a file's value holds."""
    monkeypatch.setenv("SIO_SERVER_PORT", "")
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET_PREVIOUS", "")
    loaded = load(config_file=toml({"port": 9000}))
    assert (loaded.port, loaded.jwt_secret_previous) == (9000, None)


def test_env_file_may_be_named() -> None:
    """Another file takes the place of ``.env`` where it is named."""
    Path(".env").write_text("SIO_SERVER_PORT=9001\n")
    Path("other.env").write_text("SIO_SERVER_PORT=9002\n")
    assert load(env_file=Path("other.env")).port == 9002


def test_env_file_is_not_looked_for_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ``.env`` of a directory above is somebody else's."""
    Path(".env").write_text("SIO_SERVER_PORT=9001\n")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert load().port == 8080


def test_reading_settings_leaves_the_environment_alone() -> None:
    """What ``.env`` says is not put into the environment, where it would reach other programs and later reads."""
    Path(".env").write_text("SIO_SERVER_PORT=9001\n")
    assert load().port == 9001
    Path(".env").unlink()
    assert load().port == 8080


def test_home_directory_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path may begin with ``~``."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({"data_dir": "~/log"}).data_dir == tmp_path / "log"


# -- wrong settings --


@pytest.mark.parametrize(("setting", "text", "told"), WRONG, ids=lambda value: value[:24])
@pytest.mark.parametrize("source", SOURCES)
def test_wrong_setting_names_its_source(
    source: str, setting: str, text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong value is refused with the name it has where it came from, and with what it should be."""
    with pytest.raises(ConfigError) as caught:
        load_from(source, setting, text, monkeypatch)
    written = {
        "flag": "--" + setting.replace("_", "-"),
        "environment": env_name(setting),
        "dotenv": env_name(setting),
        "file": f"settings.toml: {setting}",
    }[source]
    message = str(caught.value)
    assert f"{written}: " in message
    assert told in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("port", True),
        ("port", 8080.5),
        ("host", 1),
        ("publish_keys", 5),
        ("publish_keys", [1]),
        ("data_dir", ""),
        ("max_body", [1]),
        ("locale", {}),
    ],
)
def test_wrong_type_in_a_file(setting: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of another type is refused by the key of the file."""
    monkeypatch.delenv(env_name(setting), raising=False)
    value = {"a": 1} if value == {} else value
    file = Path.cwd() / "settings.toml"
    file.write_text(f"{setting} = {json.dumps(value) if value != {'a': 1} else '{a = 1}'}\n")
    with pytest.raises(ConfigError, match=rf"settings\.toml: {setting}: "):
        load(config_file=file)


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong setting has a line of its own, whatever source it is from."""
    monkeypatch.setenv("SIO_SERVER_LOCALE", "fr_FR")
    with pytest.raises(ConfigError) as caught:
        load({"port": "x"}, config_file=toml({"log_level": "loud"}))
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert {line.partition(": ")[0].rpartition("/")[2] for line in lines} == {
        "--port",
        "SIO_SERVER_LOCALE",
        "settings.toml",
    }


def test_unknown_key_names_the_nearest() -> None:
    """A key of the file that is no setting is refused, with the setting it may have meant."""
    with pytest.raises(ConfigError, match=r"settings\.toml: prot: Unknown field\. \(did you mean port\?\)"):
        load(config_file=toml({"prot": 1}))


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"port = ", "not valid TOML"), (b'host = "\xff"', "cannot be read"), (None, "No such file")],
)
def test_unreadable_file_is_named(content: bytes | None, told: str) -> None:
    """A file that is missing, not TOML or not text is refused by its name."""
    file = Path.cwd() / "settings.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(config_file=file)
    assert "settings.toml: " in str(caught.value)
    assert told in str(caught.value)


def test_env_file_that_is_no_text_is_named() -> None:
    """An ``.env`` that is not UTF-8 is refused by its name."""
    Path(".env").write_bytes(b"SIO_SERVER_PORT=\xff\n")
    with pytest.raises(ConfigError, match=r"\.env: cannot be read"):
        load()


def test_unknown_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is no setting is told with the nearest one; those of the client and of commands are known."""
    monkeypatch.setenv("SIO_SERVER_JWT_SECERT", "x")
    for name in (*config.CLIENT_NAMES, env_name("port")):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("OTHER_SERVER_PORT", "1")
    found = [line for line in unknown_environment() if "SECERT" in line or "PORT" in line or "URL" in line]
    assert found == ["SIO_SERVER_JWT_SECERT is no setting (did you mean SIO_SERVER_JWT_SECRET?)"]


# -- secrets --


def test_error_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of an error repeats a secret."""
    secret = "hunter2" * 600
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET", secret)
    with pytest.raises(ConfigError) as caught:
        load()
    assert "hunter2" not in str(caught.value)
