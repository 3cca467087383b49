"""Print the OpenAPI document of this checkout's server, as one in memory and in development mode serves it."""

import asyncio
import sys

from aiohttp.test_utils import TestClient, TestServer

from sio_server import logs
from sio_server.app import create_app
from sio_server.config import Config


async def _document() -> str:
    app = create_app(Config(dev=True, broker="memory:"))
    async with TestClient(TestServer(app)) as client:
        return await (await client.get("/openapi.json", raise_for_status=True)).text()


if __name__ == "__main__":
    logs.configure(level="warning")
    sys.stdout.write(asyncio.run(_document()))
