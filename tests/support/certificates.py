"""Certificates of an authority of the tests, and clients that trust it."""

from __future__ import annotations

import asyncio
import functools
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)


@functools.cache
def authority() -> trustme.CA:
    """The one authority of a run."""
    return trustme.CA()


@functools.cache
def trusting() -> ssl.SSLContext:
    """A client's context that trusts the authority."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate of 127.0.0.1 and its key, in files."""

    cert: Path
    key: Path

    def flags(self) -> tuple[str, ...]:
        """What ``serve`` is given."""
        return ("--tls-cert", str(self.cert), "--tls-key", str(self.key))

    def serial(self) -> str:
        """The number of the certificate, as `ssl` shows it."""
        return str(ssl._ssl._test_decode_cert(str(self.cert))["serialNumber"])  # type: ignore[attr-defined]

    def put_over(self, other: Pair) -> None:
        """Put these files in place of others at one stroke each, as a renewal does."""
        self.key.replace(other.key)
        self.cert.replace(other.cert)


def make_pair(
    directory: Path,
    name: str = "server",
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    password: str | None = None,
) -> Pair:
    """Make a certificate that the authority signs, and write it with its chain; the key is its owner's alone."""
    made = authority().issue_cert("localhost", "127.0.0.1", not_before=not_before, not_after=not_after)
    pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
    pair.cert.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    pair.key.touch(0o600)
    key = made.private_key_pem.bytes()
    if password is not None:
        loaded = load_pem_private_key(key, None)
        key = loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    pair.key.write_bytes(key)
    return pair


async def serial_at(url: str) -> str:
    """The number of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), ssl=trusting())
    shown = writer.get_extra_info("peercert")["serialNumber"]
    writer.close()
    await writer.wait_closed()
    return str(shown)
