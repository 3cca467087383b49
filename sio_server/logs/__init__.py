"""Lines of the server's log. No line holds a token, a key, or ``data``."""

from sio_server.logs.lines import configure, get_logger, loop_failed, set_level, tell_left_out

__all__ = ["configure", "get_logger", "loop_failed", "set_level", "tell_left_out"]
