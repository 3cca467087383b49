"""``doctor`` as a person types it: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.commands import assert_user_error, run
from tests.support.servers import program, token


async def test_healthy_server_is_exit_code_0(tmp_path: Path) -> None:
    """A server without a fault is told by lines and as JSON; the address may come from the environment."""
    async with program("--broker", "memory:") as server:
        done = await run("doctor", server.url, "--quick", cwd=tmp_path)
        assert done.code == 0, done
        assert "✗" not in done.out
        assert f"✓ sio-server 0.1.0 answers at {server.url}, in development mode" in done.out
        done = await run("doctor", "--quick", "--json", cwd=tmp_path, env={"SIO_SERVER_URL": server.url})
    document = json.loads(done.out)
    assert (done.code, document["healthy"]) == (0, True)
    assert {"dns", "port", "server", "websocket"} <= {finding["check"] for finding in document["findings"]}


async def test_fault_is_exit_code_1(tmp_path: Path, unused_tcp_port: int) -> None:
    """With a fault the exit code is 1; what was not reached is followed by what this machine shows all the same."""
    made = token("ana", "turista")
    done = await run(
        *("doctor", f"http://127.0.0.1:{unused_tcp_port}", "--data-dir", "data"),
        cwd=tmp_path,
        env={"SIO_SERVER_TOKEN": made, "SIO_SERVER_PUBLISH_KEY": "a key that nobody sees"},
    )
    assert done.code == 1
    assert "✗ 127.0.0.1 port" in done.out
    assert "there is no such directory" in done.out
    assert made not in done.out + done.err
    assert "a key that nobody sees" not in done.out + done.err


async def test_settings_file_says_where_to_look(tmp_path: Path, unused_tcp_port: int) -> None:
    """With the server's settings file its data directory is looked at."""
    await run("init", "avisos", cwd=tmp_path)
    url = f"http://127.0.0.1:{unused_tcp_port}"
    done = await run("doctor", url, "--config", "avisos/sio-server.toml", "--json", cwd=tmp_path)
    levels = {finding["check"]: finding["level"] for finding in json.loads(done.out)["findings"]}
    assert (levels["port"], levels["directory"], levels["keys-file"]) == ("fault", "ok", "ok")


async def test_address_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    """What is no address is told at once."""
    assert_user_error(await run("doctor", "ftp://x", cwd=tmp_path), "http(s) address")
