"""The server's certificate: every mistake told in a line, files that change, an end that comes near."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_pem_x509_certificate
from structlog.testing import capture_logs

from sio_server.certificates import Certificate, CertificateWatch, load
from sio_server.config import Config
from sio_server.errors import ConfigError
from tests.support.certificates import Pair, make_pair

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def settings(pair: Pair, password: str | None = None) -> Config:
    """The settings that name a pair."""
    return Config(tls_cert=pair.cert, tls_key=pair.key, tls_key_password=password)


def loaded(config: Config) -> Certificate:
    """The certificate of these settings."""
    found = load(config)
    assert found is not None
    return found


def test_no_certificate_is_no_tls() -> None:
    """Without the setting there is nothing to load."""
    assert load(Config()) is None


def test_pair_is_taken(tmp_path: Path) -> None:
    """A certificate with its key is taken: TLS 1.2 and later, with nothing to warn of."""
    found = loaded(settings(make_pair(tmp_path, not_before=NOW - DAY, not_after=NOW + 90 * DAY)))
    assert found.context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert found.warnings_at(NOW.timestamp()) == []
    assert found.not_after == int((NOW + 90 * DAY).timestamp())


def test_key_may_be_in_the_file_of_the_certificate(tmp_path: Path) -> None:
    """One file may hold both; then it is the one that nobody else may read."""
    pair = make_pair(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.cert.read_bytes())
    both.chmod(0o644)
    (warning,) = loaded(Config(tls_cert=both)).warnings
    assert warning.startswith(f"SIO_SERVER_TLS_CERT: {both}: everybody on this machine can read the private key")
    assert "chmod 640" in warning


def test_encrypted_key_is_decrypted(tmp_path: Path) -> None:
    """With its password an encrypted key is as good as any."""
    assert load(settings(make_pair(tmp_path, password="correct"), "correct"))


def test_needless_password_does_no_harm(tmp_path: Path) -> None:
    """A password for a key that is not encrypted is passed over."""
    assert load(settings(make_pair(tmp_path), "needless"))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_key_of_a_group_is_no_matter(tmp_path: Path, mode: int) -> None:
    """A key that its owner, or a group, may read is as it should be."""
    pair = make_pair(tmp_path)
    pair.key.chmod(mode)
    assert loaded(settings(pair)).warnings == ()


def der(pair: Pair) -> None:
    """Write the certificate as authorities for Windows hand it out."""
    pair.cert.write_bytes(load_pem_x509_certificate(pair.cert.read_bytes()).public_bytes(Encoding.DER))


def der_key(pair: Pair) -> None:
    """Write another key in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    pair.key.write_bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) + b"\0" * 300)
    pair.key.write_bytes(b"\x30\x82" + pair.key.read_bytes())


def directory(pair: Pair) -> None:
    """Have a directory where the key should be."""
    pair.key.unlink()
    pair.key.mkdir()


def swapped(pair: Pair) -> None:
    """Have each in place of the other."""
    cert, key = pair.cert.read_bytes(), pair.key.read_bytes()
    pair.cert.write_bytes(key)
    pair.key.write_bytes(cert)


def other_key(pair: Pair) -> None:
    """Have the key of another certificate."""
    pair.key.write_bytes(make_pair(pair.key.parent, "other").key.read_bytes())


def encrypted(pair: Pair) -> None:
    """Have a key that wants a password."""
    pair.key.write_bytes(make_pair(pair.key.parent, "other", password="correct").key.read_bytes())


