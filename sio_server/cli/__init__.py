"""The command line: ``sio-server COMMAND``."""

from sio_server.cli.commands import main

__all__ = ["main"]
