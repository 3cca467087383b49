"""What a backend imports to publish: two clients, and one function per event type.

::

    from sio_server.client import notificar_usuario_registrado

    await notificar_usuario_registrado(usuario_id="123", nombre="Juan Pérez", email="juan@example.com", rol="turista")

The functions of this module never raise because a notification could not be delivered: the request that they are
called from has done its work, and must not fail for it. They log one warning and return None. The methods of the
clients do raise: `NotifyRefused`, `NotifyUnavailable`, `NotifyInvalid`, all of them `NotifyError`.

Where the server is, and the key, come from SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY. An import connects to nothing.
"""

from collections.abc import Awaitable, Callable

from sio_server.client.clients import NotifyClient, SyncNotifyClient, close_default_client, enviar_notificacion
from sio_server.client.exchange import (
    NotifyError,
    NotifyInvalid,
    NotifyRefused,
    NotifyUnavailable,
    PublishOptions,
    PublishResult,
)
from sio_server.client.named import PREFIX, default_catalog, named_async, names_of

__all__ = [
    "NotifyClient",
    "NotifyError",
    "NotifyInvalid",
    "NotifyRefused",
    "NotifyUnavailable",
    "PublishOptions",
    "PublishResult",
    "SyncNotifyClient",
    "close_default_client",
    "enviar_notificacion",
]


def __getattr__(name: str) -> Callable[..., Awaitable[PublishResult | None]]:
    """``notificar_<type>`` of the catalogue. Raises AttributeError, or `CatalogError` for an unusable file."""
    event_type = names_of(default_catalog()).get(name) if name.startswith(PREFIX) else None
    if event_type is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    function = named_async(name, event_type, enviar_notificacion)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *names_of(default_catalog())})