FAULTS: list[tuple[str, Callable[[Pair], object], str, str]] = [
    ("no file", lambda pair: pair.cert.unlink(), "CERT", "cannot be read: No such file or directory"),
    ("no key file", lambda pair: pair.key.unlink(), "KEY", "cannot be read: No such file or directory"),
    ("directory", directory, "KEY", "cannot be read: Is a directory"),
    ("empty", lambda pair: pair.cert.write_bytes(b""), "CERT", "holds no certificate in PEM"),
    ("text", lambda pair: pair.cert.write_bytes(b"hello"), "CERT", "holds no certificate in PEM"),
    ("der", der, "CERT", "openssl x509 -inform der"),
    ("der key", der_key, "KEY", "openssl pkey -inform der"),
    (
        "request",
        lambda pair: pair.cert.write_text("-----BEGIN CERTIFICATE REQUEST-----\nMII=\n"),
        "CERT",
        "is a request: give what the authority made of it",
    ),
    ("swapped", swapped, "CERT", "is a private key: that is SIO_SERVER_TLS_KEY"),
    ("other key", other_key, "KEY", "is not the key of the certificate"),
    ("encrypted", encrypted, "KEY", "is encrypted: set SIO_SERVER_TLS_KEY_PASSWORD"),
    ("no key", lambda pair: pair.key.write_bytes(b"hello"), "KEY", "holds no private key in PEM"),
    (
        "damaged key",
        lambda pair: pair.key.write_text("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"),
        "KEY",
        "the private key in it is damaged",
    ),
    (
        "damaged certificate",
        lambda pair: pair.cert.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        "CERT",
        "",
    ),
]


