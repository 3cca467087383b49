"""The reverse proxies that this machine has, started with the files of ``deploy/`` as they are shipped.

What is changed in them is where they stand: the name of the site, ports, paths of certificates and logs, and the
address of the server behind them. What the machine lacks there is nothing of here.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.support.servers import ROOT
from tests.support.waiting import LOOK, Patience, work_of

DEPLOY: Final = ROOT / "deploy"
NAME: Final = "notifications.example.org"
UPSTREAM: Final = "127.0.0.1:8080"

# Where `scripts/setup.sh proxies` unpacks those that the system has not.
UNPACKED: Final = Path(sys.executable).parents[1] / "proxies"

_REDIRECTS: Final = (301, 302, 308)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy stands: a directory of its own, its ports, and the server's."""

    directory: Path
    port: int
    plain_port: int
    server_port: int

    @property
    def certificate(self) -> Path:
        """The chain of the certificate, as PEM."""
        return self.directory / "chain.pem"

    @property
    def key(self) -> Path:
        """The key of the certificate, as PEM."""
        return self.directory / "key.pem"

    @property
    def both(self) -> Path:
        """Chain and key in one file."""
        return self.directory / "both.pem"

    @property
    def authority(self) -> Path:
        """Who signed it, for clients."""
        return self.directory / "authority.pem"


