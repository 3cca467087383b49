"""``doctor``: asks a running server from where its user is, and names each fault with its mend."""

from sio_server.cli.doctor.command import doctor

__all__ = ["doctor"]
