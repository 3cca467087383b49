"""Who is asking: tokens to an `Identity`, keys to a `Publisher`."""

from sio_server.auth.authenticator import TOKEN_SETTINGS, Authenticator
from sio_server.auth.guests import GuestTokens
from sio_server.auth.key_file import KEY_NAMES, KeyFile
from sio_server.auth.key_watch import KeyWatch
from sio_server.auth.keyring import Keyring
from sio_server.auth.publishers import DEVELOPMENT_PUBLISHER, Publisher, Scope
from sio_server.auth.stored_keys import StoredKey

__all__ = [
    "DEVELOPMENT_PUBLISHER",
    "KEY_NAMES",
    "TOKEN_SETTINGS",
    "Authenticator",
    "GuestTokens",
    "KeyFile",
    "KeyWatch",
    "Keyring",
    "Publisher",
    "Scope",
    "StoredKey",
]
