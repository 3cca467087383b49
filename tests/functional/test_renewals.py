"""Certificate, keys, secret and catalogue are renewed under clients: none is dropped, refused, or misses anything."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import jwt

from tests.support.certificates import Pair, make_pair, trusting
from tests.support.clients import PlainSocket
from tests.support.servers import Program, forked, seqs
from tests.support.waiting import until, until_true

CLIENTS = 40

OLD_KEY, NEW_KEY = "the-key-of-before-long-enough-for-a-key", "the-key-from-now-on-long-enough-for-a-key"
OLD_SECRET, NEW_SECRET = "the secret of before, long enough for HS256", "the secret from now on, long enough for HS256"

SETTINGS = """
data_dir = "data"
tls_cert = "server.pem"
tls_key = "server.key"
publish_keys_file = "publish_keys"
jwt_secret_file = "jwt_secret"
catalog = "catalog.toml"
"""
CATALOG = """
version = 1

[types.{name}]
title = {{ es = "Aviso", en = "Notice" }}
description = {{ es = "Un aviso.", en = "A notice." }}
audience = {{ all = true }}
"""


@dataclass
class Town:
    """A server with files of its own, and clients that are connected to it."""

    place: Path
    server: Program
    http: aiohttp.ClientSession
    clients: list[PlainSocket] = field(default_factory=list)
    published: list[int] = field(default_factory=list)

    async def connect(self, secret: str, count: int = 1) -> None:
        """So many clients more, with tokens that this secret signs."""
        for number in range(len(self.clients), len(self.clients) + count):
            claims = {"sub": str(number), "exp": int(time.time()) + 24 * 3600}
            protocols = ("bearer", jwt.encode(claims, secret, "HS256"))
            # Nothing is to be found out by whom a library pings when.
            socket = await self.http.ws_connect(f"{self.server.url}/ws", protocols=protocols, autoping=True)
            self.clients.append(PlainSocket(socket))
        await until(lambda: all(client.frames for client in self.clients), "a greeting for each")

    async def publish(self, key: str, name: str) -> int:
        """Publish for everybody; the status."""
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.post(f"{self.server.url}/notify", json={"type": name}, headers=headers) as response:
            if response.status == 200:
                self.published.append((await response.json())["seq"])
            return response.status

    async def write(self, **files: str) -> None:
        """Put files in their place, and have the server read them."""
        for name, text in files.items():
            (self.place / name).write_text(text)
        reloaded = self._reloads()
        self.server.process.send_signal(signal.SIGHUP)
        await until(lambda: self._reloads() > reloaded, "the reload", self.server.moves)

    def _reloads(self) -> int:
        return sum('"settings reloaded"' in line or " settings reloaded" in line for line in self.server.output)


@contextlib.asynccontextmanager
async def town(place: Path) -> AsyncIterator[Town]:
    """A server that was set up, in this directory."""
    make_pair(place)
    for name, text in {
        "settings.toml": SETTINGS,
        "publish_keys": OLD_KEY,
        "jwt_secret": OLD_SECRET,
        "catalog.toml": CATALOG.format(name="aviso_de_antes"),
    }.items():
        (place / name).write_text(text)
    arguments = ("serve", "--port", "0", "--config", str(place / "settings.toml"), "--connections-per-address", "0")
    connector = aiohttp.TCPConnector(ssl=trusting(), limit=0)
    async with forked(*arguments, cwd=place) as server, aiohttp.ClientSession(connector=connector) as http:
        made = Town(place, server, http)
        try:
            yield made
        finally:
            await asyncio.gather(*(client.leave() for client in made.clients))


async def renew_all(place: Path, clients: int) -> Town:
    """Renew whatever can be, under so many clients; what became of them."""
    async with town(place) as made:
        await made.connect(OLD_SECRET, clients)
        assert await made.publish(OLD_KEY, "aviso_de_antes") == 200
        await _renew_certificate(made)
        await made.write(publish_keys=f"{OLD_KEY}\n{NEW_KEY}\n")
        assert [await made.publish(key, "aviso_de_antes") for key in (OLD_KEY, NEW_KEY)] == [200, 200]
        await made.write(publish_keys=f"{NEW_KEY}\n")
        assert [await made.publish(key, "aviso_de_antes") for key in (OLD_KEY, NEW_KEY)] == [401, 200]
        previous = f'{SETTINGS}\njwt_secret_previous_file = "jwt_secret_previous"\n'
        await made.write(
            **{"settings.toml": previous, "jwt_secret": NEW_SECRET, "jwt_secret_previous": OLD_SECRET},
        )
        before = len(made.clients)
        await made.connect(NEW_SECRET)
        await made.connect(OLD_SECRET)
        later = made.clients[before:]
        missed = len(made.published)
        await made.write(**{"catalog.toml": CATALOG.format(name="aviso_de_ahora")})
        assert await made.publish(NEW_KEY, "aviso_de_ahora") == 200
        await until(
            lambda: all(len(client.notifications) >= len(made.published) for client in made.clients[:clients]),
            "everything for everybody",
            lambda: sum(len(client.notifications) for client in made.clients),
        )
        await until(lambda: all(client.notifications for client in later), "the last one for those who came later")
        _see(made, made.clients[:clients], made.published)
        _see(made, later, made.published[missed:])
        return made


def _see(made: Town, clients: Sequence[PlainSocket], published: list[int]) -> None:
    """Nobody was dropped, and each has everything once and in order."""
    assert [client.closed for client in clients] == [None] * len(clients)
    assert {tuple(seqs(client.notifications)) for client in clients} == {tuple(published)}
    # The one refusal is of the key that is gone.
    assert sum("refused" in line for line in made.server.output) == 1


async def _renew_certificate(made: Town) -> None:
    host, _, port = made.server.url.removeprefix("https://").partition(":")
    fresh = make_pair(made.place, "next")
    serial = fresh.serial()
    fresh.put_over(Pair(made.place / "server.pem", made.place / "server.key"))

    async def is_shown() -> bool:
        _, writer = await asyncio.open_connection(host, int(port), ssl=trusting())
        shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = shown.getpeercert()
        writer.close()
        return certificate is not None and certificate["serialNumber"] == serial

    await until_true(is_shown, "the new certificate", made.server.moves)


async def test_nobody_notices_a_renewal(tmp_path: Path) -> None:
    """Certificate, publisher keys, token secret and catalogue change under clients, who stay and get everything."""
    await renew_all(tmp_path, CLIENTS)
