"""Policies for pages and host names, and how a request is judged by them."""

from __future__ import annotations

from typing import Any

import pytest

from sio_server.config import Config
from sio_server.errors import Refused
from sio_server.gate.origins import OriginPolicy
from tests.support.servers import secured

DEVELOPMENT = OriginPolicy(Config(dev=True))


def production(**settings: Any) -> OriginPolicy:
    """Make the policy of a server that others can reach."""
    return OriginPolicy(secured(host="0.0.0.0", **settings))  # noqa: S104


WILDCARD = production(allowed_origins=("https://*.example.org", "https://app.example.com/", "http://localhost:*"))


def check(
    policy: OriginPolicy,
    *,
    origin: str | None = None,
    host: str | None = "127.0.0.1:8080",
    fetch_site: str | None = None,
    navigation: bool = False,
) -> str | None:
    """Return the code that a request with these headers is refused with, or None."""
    try:
        policy.check(origin=origin, host=host, fetch_site=fetch_site, navigation=navigation)
    except Refused as refusal:
        return refusal.kind.code
    return None


def detail(policy: OriginPolicy, **headers: Any) -> tuple[str, str]:
    """Return what a refused page is told in English and in Spanish."""
    with pytest.raises(Refused) as caught:
        policy.check(**{"origin": None, "host": None, "fetch_site": None, "navigation": False, **headers})
    return str(caught.value.detail), caught.value.detail.es
