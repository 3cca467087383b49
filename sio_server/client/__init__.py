"""What a backend imports to publish: a `Notifier`, a function per event type, and two clients that give the answer.

::

    from sio_server.client import notificar_usuario_registrado

    notificar_usuario_registrado(usuario_id="123", nombre="Juan Pérez", email="juan@example.com", rol="turista")

The functions of this module, and those of a `Notifier`, hand the notification over to a thread that sends it, and
return at once: in code with and without asyncio, whatever the server does. They may be awaited, and need not be. They
never raise because a notification could not be delivered: the request that they are called from has done its work, and
must not fail for it. The methods of the clients wait for the server's answer, and do raise: `NotifyRefused`,
`NotifyUnavailable`, `NotifyInvalid`, all of them `NotifyError`.

Where the server is, the key, and a directory in which notifications survive an end of the backend come from
SIO_SERVER_URL, SIO_SERVER_PUBLISH_KEY and SIO_SERVER_SPOOL. An import connects to nothing.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sio_server.client.bodies import (
    Action,
    LocaleTexts,
    NotifyError,
    NotifyInvalid,
    NotifyRefused,
    NotifyUnavailable,
    PublishOptions,
    PublishResult,
)
from sio_server.client.context import publish_context
from sio_server.client.entries import Failure
from sio_server.client.known import default_catalog
from sio_server.client.named import PREFIX, late_sync, named_sync, names_of
from sio_server.client.shared import (
    HandedOver,
    close_default_client,
    configure,
    default_notifier,
    enviar_notificacion,
    find_late,
)

if TYPE_CHECKING:
    # Written out for type checkers and editors, which run nothing: see `sio_server.client.source`.
    from sio_server.client.builtin import *  # noqa: F403 - a stub, which lists them
    from sio_server.client.checking import ServerStatus
    from sio_server.client.clients import NotifyClient, SyncNotifyClient
    from sio_server.client.notifier import BaseNotifier, Notifier

__all__ = [
    "Action",
    "BaseNotifier",
    "Failure",
    "HandedOver",
    "LocaleTexts",
    "Notifier",
    "NotifyClient",
    "NotifyError",
    "NotifyInvalid",
    "NotifyRefused",
    "NotifyUnavailable",
    "PublishOptions",
    "PublishResult",
    "ServerStatus",
    "SyncNotifyClient",
    "close_default_client",
    "configure",
    "default_notifier",
    "enviar_notificacion",
    "publish_context",
]


if TYPE_CHECKING:
    from sio_server.client import builtin

    __all__ += builtin.__all__

# Imported with the first use of their name: who calls the functions alone needs none of them, nor what they import.
_LATER: Final = {
    "BaseNotifier": "notifier",
    "Notifier": "notifier",
    "NotifyClient": "clients",
    "SyncNotifyClient": "clients",
}


def _attribute(name: str) -> Any:
    found = getattr(import_module(f"{__name__}.{_LATER[name]}"), name) if name in _LATER else _function(name)
    globals()[name] = found
    return found


if not TYPE_CHECKING:  # which would take every name for a function
    __getattr__ = _attribute


def _function(name: str) -> Callable[..., HandedOver]:
    """``notificar_<type>`` of the catalogue, or of the server's alone.

    Raises AttributeError, or `CatalogError` for an unusable file.
    """
    event_type = names_of(default_catalog()).get(name) if name.startswith(PREFIX) else None
    if event_type is None:
        return late_sync(name, find_late, enviar_notificacion, __name__)
    return named_sync(name, event_type, enviar_notificacion)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *names_of(default_catalog())})
