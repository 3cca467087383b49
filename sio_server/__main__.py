"""``python -m sio_server`` is ``sio-server``."""

from sio_server.cli import main

if __name__ == "__main__":
    main()
