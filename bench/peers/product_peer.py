"""The product, and what it holds right now at ``/state``: ``product_peer PORT DIRECTORY``; secrets by environment."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from bench.peers.python_peer import holds
from sio_server import config as settings
from sio_server.app import CORE, FRONT, SERVER, create_app
from sio_server.engine import FrontSite


async def serve(port: int, directory: Path) -> None:
    """Serve until killed."""
    app = await asyncio.to_thread(create_app, settings.load({"port": port, "data_dir": directory}))
    hub = app[CORE].hub

    async def state(_request: web.Request) -> web.Response:
        return web.json_response({**holds(app[SERVER]), "connections": len(hub), "users": hub.users})

    app.router.add_get("/state", state)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    routes = {("POST", "/notify"): app[FRONT].notify}
    await FrontSite(runner, app[SERVER], "127.0.0.1", port, fast_routes=routes, admits=app[FRONT].admits).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