@pytest.mark.parametrize(("fault", "setting", "told"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_mistake_is_told_by_its_setting(
    tmp_path: Path, fault: Callable[[Pair], object], setting: str, told: str
) -> None:
    """What cannot be used is one line: the setting, the file, and what is wrong with it."""
    pair = make_pair(tmp_path)
    fault(pair)
    with pytest.raises(ConfigError) as caught:
        load(settings(pair))
    text = str(caught.value)
    assert text.startswith(f"SIO_SERVER_TLS_{setting}: {pair.cert if setting == 'CERT' else pair.key}: ")
    assert told in text
    assert "\n" not in text


def test_certificate_alone_asks_for_its_key(tmp_path: Path) -> None:
    """Where the file of the certificate has no key in it, the setting for one is named."""
    with pytest.raises(ConfigError, match="has no private key in it: set SIO_SERVER_TLS_KEY"):
        load(Config(tls_cert=make_pair(tmp_path).cert))


def test_wrong_password_is_told_and_not_shown(tmp_path: Path) -> None:
    """A password that does not open the key is named as the setting it is."""
    with pytest.raises(ConfigError, match="is SIO_SERVER_TLS_KEY_PASSWORD right") as caught:
        load(settings(make_pair(tmp_path, password="correct"), "MARKER"))
    assert "MARKER" not in str(caught.value)


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [
        (-90, -1, "and clients refuse it: renew it"),
        (1, 90, "and clients refuse it until then: is the clock right?"),
        (-90, 3.5, "ends in 3 days"),
        (-90, 13.9, "ends in 13 days"),
        (-90, 14.1, None),
    ],
    ids=str,
)
def test_times_are_warned_of(tmp_path: Path, begins: float, ends: float, told: str | None) -> None:
    """A certificate that is over, that has not begun, or that ends within two weeks is taken and warned of."""
    found = loaded(settings(make_pair(tmp_path, not_before=NOW + begins * DAY, not_after=NOW + ends * DAY)))
    warnings = found.warnings_at(NOW.timestamp())
    assert len(warnings) == (told is not None)
    assert all(told in line for line in warnings if told)
    assert all(line.startswith("SIO_SERVER_TLS_CERT: ") for line in warnings)


# -- files that change ------------------------------------------------------------------------------------------------


class Watched:
    """A watch over a pair, the certificates that it put into force, and a clock that the test moves."""

    def __init__(self, config: Config, certificate: Certificate) -> None:
        self.now = NOW.timestamp()
        self.taken: list[Certificate] = []
        self.watch = CertificateWatch(config, certificate, self.taken.append, lambda: self.now)

    @classmethod
    async def over(cls, pair: Pair) -> Watched:
        """Watch a pair that is there."""
        config = settings(pair)
        return cls(config, await asyncio.to_thread(loaded, config))

    async def look(self, times: int = 2) -> int:
        """Look so often; how many certificates were taken over by then."""
        for _ in range(times):
            await self.watch.look()
        return len(self.taken)


async def test_renewed_files_are_taken_over(tmp_path: Path) -> None:
    """New files are taken over once they lie still, and only once; untouched ones never."""
    pair = make_pair(tmp_path)
    watched = await Watched.over(pair)
    assert await watched.look(4) == 0
    make_pair(tmp_path, "next", not_after=NOW + 90 * DAY).put_over(pair)
    assert await watched.look(1) == 0
    assert await watched.look(5) == 1
    assert watched.watch.certificate is watched.taken[0]
    assert watched.taken[0].not_after == int((NOW + 90 * DAY).timestamp())


async def test_links_that_lead_elsewhere_are_followed(tmp_path: Path) -> None:
    """A renewal that puts links to other files in place of those before is seen, as Let's Encrypt's clients do it."""
    archive = tmp_path / "archive"
    archive.mkdir()
    live = Pair(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")

    def lead_to(pair: Pair) -> None:
        for link, target in ((live.key, pair.key), (live.cert, pair.cert)):
            fresh = tmp_path / "fresh"
            fresh.symlink_to(target)
            fresh.replace(link)

    lead_to(make_pair(archive, "one"))
    watched = await Watched.over(live)
    await watched.look()
    lead_to(make_pair(archive, "two"))
    assert await watched.look() == 1


async def test_half_of_a_renewal_is_waited_out(tmp_path: Path) -> None:
    """Between the new key and its certificate nothing is taken over, and nothing is complained of."""
    pair = make_pair(tmp_path)
    watched = await Watched.over(pair)
    await watched.look()
    fresh = make_pair(tmp_path, "next")
    with capture_logs() as lines:
        fresh.key.replace(pair.key)
        assert await watched.look(1) == 0
        fresh.cert.replace(pair.cert)
        assert await watched.look() == 1
    assert "error" not in {line["log_level"] for line in lines}


async def test_broken_files_leave_the_old_certificate(tmp_path: Path) -> None:
    """Files that cannot be used leave the certificate of before in force, told once; mended ones are taken over."""
    pair = make_pair(tmp_path)
    watched = await Watched.over(pair)
    await watched.look()
    before = watched.watch.certificate
    pair.key.write_text("hello")
    with capture_logs() as lines:
        assert await watched.look(6) == 0
    assert watched.watch.certificate is before
    (error,) = [line for line in lines if line["log_level"] == "error"]
    assert "holds no private key" in error["reason"]
    make_pair(tmp_path, "next").put_over(pair)
    assert await watched.look() == 1


async def test_files_that_are_gone_leave_the_old_certificate(tmp_path: Path) -> None:
    """A certificate that was deleted stays in force."""
    pair = make_pair(tmp_path)
    watched = await Watched.over(pair)
    pair.cert.unlink()
    pair.key.unlink()
    assert await watched.look(4) == 0


async def test_touched_files_are_no_renewal(tmp_path: Path) -> None:
    """Files that say what they said before change nothing."""
    pair = make_pair(tmp_path)
    watched = await Watched.over(pair)
    await watched.look()
    os.utime(pair.cert)
    assert await watched.look(4) == 0


async def test_end_that_comes_near_is_told_once_a_day(tmp_path: Path) -> None:
    """From two weeks before its end on, a certificate is warned of once a day."""
    watched = await Watched.over(make_pair(tmp_path, not_before=NOW - DAY, not_after=NOW + 16 * DAY))
    with capture_logs() as lines:
        for _ in range(4 * 24):
            watched.now += 3600
            await watched.look(1)
    told = [re.search(r"ends in (\d+) days", line["event"]) for line in lines if line["log_level"] == "warning"]
    assert [found and found[1] for found in told] == ["13", "12", "11"]
