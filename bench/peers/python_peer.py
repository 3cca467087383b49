"""python-socketio's AsyncServer, stock or the engine's: ``python_peer PORT stock|engine [asyncio|uvloop]``."""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import os
import sys
from typing import Any

import orjson
from aiohttp import web

KEY = os.environ.get("BENCH_KEY", "")
ROOM = "bench"
OK = b'{"status":"ok"}'


def envelope(body: dict[str, Any]) -> dict[str, Any]:
    """What the clients get: the body and the time."""
    now = dt.datetime.now(dt.UTC).isoformat()
    return {"type": body["type"], "message": body["message"], "data": body["data"], "timestamp": now}


def _authenticate(sio: Any) -> None:
    async def connect(sid: str, _environ: dict[str, Any], auth: Any) -> bool | None:
        if not (isinstance(auth, dict) and hmac.compare_digest(str(auth.get("token")), KEY)):
            return False
        await sio.enter_room(sid, ROOM)
        return None

    sio.on("connect", connect)


def holds(sio: Any) -> dict[str, int]:
    """What the server holds for clients right now, for the soak test."""
    return {
        "tasks": len(asyncio.all_tasks()),
        "sessions": len(sio.eio.sockets),
        "environs": len(sio.environ),
        "places in rooms": sum(len(room) for rooms in sio.manager.rooms.values() for room in rooms.values()),
        "callbacks": sum(map(len, sio.manager.callbacks.values())),
    }


def _application(sio: Any) -> web.Application:
    async def notify(request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        await sio.emit(body["type"], envelope(body), room=ROOM)
        return web.Response(body=OK, content_type="application/json")

    async def state(_request: web.Request) -> web.Response:
        return web.json_response(holds(sio))

    app = web.Application()
    app.router.add_post("/notify", notify)
    app.router.add_get("/state", state)
    sio.attach(app)
    return app


def _stock() -> tuple[Any, Any]:
    import socketio  # noqa: PLC0415 - each server imports only what it runs on

    sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
    return sio, lambda runner, port: web.TCPSite(runner, "127.0.0.1", port, backlog=4096)


def _engine() -> tuple[Any, Any]:
    from sio_server.engine import AsyncServer, FrontReply, FrontRequest, FrontSite  # noqa: PLC0415

    sio = AsyncServer(cors_allowed_origins="*")

    def notify(request: FrontRequest) -> FrontReply:
        body = orjson.loads(request.body)
        sio.broadcast(body["type"], envelope(body), rooms=(ROOM,))
        return FrontReply(200, OK)

    return sio, lambda runner, port: FrontSite(
        runner, sio, "127.0.0.1", port, fast_routes={("POST", "/notify"): notify}
    )


async def serve(port: int, which: str) -> None:
    """Serve until killed."""
    sio, make_site = _stock() if which == "stock" else _engine()
    _authenticate(sio)
    runner = web.AppRunner(_application(sio), access_log=None)
    await runner.setup()
    await make_site(runner, port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Choose the loop and run."""
    port, which, *loop = sys.argv[1:]
    if loop == ["uvloop"]:
        import uvloop  # noqa: PLC0415 - not there on every system

        uvloop.run(serve(int(port), which))
    else:
        asyncio.run(serve(int(port), which))


if __name__ == "__main__":
    main()
