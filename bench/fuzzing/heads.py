"""HTTP requests, right and wrong: heads, bodies and what their length is said to be."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote

from bench.fuzzing import values
from bench.process import CANARY

Headers = list[tuple[str | bytes, str | bytes]]

_METHODS: Final = (
    *("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PRI", "get", "P0ST", "M" * 40),
    *("", " ", "GET\t", "\xff", "FOO"),
)
_VERSIONS: Final = (
    *("HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "http/1.1", "HTTP/1", "HTTP/11", "", "HTTP/1.1.1"),
    *("HTTP/-1.1", "HTTPS/1.1", "RTSP/1.0"),
)
_TARGETS: Final = (
    *(
        "*",
        "//",
        "/..",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/static/../../x",
        "http://127.0.0.1/notify",
        "127.0.0.1:80",
        "/\xff",
    ),
    *(
        "/%",
        "/%zz",
        "/%00",
        "/x%1b[31m",
        "/a b",
        "/#f",
        "?",
        "/?" + "a=1&" * 200,
        "/" + "a" * 9000,
        "/notify/",
        "/NOTIFY",
    ),
    *(
        "/notify?x=\xe9",
        "/socket.io",
        "/socket.io/",
        "/socket.io/?EIO=3&transport=polling",
        "/docs",
        "/openapi.json",
        "/",
    ),
    *("/socket.io/?EIO=4&transport=polling&sid=nobody", "/socket.io/?EIO=4&transport=polling&j=0", "/favicon.ico"),
    *(
        "/socket.io/?EIO=4&transport=polling",
        "/assets/x.js",
        "/ws",
        f"/ws?token={CANARY}",
        "/v1",
        "/v1/users/%7B%7D/inbox",
    ),
    *(
        "/socket.io/?EIO=4&EIO=4&transport=websocket&transport=polling",
        "/socket.io/?EIO=\ud800".encode(errors="replace").decode(),
    ),
)
_WORDS: Final = (
    *(
        "",
        " ",
        ",",
        ";",
        "a",
        "*",
        "*/*",
        "\xe9\xff",
        "\x00",
        "\t",
        "a\rb",
        "a\x0bb",
        "=?utf-8?q?x?=",
        '"',
        '"a',
        "0",
        "-1",
    ),
    *(
        "9" * 30,
        "x" * 8000,
        "x" * 9000,
        "a, b, c",
        "bytes=0-",
        'W/"x"',
        "null",
        "file://",
        "http://[::1",
        "chrome-extension://a",
    ),
    *(
        "http://localhost",
        "http://evil.example",
        "http://evil.com\\@localhost",
        "http://localhost/\xe9",
        "en;q=x",
        "es, en;q=0.9",
    ),
    *("Sat, 31 Feb 2099 99:99:99 GMT", "10.0.0.1", "::ffff:1.2.3.4", "[::1]:5", "unknown", "for=1.2.3.4;proto=https"),
)
_NAMES: Final = (
    *(
        "Host",
        "Origin",
        "Authorization",
        "Content-Type",
        "Content-Length",
        "Transfer-Encoding",
        "Content-Encoding",
        "Cookie",
    ),
    *(
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Expect",
        "Connection",
        "Upgrade",
        "X-Forwarded-For",
        "Forwarded",
    ),
    *(
        "X-Request-ID",
        "Idempotency-Key",
        "Range",
        "If-None-Match",
        "If-Modified-Since",
        "Sec-Fetch-Site",
        "Sec-Fetch-Mode",
    ),
    *("Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Via", "TE"),
    *(
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "Keep-Alive",
        "Trailer",
        "User-Agent",
        "Referer",
    ),
    *("X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Host", "Content-Range", "Proxy-Connection", "Max-Forwards", "DNT"),
)
_ODD_NAMES: Final = (
    "",
    " ",
    "A B",
    "a:b",
    "\xe9",
    "X\x00",
    "X" * 500,
    "host ",
    " Host",
    "(x)",
    "__proto__",
    "Content_Length",
)
_LENGTHS: Final = (
    *(
        "0",
        "1",
        "-1",
        "+5",
        "0x5",
        "5, 5",
        "5,6",
        "",
        " ",
        "5 5",
        "1e3",
        str(2**64),
        "9" * 100,
        "\u0665",
        "007",
        "x",
        "65537",
    ),
    *("999999", "5;x"),
)
_CODINGS: Final = (
    *(
        "chunked",
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "Chunked",
        "chunked, chunked",
        "xchunked",
        "",
        ",",
    ),
    *("\x0bchunked", "chunked;q=1", "x"),
)
_ENCODINGS: Final = (
    "gzip",
    "deflate",
    "br",
    "zstd",
    "identity",
    "x-gzip",
    "gzip, gzip",
    "GZIP",
    "",
    "none",
    "\xff",
    "compress",
)


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of the API, as its description has it."""

    method: str
    path: str
    queries: tuple[str, ...] = ()


