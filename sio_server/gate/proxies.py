"""How a request shows that a proxy passed it on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sio_server.engine import TrustedProxies

# What proxies, balancers, tunnels and content networks put into the requests they pass on, by how the name begins.
_PREFIXES: Final = (
    "x-forwarded",  # -For, -Host, -Proto, -Port, -Server, -Prefix, -Ssl, -User, and whatever comes next
    "x-original-",  # -Forwarded-For, -URL, -URI, -Host, -Method, -To
    "x-real-",
    "x-proxy",
    "x-envoy-",
    "x-amz-cf-",
    "x-azure-",
    "x-appengine-",
    "x-appgw-",
    "x-arr-",
    "x-ms-client-",
    "x-vercel-",
    "x-nf-",
    "x-fly-",
    "x-railway-",
    "x-traefik-",
    "x-varnish",
    "x-nginx-",
    "x-haproxy-",
    "x-akamai-",
    "x-bluecoat-",
    "x-cdn",
    "x-client-cert",
    "x-client-port",
    "x-cloudflared",
    "x-coder-",
    "x-devtunnel",
    "x-gitpod-",
    "x-http-forwarded",
    "x-https",
    "x-ingress-",
    "x-kong-",
    "x-localtunnel-",
    "x-ms-proxy",
    "x-ngrok-",
    "x-peer",
    "x-remote-",
    "x-squid-",
    "x-ssl",
    "x-tunnel",
    "x-webproxy",
    "x-zscaler-",
    "x-sucuri-",
    "x-iinfo",
    "akamai-",
    "http-client-ip",
    "http-x-",
    "ssl-client",
    "zscaler",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "incap-",
    "ngrok-",
    "tailscale-",
    "wl-proxy-",
)
_NAMES: Final = frozenset(
    {
        "ali-cdn-real-ip",
        "cdn-loop",
        "cdn-src-ip",
        "client-ip",
        "do-connecting-ip",
        "forwarded",
        "forwarded-for",
        "https",
        "max-forwards",
        "front-end-https",
        "proxy-client-ip",
        "proxy-connection",
        "remote-addr",
        "surrogate-capability",
        "true-client-ip",
        "via",
        "x-backend-host",
        "x-client-ip",
        "x-client-ip-address",
        "x-client",
        "x-cluster-client-ip",
        "x-coming-from",
        "x-forward",
        "x-forward-for",
        "x-from",
        "x-host",
        "x-hosts",
        "x-lb",
        "x-proto",
        "x-script-name",
        "x-http-host-override",
        "x-originating-ip",
        "x-real",
        "x-remote-addr",
        "x-remote-ip",
        "x-remote-user",
        "x-request-start",
        "x-rewrite-url",
        "x-scheme",
        "x-source-ip",
        "x-url-scheme",
        "x-true-client-ip",
    }
)


def sign_of_proxy(names: Iterable[str]) -> str | None:
    """The first header name that a proxy adds (RFC 7239, RFC 9110 §7.6.3, and what is in use), or None.

    Case does not matter, and an underscore is a hyphen, as for CGI. What a program hands on to whatever it calls, as
    it does with traces, is no sign.
    """
    for name in names:
        plain = name.lower().replace("_", "-")
        if plain in _NAMES or plain.startswith(_PREFIXES):
            return name
    return None


def way_of(headers: Mapping[str, str], peer: str, proxies: TrustedProxies, *, secure: bool) -> dict[str, Any]:
    """How a request came: from whom, by which proxy's word, and whether over TLS. ``headers`` ignore their case.

    ``peer`` is the address of the other end of the connection, empty for a Unix socket, ``secure`` whether that
    connection is TLS. What a proxy says is told whether it is believed or not; operators alone are told.
    """
    return {
        "address": proxies.client(peer, headers.get("x-forwarded-for")),
        "peer": peer,
        "secure": secure,
        "trusted": peer in proxies,
        "proxied": sign_of_proxy(headers) is not None,
        "forwarded_for": "x-forwarded-for" in headers,
        "forwarded_proto": headers.get("x-forwarded-proto", "").strip().lower()[:16] or None,
    }
