"""Who is asking: tokens to an `Identity`, keys to a `Publisher`."""

from sio_server.auth.authenticator import DEVELOPMENT_PUBLISHER, TOKEN_SETTINGS, Authenticator, Keyring, Publisher
from sio_server.auth.guests import GuestTokens

__all__ = ["DEVELOPMENT_PUBLISHER", "TOKEN_SETTINGS", "Authenticator", "GuestTokens", "Keyring", "Publisher"]
