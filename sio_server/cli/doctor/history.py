"""What the server refused lately, for whoever may observe: a kind of mistake a line, with its mend."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from sio_server.cli.doctor.findings import Finding, ok, skipped, warning
from sio_server.cli.doctor.site import OWN, Observer, Site, Unreachable

_MOST: Final = 200

# Mistakes of programs and settings, which stay until somebody mends them. Of the others each may happen to anybody.
_MENDS: Final = {
    "unknown_type": "add the type to the catalogue (SIO_SERVER_CATALOG), or mend its name in the backend",
    "invalid_data": "mend the field in the backend: `strict` has its tests tell (docs/backend.md)",
    "invalid_audience": "mend the audience in the backend",
    "origin_not_allowed": "SIO_SERVER_ALLOWED_ORIGINS, or see whose page it is",
    "host_not_allowed": "SIO_SERVER_ALLOWED_HOSTS, or see who calls the server by that name",
    "proxy_not_allowed": "serve without --dev, with secrets: sio-server init",
    "invalid_token": "see docs/claims.md; `doctor --token` says what is wrong with one",
    "unauthorized": "see which backend has no key, or an old one: sio-server keys list",
    "forbidden_scope": "make a key that allows it: sio-server keys add",
    "rate_limited": "publish less often, or raise the key's rate or SIO_SERVER_PUBLISH_RATE",
    "payload_too_large": "send less, or raise SIO_SERVER_MAX_BODY",
    "keys_unavailable": "see that the server reaches SIO_SERVER_JWKS_URL",
    "broker_unavailable": "see the server's log, and the disk or the database",
}


async def examine_history(site: Site, observer: Observer | None) -> list[Finding]:
    """What was refused since the server's start, the newest two hundred; ours are left out."""
    if observer is None:
        what = "what the server refused lately"
        return [skipped("refusals", f"{what}: give --token of an administrator, or --key made with --observe")]
    try:
        answer = await site.ask(f"/v1/errors?limit={_MOST}", credential=observer.credential)
    except Unreachable as error:
        return [skipped("refusals", f"what the server refused lately: {error}")]
    items: list[dict[str, Any]] = [one for one in answer.members.get("items", ()) if not _is_ours(one)]
    times = Counter(str(one.get("code")) for one in items)
    newest = {str(one.get("code")): one for one in reversed(items)}
    found = [
        warning("refusals", f"{code} {times[code]} times lately, last: {newest[code].get('detail')}", _MENDS[code])
        for code, _ in times.most_common()
        if code in _MENDS
    ]
    return found or [ok("refusals", "nothing was refused lately that somebody has to mend")]


def _is_ours(item: dict[str, Any]) -> bool:
    return str(item.get("request_id", "")).startswith(OWN)
