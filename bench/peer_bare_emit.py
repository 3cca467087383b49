"""A peer: python-socketio as it comes, with nothing around it. An event makes it emit to a room.

``python -m bench.peer_bare_emit`` prints its port; ``go {"count", "gap"}`` emits so many events, ``gap`` seconds apart.
"""

import asyncio
import time
from typing import Any

import socketio
from aiohttp import web


async def main() -> None:
    """Serve until killed."""
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")

    async def connect(sid: str, _: object, __: object = None) -> None:
        await server.enter_room(sid, "role:admin")

    async def go(_: str, order: dict[str, Any]) -> dict[str, float]:
        started = time.perf_counter()
        for number in range(order["count"]):
            envelope = {"type": "test", "message": "Hola mundo", "data": {"n": number, "at": time.time()}}
            await server.emit("test", envelope, room="role:admin")
            if order["gap"]:
                await asyncio.sleep(order["gap"])
        return {"seconds": time.perf_counter() - started}

    server.on("connect", connect)
    server.on("go", go)
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
