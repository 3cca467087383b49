"""What settings meet on a machine: its directories, disks and addresses, and the address of keys."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sio_server.broker.sqlite import FILE_NAME
from sio_server.cli.surroundings import LITTLE_SPACE, addresses, around, certificate, keys_at
from sio_server.config import Config
from tests.support.asking import asking
from tests.support.certificates import make_pair
from tests.support.servers import secured


def config(directory: Path, **settings: Any) -> Config:
    """The settings of a server that keeps its log here."""
    return secured(broker="sqlite:", data_dir=directory, **settings)


def test_directory_that_can_be_used_is_not_told(tmp_path: Path) -> None:
    """A directory that is there, and one that a start makes, are all right."""
    assert list(around(config(tmp_path))) == []
    assert list(around(config(tmp_path / "not" / "yet"))) == []


def test_file_in_the_way_is_told(tmp_path: Path) -> None:
    """A file where the directory should be, or one above it, stops a server."""
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "data"):
        (remark,) = around(config(directory))
        assert remark.stops
        assert remark.text == f"SIO_SERVER_DATA_DIR: {tmp_path / 'file'} is no directory"


def test_directory_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of somebody else's stops a server, there already or to be made."""
    # root may write everywhere, so the system's answer is the one that another user gets
    monkeypatch.setattr(os, "access", lambda *_: False)
    for directory in (tmp_path, tmp_path / "data"):
        (remark,) = around(config(directory))
        assert remark.stops
        assert f"{tmp_path} cannot be written to by this user" in remark.text
        assert (f"{directory} cannot be made" in remark.text) is (directory != tmp_path)


def test_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with little space is a warning that says how much."""
    used = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: used._replace(free=LITTLE_SPACE - 1))
    (remark,) = around(config(tmp_path))
    assert not remark.stops
    assert "1023 MiB free" in remark.text


def test_new_log_at_a_relative_path_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production a path that depends on where one starts is told until there is a log; in development never."""
    monkeypatch.chdir(tmp_path)
    (remark,) = around(config(Path("data")))
    assert not remark.stops
    assert f"no log in {tmp_path / 'data'} yet" in remark.text
    assert list(around(Config(dev=True))) == []
    assert list(around(secured(data_dir=Path("data")))) == []  # in memory
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE_NAME).write_text("")
    assert list(around(config(Path("data")))) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 - nothing listens there
def test_address_of_this_machine_is_not_told(host: str) -> None:
    """A host that can be listened on is all right."""
    assert list(addresses(secured(host=host))) == []


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("nowhere.invalid", "'nowhere.invalid' leads to no address"),
        ("192.0.2.7", "192.0.2.7 is no address of this machine"),
        ("x" * 64 + ".example", "leads to no address"),
    ],
)
def test_address_of_nobody_stops(host: str, told: str) -> None:
    """A name without an address, and an address of another machine, stop a server by name."""
    (remark,) = addresses(secured(host=host))
    assert remark.stops
    assert remark.text.startswith("SIO_SERVER_HOST: ")
    assert told in remark.text


BODIES: dict[str, tuple[int, str, str]] = {
    "status": (404, "", "answered with HTTP status 404"),
    "page": (200, "<html>", "no key set (RFC 7517)"),
    "no keys": (200, '{"issuer": "x"}', "no key set (RFC 7517)"),
    "large": (200, " " * 600_000, "larger than 512 KiB"),
    "symmetric": (200, '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "none of its 1 keys is for ES256"),
}


@pytest.mark.parametrize(("status", "body", "told"), BODIES.values(), ids=BODIES)
async def test_address_of_keys_says_what_is_wrong(status: int, body: str, told: str) -> None:
    """Whatever is at a JWKS address in place of keys is told in words."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/jwks", answer)
    async with asking(app) as client:
        remarks = await asyncio.to_thread(lambda: list(keys_at(f"{client._base_url}/jwks")))
    assert [remark.stops for remark in remarks] == [False]
    assert told in remarks[0].text


async def test_address_of_keys_that_nobody_answers_is_told() -> None:
    """A closed port is told in the system's words, without a library's."""
    (remark,) = await asyncio.to_thread(lambda: list(keys_at("http://127.0.0.1:1/jwks")))
    assert remark.text.startswith("SIO_SERVER_JWKS_URL: cannot be reached: ")
    assert "ssl" not in remark.text


def test_certificate_is_looked_at(tmp_path: Path) -> None:
    """A certificate that a server could not start with stops it; what is only odd is a warning."""
    pair, other = make_pair(tmp_path), make_pair(tmp_path, "other")
    pair.key.chmod(0o644)
    (remark,) = certificate(config(tmp_path, tls_cert=pair.cert, tls_key=pair.key))
    assert not remark.stops
    assert "everybody on this machine can read the private key" in remark.text
    (remark,) = certificate(config(tmp_path, tls_cert=pair.cert, tls_key=other.key))
    assert remark.stops
    assert "is not the key of the certificate" in remark.text
    assert list(certificate(config(tmp_path))) == []


def test_unix_socket_has_no_address_to_look_at(tmp_path: Path) -> None:
    """Where a Unix socket is listened on, no name has to lead to an address."""
    assert list(addresses(config(tmp_path, host="no.such.host.invalid", unix=tmp_path / "s"))) == []