def target(rng: Random, route: Route) -> str:
    """An address of the route: its places filled, some of its questions asked."""
    path = route.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + _part(rng) + rest.partition("}")[2]
    asked = [f"{name}={_part(rng)}" for name in route.queries if rng.random() < 0.3]
    if rng.random() < 0.05:
        asked.append(f"token={CANARY}&key={CANARY}")
    return path + ("?" + "&".join(asked) if asked else "")


def _part(rng: Random) -> str:
    plain = values.text(rng).strip('"')[:200]
    return quote(plain, safe="" if rng.random() < 0.8 else "/{}") or "x"


def packed(rng: Random, body: bytes) -> tuple[str, bytes]:
    """A Content-Encoding and a body that may or may not be in it."""
    encoding = rng.choice(_ENCODINGS)
    chance = rng.random()
    if chance < 0.3:
        body = gzip.compress(body)
    elif chance < 0.5:
        body = zlib.compress(body)
    elif chance < 0.55:
        body = gzip.compress(bytes(2_000_000))
    if rng.random() < 0.2:
        body = values.damaged(rng, body)
    return encoding, body


def chunked(rng: Random, body: bytes) -> bytes:
    """The body in chunks, some of them said to be something else."""
    size = rng.choice((1, 7, 100, 70_000))
    parts = [body[start : start + size] for start in range(0, min(len(body), 40 * size), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    end = rng.choice(
        (
            b"0\r\n\r\n",
            b"0\r\n\r\n",
            b"0\r\nX: y\r\n\r\n",
            b"0\r\n",
            b"",
            b"-1\r\n\r\n",
            b"0;a=b\r\n\r\n",
            b"fffffffffffffffff\r\n",
        )
    )
    return coded + end


def request(rng: Random, method: str, where: str, headers: Headers, body: bytes = b"", *, odd: bool = False) -> bytes:
    """A whole request of these parts; an ``odd`` one may be wrong in its lines."""
    strange = odd and rng.random() < 0.15
    version = rng.choice(_VERSIONS) if strange and rng.random() < 0.4 else "HTTP/1.1"
    lines = [_bytes(f"{method} {where} {version}")]
    for name, inner in headers:
        between = rng.choice((b": ",) * 8 + (b":", b" : ", b":\t", b"")) if strange else b": "
        lines.append(_bytes(name) + between + _bytes(inner))
    end = rng.choice((b"\n", b"\r", b"\r\n ", b"\r\r\n")) if strange and rng.random() < 0.15 else b"\r\n"
    return end.join(lines) + b"\r\n\r\n" + body


def _bytes(word: str | bytes) -> bytes:
    return word if isinstance(word, bytes) else word.encode("latin-1", errors="replace")


def credentials(rng: Random, known: tuple[str, ...]) -> Headers:
    """An Authorization header: one that is good, or wrong, or none."""
    chance = rng.random()
    if chance < 0.7 and known:
        return [("Authorization", f"Bearer {rng.choice(known)}")]
    if chance < 0.8:
        odd = (
            f"Bearer {CANARY}",
            f"Basic {CANARY}",
            "Bearer",
            f"bearer  {CANARY}",
            f"Token {CANARY}",
            f"Bearer {CANARY}\xff",
        )
        return [
            ("Authorization", rng.choice((*odd, f"Bearer {CANARY * 1500}", f"Bearer eyJhbGciOiJub25lIn0.e30.{CANARY}")))
        ]
    return []


def plain(rng: Random, route: Route, known: tuple[str, ...]) -> bytes:
    """A request that is right as HTTP, whatever its values are."""
    headers: Headers = [("Host", "127.0.0.1"), *credentials(rng, known)]
    body = b""
    if route.method == "POST":
        body = values.body(rng, route.path).encode("utf-8", errors="surrogatepass")
        headers.append(
            ("Content-Type", rng.choice(("application/json", "application/x-www-form-urlencoded", "text/plain")))
        )
        if rng.random() < 0.1:
            headers.append(("Idempotency-Key", f"h{rng.randrange(20)}"))
        headers.append(("Content-Length", str(len(body))))
    if rng.random() < 0.3:
        headers.append(("Accept-Language", rng.choice(("es", "en", "es-MX, en;q=0.1", "x", "*"))))
    return request(rng, route.method, target(rng, route), headers, body)


def wrong(rng: Random, route: Route, known: tuple[str, ...]) -> bytes:
    """A request with something wrong, or odd, or doubled in its head or its length."""
    method = rng.choice(_METHODS) if rng.random() < 0.15 else route.method
    where = rng.choice(_TARGETS) if rng.random() < 0.3 else target(rng, route)
    headers: Headers = [("Host", "127.0.0.1"), *credentials(rng, known)]
    if rng.random() < 0.05:
        headers.pop(0)
    body = values.body(rng, route.path).encode("utf-8", errors="surrogatepass") if rng.random() < 0.6 else b""
    if body and rng.random() < 0.35:
        encoding, body = packed(rng, body)
        headers.append(("Content-Encoding", encoding))
    headers, body = _measured(rng, headers, body)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        name = rng.choice(_ODD_NAMES) if rng.random() < 0.05 else rng.choice(_NAMES)
        headers.insert(rng.randrange(len(headers) + 1), (name, rng.choice(_WORDS)))
    if rng.random() < 0.25:
        doubled = rng.choice(headers or [("Host", "x")])
        headers.append(doubled if rng.random() < 0.5 else (doubled[0], rng.choice(_WORDS)))
    if rng.random() < 0.02:
        headers += [(f"X-{number}", "y") for number in range(rng.choice((60, 200, 900)))]
    if rng.random() < 0.05:
        headers.append(("Cookie", f"session={CANARY * rng.choice((1, 1500, 3000))}"))
    if rng.random() < 0.08:
        headers += [("Connection", "Upgrade"), ("Upgrade", rng.choice(("websocket", "h2c", "x")))]
    return request(rng, method, where, headers, body, odd=True)


def _measured(rng: Random, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    chance = rng.random()
    if chance < 0.2:
        headers.append(("Transfer-Encoding", rng.choice(_CODINGS) if rng.random() < 0.5 else "chunked"))
        return headers, chunked(rng, body)
    if chance < 0.25:
        headers += [("Transfer-Encoding", "chunked"), ("Content-Length", str(len(body)))]
    elif chance < 0.4:
        headers.append(("Content-Length", rng.choice(_LENGTHS)))
    elif chance < 0.45:
        headers.append(("Content-Length", str(max(0, len(body) + rng.choice((-3, -1, 1, 5))))))
    elif body or chance < 0.6:
        headers.append(("Content-Length", str(len(body))))
    return headers, body


def upgrade(rng: Random, where: str, headers: Headers | None = None, *, odd: bool = False) -> bytes:
    """The request that opens a websocket; an ``odd`` one has something wrong."""
    members: dict[str, str] = {
        "Host": "127.0.0.1",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    if odd:
        name = rng.choice(tuple(members))
        members[name] = rng.choice(
            (*_WORDS[:20], "8", "13, 8", "AAAA", "A" * 22 + "==", "websocket, x", "keep-alive, Upgrade")
        )
        if rng.random() < 0.2:
            del members[name]
    if rng.random() < 0.2:
        members["Sec-WebSocket-Extensions"] = rng.choice(
            ("permessage-deflate", "x; y=1", "permessage-deflate; a=\xff", ",")
        )
    return request(rng, "GET", where, [*members.items(), *(headers or [])], odd=odd)
