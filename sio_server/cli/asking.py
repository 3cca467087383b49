"""One request to a running server, for commands of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from sio_server.cli.commands import CommandFailed, one_line
from sio_server.cli.listen import resolve_url

F = TypeVar("F", bound=Callable[..., Any])

# Seconds. Somebody is looking on.
_TIMEOUT: Final = 10.0

_MENDS: Final = {
    "unauthorized": "Give --key: one made by `sio-server keys add NAME --operate`, or an administrator's token.",
    "forbidden": "Take a key made by `sio-server keys add NAME --operate`, or an administrator's token.",
}


def credential_option(command: F) -> F:
    """``--key``: a publisher key that may look at or operate the server, or an administrator's token."""
    return click.option(
        "--key",
        metavar="KEY",
        help="Key made with --observe or --operate, or an administrator's token; better in the environment, where "
        "other users do not see it [SIO_SERVER_PUBLISH_KEY, SIO_SERVER_TOKEN]",
    )(command)


def ask(
    url: str | None,
    key: str | None,
    method: str,
    path: str,
    *,
    lang: str,
    query: Mapping[str, str | int] | None = None,
    timeout: float = _TIMEOUT,
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer of a server to one request, within ``timeout`` seconds.

    Raises `CommandFailed` and `ConfigError` in words for who asked.
    """
    import os  # noqa: PLC0415 - the help need not wait for these

    import httpx  # noqa: PLC0415

    from sio_server.client.exchange import Target  # noqa: PLC0415
    from sio_server.client.transport import transport_options  # noqa: PLC0415

    credential = key or os.environ.get("SIO_SERVER_PUBLISH_KEY") or os.environ.get("SIO_SERVER_TOKEN")
    target = Target.of(resolve_url(url), credential, timeout, lang)
    with httpx.Client(**transport_options(target, 1), timeout=timeout) as client:
        try:
            reply = client.request(
                method, target.url + path, params=dict(query or {}), json=body, headers=target.headers()
            )
        except httpx.HTTPError as error:
            raise CommandFailed(f"{target.url} cannot be reached: {one_line(error)}: is it running?") from error
    try:
        answer = reply.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CommandFailed(f"{target.url} did not answer as sio-server does: status {reply.status_code}")
    if reply.is_success:
        return answer
    said = answer.get("detail") or answer.get("title") or f"status {reply.status_code}"
    mend = _MENDS.get(str(answer.get("code")))
    raise CommandFailed(one_line(f"{target.url}: {said}" + (f" {mend}" if mend else "")))
