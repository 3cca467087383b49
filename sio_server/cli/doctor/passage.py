"""What a proxy on the way takes away from requests, adds to answers, or says of who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from sio_server.cli.doctor.findings import Finding, fault, ok, skipped, warning
from sio_server.cli.doctor.site import Answer, Observer, Site, Unreachable

_OK: Final = 200
_TOO_LARGE: Final = 413

# Bytes that are sent at most to see whether they get through.
_MOST: Final = 4 * 1024 * 1024


async def examine_passage(site: Site) -> AsyncIterator[Finding]:
    """Look at what comes through of a request and of its answer."""
    yield await _body(site)
    async for finding in _origin(site):
        yield finding


async def _body(site: Site) -> Finding:
    """Whether a notification of the largest size gets to the server; it is none, so the server publishes nothing."""
    size = int(site.session.get("max_body") or 0)
    mend = f"let the proxy take bodies of {size} bytes. nginx: client_max_body_size {size // 1024 + 1}k"
    try:
        answer = await site.ask("/notify", method="POST", body=b"x" * min(size, _MOST))
    except Unreachable as error:
        return fault("body", f"a body of {size} bytes, the largest the server takes, is cut off: {error}", mend)
    if answer.code and answer.status != _TOO_LARGE:
        return ok("body", f"bodies of up to {size} bytes get through, as many as the server takes")
    return fault("body", f"a body of {size} bytes does not come to the server ({answer.who})", mend)


# -- pages ------------------------------------------------------------------------------------------------------------


async def _origin(site: Site) -> AsyncIterator[Finding]:
    origin = site.question.origin
    if origin is None:
        yield skipped("origin", "whether your pages may connect: give --origin https://app.example.org")
        return
    try:
        plain = await site.ask("/v1/session", headers={"Origin": origin})
        preflight = await site.ask(
            "/v1/session",
            method="OPTIONS",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )
    except Unreachable as error:
        yield fault("origin", f"a request of a page of {origin}: {error}", "see whether the proxy passes OPTIONS on")
        return
    site.origin = origin if plain.status == _OK else None
    yield _judged(origin, plain, preflight)


def _judged(origin: str, plain: Answer, preflight: Answer) -> Finding:
    if plain.code == "origin_not_allowed":
        mend = f"SIO_SERVER_ALLOWED_ORIGINS={origin} (scheme, host and port as the browser shows them, no path)"
        return fault("origin", f"pages of {origin} are not allowed", mend)
    if len(plain.origins) > 1 or any("," in value for value in plain.origins):
        text = f"answers to a page say Access-Control-Allow-Origin {max(len(plain.origins), 2)} times"
        return fault("origin", f"{text}, and browsers then take it for no permission", _ONE_OWNER)
    if plain.origins not in ((origin,), ("*",)):
        text = f"answers to a page of {origin} allow '{', '.join(plain.origins) or 'nobody'}' instead"
        return fault("origin", text, _ONE_OWNER)
    allowed = preflight.headers.get("Access-Control-Allow-Headers", "").lower()
    if preflight.status >= 300 or ("authorization" not in allowed and allowed != "*"):  # noqa: PLR2004 - no 2xx
        return fault("origin", f"a page's preflight (OPTIONS) is answered by another ({preflight.who})", _ONE_OWNER)
    return ok("origin", f"pages of {origin} may connect")


_ONE_OWNER: Final = (
    "CORS has one owner: take the Access-Control-… headers, and the answer to OPTIONS, out of the proxy; the server "
    "sends them by SIO_SERVER_ALLOWED_ORIGINS"
)


# -- who asks, as the server sees it ----------------------------------------------------------------------------------


def examine_way(site: Site, observer: Observer | None) -> list[Finding]:
    """What the server sees of whoever asks, as far as anybody here may know it."""
    if observer is None:
        return [
            skipped(check, f"{what}: give --token of an administrator, or --key made with --observe")
            for check, what in (
                ("address", "which address the server takes you for"),
                ("proto", "whether the proxy says that clients speak TLS"),
            )
        ]
    return [_address(site, observer.way), _proto(site, observer.way)]


def _address(site: Site, way: dict[str, Any]) -> Finding:
    address, peer = str(way.get("address")), str(way.get("peer"))
    if way.get("trusted"):
        if way.get("forwarded_for"):
            return ok("address", f"the server takes you for {address}, as the proxy at {peer} says")
        text = f"the server trusts the proxy at {peer}, which says nobody's address"
        mend = "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for"
        return warning("address", f"{text}: everybody is {peer}", mend)
    if way.get("forwarded_for"):
        text = f"a proxy at {peer} says whom it asks for, and the server does not believe it: everybody is {peer}"
        return fault("address", text, f"SIO_SERVER_TRUSTED_PROXIES={peer} (or the network of your proxies)")
    if way.get("proxied") or site.fronted or (site.question.secure and not way.get("secure")):
        text = f"a proxy at {peer} does not say whom it asks for: everybody is {peer}"
        mend = (
            "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
            f"then SIO_SERVER_TRUSTED_PROXIES={peer}"
        )
        return fault("address", text, mend)
    return ok("address", f"the server takes you for {address}")


def _proto(site: Site, way: dict[str, Any]) -> Finding:
    if not site.question.secure or way.get("secure"):
        return ok("proto", f"TLS ends {'at the server' if way.get('secure') else 'nowhere: none is spoken'}")
    if way.get("forwarded_proto") != "https":
        text = f"a proxy ends TLS and says '{way.get('forwarded_proto') or 'nothing'}' of it (X-Forwarded-Proto)"
        return warning("proto", text, "nginx: proxy_set_header X-Forwarded-Proto $scheme")
    return ok("proto", "a proxy ends TLS, and says so")
