"""The certificate that the server shows: read, checked in words, and read anew when its files change."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from sio_server.config import Config, env_name
from sio_server.errors import ConfigError
from sio_server.files import read_file, why
from sio_server.logs import get_logger

logger = get_logger("tls")

# Seconds between two looks at the files, by their names: a renewal puts links to other files in their place.
INTERVAL: Final = 1.0

# Seconds before its end in which a certificate is told of, once a day: whoever renews does so a month before.
SOON: Final = 14 * 24 * 3600.0
_A_DAY: Final = 24 * 3600.0

_CERT: Final = env_name("tls_cert")
_KEY: Final = env_name("tls_key")
_PASSWORD: Final = env_name("tls_key_password")

Mark = tuple[tuple[int, int, int, int] | None, ...]
"""What changes with the files; None for one that is not there."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, ready to be shown. Times are in seconds of Unix time."""

    context: ssl.SSLContext
    path: Path
    fingerprint: bytes
    """Of the files: the same as long as they say the same."""
    not_before: float
    not_after: float
    warnings: tuple[str, ...]
    """What is odd about the files, whatever the time is."""

    def warnings_at(self, now: float) -> list[str]:
        """A line for each thing that is allowed and that clients will not like, or soon will not."""
        found = list(self.warnings)
        if now < self.not_before:
            found.append(
                f"{_CERT}: {self.path}: begins on {_day(self.not_before)} only, and clients refuse it until then: is "
                "the clock right?"
            )
        if now >= self.not_after:
            found.append(f"{_CERT}: {self.path}: ended on {_day(self.not_after)}, and clients refuse it: renew it")
        elif now >= self.not_after - SOON:
            days = int((self.not_after - now) // _A_DAY)
            found.append(f"{_CERT}: {self.path}: ends in {days} days, on {_day(self.not_after)}: renew it")
        return found


def load(config: Config) -> Certificate | None:
    """Read the certificate of these settings, None where they name none. May wait for the disk.

    Raises `ConfigError` that names the setting, the file and the mend.
    """
    path = config.tls_cert
    if path is None:
        return None
    content = _read(_CERT, path)
    chain = _certificates(path, content)
    key_path = config.tls_key or path
    key_name = _KEY if config.tls_key else _CERT
    key_content = _read(key_name, key_path) if config.tls_key else content
    key = _private_key(key_name, key_path, key_content, config.tls_key_password)
    if key is not None and _public(key) != _public(chain[0]):
        raise ConfigError(
            f"{key_name}: {key_path}: is not the key of the certificate in {path}: give the two that were made together"
        )
    try:
        context = _context()
        # with a password that is wrong, or needless; without one OpenSSL would ask for it on the terminal
        context.load_cert_chain(path, config.tls_key, config.tls_key_password or "")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise ConfigError(f"{_CERT}: {path}: cannot be used: {reason}") from error
    return Certificate(
        context,
        path,
        hashlib.sha256(content + key_content).digest(),
        chain[0].not_valid_before_utc.timestamp(),
        chain[0].not_valid_after_utc.timestamp(),
        tuple(_exposed(key_name, key_path)),
    )


def _context() -> ssl.SSLContext:
    """TLS 1.2 and later with the ciphers that Python takes for safe; HTTP/1.1, of which WebSocket is a part."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # each costs the server ten times what it costs the peer
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(name: str, path: Path) -> bytes:
    try:
        return read_file(path)
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else "not a path"
        mend = ": let the server's user read it" if isinstance(error, PermissionError) else ""
        raise ConfigError(f"{name}: {path}: cannot be read: {reason}{mend}") from error


# How DER begins, a sequence of more than 255 bytes.
_DER: Final = b"\x30\x82"


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        if content.startswith(_DER):
            mend = f"is in DER: openssl x509 -inform der -in {path} -out {path.with_suffix('.pem')}"
        elif b"-----BEGIN CERTIFICATE REQUEST" in content:
            mend = "is a request: give what the authority made of it"
        elif b"PRIVATE KEY-----" in content and b"-----BEGIN CERTIFICATE-----" not in content:
            mend = f"is a private key: that is {_KEY}"
        else:
            mend = "holds no certificate in PEM ('-----BEGIN CERTIFICATE-----')"
        raise ConfigError(f"{_CERT}: {path}: {mend}") from error


def _private_key(name: str, path: Path, content: bytes, password: str | None) -> PrivateKeyTypes | None:
    """The key; None where only OpenSSL may know its kind. Raises `ConfigError`."""
    if b"PRIVATE KEY-----" not in content:
        if name == _CERT:
            raise ConfigError(f"{_CERT}: {path}: has no private key in it: set {_KEY}")
        if content.startswith(_DER):
            raise ConfigError(f"{_KEY}: {path}: is in DER: openssl pkey -inform der -in {path} -out KEY.pem")
        raise ConfigError(f"{_KEY}: {path}: holds no private key in PEM ('-----BEGIN PRIVATE KEY-----')")
    encrypted = b"ENCRYPTED" in content
    if encrypted and password is None:
        raise ConfigError(f"{name}: {path}: the private key is encrypted: set {_PASSWORD}, or {_PASSWORD}_FILE")
    try:
        return load_pem_private_key(
            content, password.encode() if encrypted and password else None, unsafe_skip_rsa_key_validation=True
        )
    except UnsupportedAlgorithm:
        return None
    except (ValueError, TypeError) as error:
        told = f"cannot be decrypted: is {_PASSWORD} right?" if encrypted else "the private key in it is damaged"
        raise ConfigError(f"{name}: {path}: {told}") from error


def _public(key: PrivateKeyTypes | x509.Certificate) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _exposed(name: str, path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
    except OSError:  # it was there a moment ago
        return []
    if os.name != "posix" or not mode & stat.S_IROTH:
        return []
    told = f"everybody on this machine can read the private key (mode {stat.S_IMODE(mode):04o}): chmod 640 {path}"
    return [f"{name}: {path}: {told}"]


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _mark(config: Config) -> Mark:
    found: list[tuple[int, int, int, int] | None] = []
    for path in (config.tls_cert, config.tls_key):
        try:
            file = None if path is None else path.stat()  # of what a link leads to
        except OSError:
            file = None
        found.append(None if file is None else (file.st_dev, file.st_ino, file.st_mtime_ns, file.st_size))
    return tuple(found)


class CertificateWatch:
    """Keeps the certificate in force as its files say.

    ``changed`` is called with each new one, on the loop; it must not fail. ``now`` gives Unix time.
    """

    def __init__(
        self,
        config: Config,
        certificate: Certificate,
        changed: Callable[[Certificate], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.certificate = certificate
        self._config = config
        self._changed = changed
        self._now = now
        self._mark: Mark | None = None  # of before the first look nothing is known: the files are read once more
        self._seen: Mark | None = None
        self._told = now()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.look()

    async def look(self) -> None:
        """Take over what the files say once they have changed and lie still; what is wrong with them is told once."""
        mark = await asyncio.to_thread(_mark, self._config)
        if mark != self._mark and mark == self._seen:
            self._mark = mark
            try:
                found = await asyncio.to_thread(load, self._config)
            except ConfigError as error:
                logger.error("certificate not read anew, the one of before stays", reason=str(error))  # noqa: TRY400
            else:
                self.put(self._config, found)
        self._seen = mark  # a renewal writes one file after the other
        self._tell()

    def put(self, config: Config, certificate: Certificate | None) -> None:
        """Put a certificate into force, with the settings that it was read by; one that is the same is passed over."""
        self._config = config
        if certificate is None or certificate.fingerprint == self.certificate.fingerprint:
            return
        self.certificate = certificate
        logger.info("certificate renewed", not_after=_day(certificate.not_after))
        for line in certificate.warnings_at(self._now()):
            logger.warning(line)
        self._changed(certificate)

    def _tell(self) -> None:
        """Warn once a day of an end that is near or past."""
        if self._now() - self._told >= _A_DAY:
            self._told = self._now()
            for line in self.certificate.warnings_at(self._told):
                logger.warning(line)