@dataclass(frozen=True, slots=True)
class Kind:
    """A proxy: the program, the files of ``deploy/`` that it reads, what is changed in them, how it is started."""

    name: str
    program: str
    files: tuple[str, ...]
    changes: Callable[[Place], Mapping[str, str]]
    command: Callable[[Place], tuple[str, ...]]

    @property
    def path(self) -> str | None:
        """Where its program is on this machine, if it is."""
        places = (
            *(os.environ.get("PATH", ""), str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin"),
            str(UNPACKED / "usr" / "sbin"),
        )
        return shutil.which(self.program, path=os.pathsep.join(places))


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs."""

    kind: Kind
    place: Place
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address for clients."""
        return f"https://localhost:{self.place.port}"

    @property
    def trusted(self) -> ssl.SSLContext:
        """What a client needs to believe its certificate."""
        return ssl.create_default_context(cafile=str(self.place.authority))

    @property
    def logged(self) -> str:
        """Everything that it has written: access logs, error logs, standard output."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.place.directory.glob("*.log")))


def _nginx_changes(place: Place) -> Mapping[str, str]:
    return {
        "/etc/letsencrypt/live/notifications.example.org/fullchain.pem": str(place.certificate),
        "/etc/letsencrypt/live/notifications.example.org/privkey.pem": str(place.key),
        "    listen 80;": f"    listen 127.0.0.1:{place.plain_port};",
        "    listen [::]:80;\n": "",
        "    listen 443 ssl http2;": f"    listen 127.0.0.1:{place.port} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "/var/log/nginx/": f"{place.directory}/",
        "/var/www/html": str(place.directory),
    }


def _nginx_command(place: Place) -> tuple[str, ...]:
    """What Debian's own nginx.conf says, with no path of the system's."""
    temporary = "".join(
        f"{name}_temp_path {place.directory / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = place.directory / "main.conf"
    main.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {place.directory}/pid; worker_processes 1;"
        f" events {{ }} http {{ {temporary} include {place.directory}/nginx.conf; }}"
    )
    return ("-e", "stderr", "-p", str(place.directory), "-c", str(main))


def _caddy_changes(place: Place) -> Mapping[str, str]:
    ports = f"http_port {place.plain_port}\n\thttps_port {place.port}"
    return {
        "{\n\t# What goes wrong": f"{{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\t{ports}\n\t# What goes wrong",
        f"\n{{$SITE:{NAME}}} {{\n": f"\nlocalhost {{\n\ttls {place.certificate} {place.key}\n",
        "/var/log/caddy/": f"{place.directory}/",
    }


def _haproxy_changes(place: Place) -> Mapping[str, str]:
    return {
        "/etc/haproxy/certs/notifications.example.org.pem": str(place.both),
        "bind :80": f"bind 127.0.0.1:{place.plain_port}",
        "bind :443": f"bind 127.0.0.1:{place.port}",
        "log /dev/log local0": "log stdout format raw local0",
        "    chroot /var/lib/haproxy\n    user haproxy\n    group haproxy\n": "",
        "maxconn 20000": "maxconn 200",
    }


def _traefik_changes(place: Place) -> Mapping[str, str]:
    return {
        '":80"': f'"127.0.0.1:{place.plain_port}"',
        '":443"': f'"127.0.0.1:{place.port}"',
        "/etc/traefik/traefik-dynamic.yml": f"{place.directory}/traefik-dynamic.yml",
        "/var/lib/traefik/": f"{place.directory}/",
        "/var/log/traefik/": f"{place.directory}/",
        # The certificate is a file's here, where none can be asked for.
        "        certResolver: letsencrypt": "        options: default",
        "\nhttp:\n  routers:": (
            f"\ntls:\n  certificates:\n    - certFile: {place.certificate}\n      keyFile: {place.key}\n"
            "http:\n  routers:"
        ),
    }


KINDS: Final = (
    Kind("nginx", "nginx", ("nginx.conf",), _nginx_changes, _nginx_command),
    Kind(
        "Caddy",
        "caddy",
        ("Caddyfile",),
        _caddy_changes,
        lambda place: ("run", "--adapter", "caddyfile", "--config", str(place.directory / "Caddyfile")),
    ),
    Kind(
        "HAProxy",
        "haproxy",
        ("haproxy.cfg",),
        _haproxy_changes,
        lambda place: ("-db", "-f", str(place.directory / "haproxy.cfg")),
    ),
    Kind(
        "Traefik",
        "traefik",
        ("traefik.yml", "traefik-dynamic.yml"),
        _traefik_changes,
        lambda place: (f"--configFile={place.directory}/traefik.yml",),
    ),
)

HERE: Final = tuple(kind for kind in KINDS if kind.path is not None)
"""Those whose program is on this machine."""


@contextlib.contextmanager
def proxying(kind: Kind, directory: Path) -> Iterator[Proxy]:
    """Run a proxy until the end of the block; the server's port is free, and nobody is there yet."""
    place = Place(directory, *_free_ports(3))
    _certify(place)
    _fit(kind, place)
    assert kind.path is not None
    command = (kind.path, *kind.command(place))
    with (directory / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=_environment(directory), stdout=output, stderr=subprocess.STDOUT
        )
    proxy = Proxy(kind, place, process)
    try:
        waiting = Patience(f"{kind.name} to answer", work_of(process))
        while not _answers(place):
            assert process.poll() is None, proxy.logged
            time.sleep(LOOK)
            waiting.look()
        yield proxy
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def _environment(directory: Path) -> dict[str, str]:
    """With a place for the files that Caddy keeps, and with the libraries of what was unpacked."""
    homes = {"HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
    libraries = sorted(map(str, UNPACKED.glob("usr/lib/*-linux-*")))
    return {**os.environ, **homes, **({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})}


def _fit(kind: Kind, place: Place) -> None:
    """Write the files with what is changed in them; each change must be of something that stands in one."""
    changes = {**kind.changes(place), NAME: "localhost", UPSTREAM: f"127.0.0.1:{place.server_port}"}
    left = set(changes) - {NAME}
    for name in kind.files:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            if old in text:
                text = text.replace(old, new)
                left.discard(old)
        (place.directory / name).write_text(text, encoding="utf-8")
    assert not left, f"not in {kind.files}: {left}"


def _certify(place: Place) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    place.certificate.write_bytes(chain)
    place.key.write_bytes(certificate.private_key_pem.bytes())
    place.both.write_bytes(chain + certificate.private_key_pem.bytes())
    authority.cert_pem.write_to_path(place.authority)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _answers(place: Place) -> bool:
    """Whether it has its certificate and its routes: what is asked for without a slash is answered by itself."""
    trusted = ssl.create_default_context(cafile=str(place.authority))
    asking = http.client.HTTPSConnection("localhost", place.port, context=trusted)
    try:
        asking.request("GET", "/rt")
        return asking.getresponse().status in _REDIRECTS
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
