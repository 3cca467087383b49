"""The settings of a server, one statement each: its type, its check, its default, and what it is for.

A setting has one name wherever it is set: ``--data-dir``, ``SIO_SERVER_DATA_DIR``, ``data_dir``. Secrets have no flag:
a command line is seen by every user of the machine.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from marshmallow.fields import Boolean, Float, String, Url

from sio_server.config.checks import (
    BY_UNIX_SOCKET,
    BasePath,
    Host,
    PathField,
    Whole,
    Words,
    check_claims,
    check_cookie,
    check_host,
    check_hosts,
    check_locale,
    check_mode,
    check_node_address,
    check_origins,
    check_place,
    check_proxies,
    check_secret,
    optional,
    place_of,
    setting,
)
from sio_server.config.claim_names import ROLE_CLAIMS, USER_CLAIMS
from sio_server.fields import between, length, one_of

# RFC 7518 §3.2: an HS256 key is at least as long as the hash. A shorter one can be guessed off line from one token.
MIN_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, checked. `config.schema` makes the schema of these lines, and with it flags and variables."""

    dev: bool = setting(
        Boolean(),
        "Development mode: nothing is protected, and only this machine is answered; no secrets then",
        default=False,
    )
    host: str = setting(Host(validate=check_host), "Address to listen on", default="127.0.0.1")
    port: int = setting(Whole(validate=between(0, 65535)), "Port to listen on; 0 takes a free one", default=8080)
    base_path: str = setting(
        BasePath(validate=length(0, 200)),
        "Path that everything is served below, such as /rt, for a proxy that passes it on",
        default="",
    )
    workers: int = setting(
        Whole(validate=between(1, 256)),
        "Processes that serve on this one port, for a machine with several cores; more than one share a log in "
        "PostgreSQL",
        default=1,
    )
    unix: Path | None = optional(PathField(), "Unix socket to listen on in place of an address and a port")
    unix_mode: str = setting(
        String(validate=check_mode), "Who may connect by the Unix socket, as permissions of a file", default="660"
    )
    tls_cert: Path | None = optional(
        PathField(), "Certificate in PEM, with those that lead to its authority: with it the server speaks HTTPS"
    )
    tls_key: Path | None = optional(PathField(), "Its private key in PEM, where it is not in the same file")
    tls_key_password: str | None = optional(
        String(validate=length(1, 1024)), "What the private key is encrypted with, if it is", secret=True
    )
    metrics_listen: str | None = optional(
        String(validate=check_place),
        "Where /metrics is answered, without a credential, and from then on there alone: HOST:PORT or unix:PATH",
    )
    node_listen: str | None = optional(
        String(validate=check_place),
        "Where other nodes of the same log reach this one, on a network of their own: HOST:PORT or unix:PATH. What "
        "belongs to one of them is passed on then, and the balancer need not keep a client at one node",
    )
    node_address: str | None = optional(
        String(validate=check_node_address),
        "How they find it there, http://HOST:PORT, where node_listen names no address that they can call",
    )
    data_dir: Path = setting(PathField(), "Directory of the notification log", default=Path("data"))
    broker: str = setting(
        String(),
        "Where the log is: 'sqlite:' in the data directory, 'memory:' and gone with the process, or in PostgreSQL, "
        "shared by many nodes: postgresql://user:password@host/database",
        default="sqlite:",
        hidden=True,
    )
    catalog: Path | None = optional(PathField(), "TOML file whose event types are added to the built-in ones")
    locale: str = setting(
        String(validate=check_locale),
        "Language of a message that a publisher left out, and of texts of the catalogue that name none",
        default="es",
    )
    unknown_types: str | None = optional(
        String(validate=one_of(("refuse", "allow"))),
        "Types that the catalogue does not have: 'refuse' them, or 'allow' them, for administrators and whom the "
        "publisher names; in development mode 'allow' where this is not set",
    )
    jwt_secret: str | None = optional(
        String(validate=(length(1, 4096), check_secret)),
        "Secret that verifies clients' HS256 tokens, shared with the backend",
        secret=True,
    )
    jwt_secret_previous: str | None = optional(
        String(validate=(length(1, 4096), check_secret)),
        "The secret before it, still accepted while tokens are renewed",
        secret=True,
    )
    jwks_url: str | None = optional(
        Url(require_tld=False, schemes={"http", "https"}),
        "JWKS address whose keys verify RS256, ES256 and EdDSA tokens",
    )
    token_audience: str | None = optional(String(), "What a token's 'aud' must name, if set")
    token_issuer: str | None = optional(String(), "What a token's 'iss' must be, if set")
    token_leeway: float = setting(
        Float(validate=between(0, 300)),
        "Seconds that clocks may differ by when a token's 'exp', 'nbf' and 'iat' are looked at",
        default=30.0,
    )
    user_claim: tuple[str, ...] = setting(
        Words(validate=check_claims),
        "Claim that names the user; of several, parted by commas, the first that a token has",
        default=USER_CLAIMS,
    )
    roles_claim: tuple[str, ...] = setting(
        Words(validate=check_claims),
        "Claims that name the roles, parted by commas: a name such as https://app.example/roles, "
        "or a path such as realm_access.roles",
        default=ROLE_CLAIMS,
    )
    token_cookie: str | None = optional(
        String(validate=check_cookie),
        "Cookie that may hold a client's token, taken from the server's own pages and those of allowed_origins",
    )
    publish_keys: tuple[str, ...] = setting(
        Words(), "Keys that may publish, parted by commas; all are valid at once", default=(), secret=True
    )
    cloudevents_prefix: tuple[str, ...] = setting(
        Words(),
        "Beginnings that are taken off the types of CloudEvents, such as com.example., parted by commas",
        default=(),
    )
    allowed_origins: tuple[str, ...] = setting(
        Words(validate=check_origins),
        "Origins whose pages may connect, such as https://app.example.org or https://*.example.org; "
        "null and file:// for pages that have none",
        default=(),
    )
    allowed_hosts: tuple[str, ...] = setting(
        Words(validate=check_hosts),
        "Host names the server answers to; with none set, any (loopback in development)",
        default=(),
    )
    recovery: str = setting(
        String(validate=one_of(("asking", "always"))),
        "Socket.IO's own recovery for clients that ask ('asking': auth.recovery = true) or for all ('always')",
        default="asking",
    )
    retention_days: float = setting(
        Float(validate=between(0, 3650)), "Days a notification is kept in the log; 0 is for ever", default=30.0
    )
    retention_count: int = setting(
        Whole(validate=between(0, 10**9)), "Newest notifications that are kept in the log; 0 is all", default=1_000_000
    )
    max_body: int = setting(
        Whole(validate=between(1024, 16 * 1024 * 1024)), "Largest body of one notification, in bytes", default=64 * 1024
    )
    send_cap: int = setting(
        Whole(validate=between(256 * 1024, 1024**3)),
        "Bytes that may wait for a client that does not read before it is cut as 'slow'",
        default=1024 * 1024,
    )
    events_per_second: int = setting(
        Whole(validate=between(0, 10**6)), "Events a second that a client may send; 0 is no limit", default=200
    )
    connections_per_user: int = setting(
        Whole(validate=between(0, 10**6)), "Connections one user may have; 0 is no limit", default=50
    )
    connections_per_address: int = setting(
        Whole(validate=between(0, 10**7)),
        "Connections one address may have, loopback ones excepted; 0 is no limit",
        default=5000,
    )
    handshakes: int = setting(
        Whole(validate=between(1, 10**6)),
        "Connections that may be on their way in at once; the oldest gives way",
        default=1000,
    )
    ipv6_prefix: int = setting(
        Whole(validate=between(1, 128)),
        "Bits of an IPv6 address that count as one address where addresses are counted",
        default=64,
    )
    publish_rate: int = setting(
        Whole(validate=between(0, 10**6)),
        "Notifications a second that one publisher key may publish; 0 is no limit",
        default=0,
    )
    max_scheduled: int = setting(
        Whole(validate=between(0, 10**7)),
        "Notifications that may wait for the moment at which they are delivered",
        default=100_000,
    )
    trusted_proxies: tuple[str, ...] = setting(
        Words(validate=check_proxies),
        "Addresses or networks of proxies whose X-Forwarded-For is believed, parted by commas; "
        "unix: is whoever connects by the Unix socket, and believed there in any case",
        default=(),
    )
    idempotency_ttl: int = setting(
        Whole(validate=between(60, 30 * 24 * 3600)),
        "How long an idempotency key is remembered, in seconds",
        default=24 * 3600,
    )
    trust_clock: bool = setting(
        Boolean(),
        "The clock is right, however far ahead of the last entry it is at the start: count it for age",
        default=False,
    )
    shutdown_timeout: float = setting(
        Float(validate=between(0, 600)), "Longest wait for open requests when stopping, in seconds", default=4.0
    )
    log_format: str = setting(
        String(validate=one_of(("auto", "console", "json"))),
        "Log lines for people ('console') or machines ('json'); 'auto' looks whether this is a terminal",
        default="auto",
    )
    log_level: str = setting(
        String(validate=one_of(("debug", "info", "warning", "error"))),
        "Least severe log line that is written",
        default="info",
    )

    def __post_init__(self) -> None:
        """Believe who connects by the Unix socket: who has no address of his own comes for somebody who has one."""
        if self.unix is not None and BY_UNIX_SOCKET not in self.trusted_proxies:
            object.__setattr__(self, "trusted_proxies", (*self.trusted_proxies, BY_UNIX_SOCKET))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.unix is not None or is_loopback(self.host)

    @property
    def metrics_place(self) -> tuple[str, int] | Path | None:
        """The host and port, or the path of the Unix socket, where the metrics are answered by themselves."""
        return None if self.metrics_listen is None else place_of(self.metrics_listen)

    @property
    def node_place(self) -> tuple[str, int] | Path | None:
        """The host and port, or the path of the Unix socket, where other nodes are answered."""
        return None if self.node_listen is None else place_of(self.node_listen)

    @property
    def verifies_tokens(self) -> bool:
        """Whether there is anything to verify a token with."""
        return self.jwt_secret is not None or self.jwks_url is not None

    @property
    def development(self) -> bool:
        """Development mode: publishing needs no key and a client may state its own role.

        It has to be asked for, and counts for a loopback host with no secret set alone.
        """
        return self.dev and self.loopback and not self.verifies_tokens and not self.publish_keys

    @property
    def allows_unknown_types(self) -> bool:
        """Whether a type that the catalogue does not have may be published all the same."""
        return self.unknown_types == "allow" or (self.unknown_types is None and self.development)

    def warnings(self) -> list[str]:
        """What is allowed and yet most likely not meant, a line each."""
        found = []
        if any(len(key.encode()) < MIN_SECRET_BYTES for key in self.publish_keys):
            found.append(
                f"a key of SIO_SERVER_PUBLISH_KEYS is shorter than {MIN_SECRET_BYTES} bytes: it can be guessed"
            )
        found += [
            f"SIO_SERVER_ALLOWED_ORIGINS has '{origin}': pages of any file and of any sandboxed frame may connect"
            for origin in ("null", "file://")
            if origin in self.allowed_origins
        ]
        if self.token_cookie is not None and "*" in self.allowed_origins:
            found.append(
                "SIO_SERVER_ALLOWED_ORIGINS has '*': the cookie of SIO_SERVER_TOKEN_COOKIE is taken from the server's "
                "own pages and from origins that are named beside it, and from no others"
            )
        return found


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 with or without brackets) is this machine's own."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
