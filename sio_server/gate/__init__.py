"""What every request passes, whichever way it came in: which pages and peers may ask, and every error as a reply."""

from sio_server.gate.cookies import TokenCookie
from sio_server.gate.gate import PROBLEM_TYPE, Gate

__all__ = ["PROBLEM_TYPE", "Gate", "TokenCookie"]
