"""The command `adev`, kept to this machine: ``python scripts/dev.py runserver ...``.

aiohttp-devtools serves on every interface, and a server in development mode (SIO_SERVER_DEV=1, which `make dev` sets
where no secret is) takes publishes without a key. The address
is set on import, because the process that serves is spawned and imports this file again.
"""

from aiohttp_devtools import cli
from aiohttp_devtools.runserver import main, serve

serve.HOST = main.HOST = "127.0.0.1"

if __name__ == "__main__":
    cli.cli()
