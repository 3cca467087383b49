"""The Socket.IO server core. The one place that python-socketio's server is imported from."""

from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError as ConnectionRefused

__all__ = ["AsyncServer", "ConnectionRefused"]
