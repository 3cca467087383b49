"""``send`` and ``token``."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jwt

from tests.support.commands import assert_user_error, run
from tests.support.servers import PUBLISH_KEY, SECRET, running, secured


async def test_send_publishes_what_its_flags_say(tmp_path: Path) -> None:
    """Every flag arrives, and the line printed tells type, seq, sockets and id."""
    async with running() as server:
        listener = await server.connect({"role": "turista", "user": "1"})
        left_out = await server.connect({"role": "turista", "user": "2"})
        flags = (
            *("--message", "Hola", "--data", '{"n":1}', "--title", "Aviso", "--role", "turista", "--user", "9"),
            *("--except-user", "2", "--priority", "critical", "--ttl", "60", "--link", "/x"),
            *("--group", "ofertas", "--actions", '[{"id":"si","label":"Sí"}]', "--icon", "tag", "--category", "precio"),
            *("--image", "https://example.org/a.png"),
        )
        done = await run("send", "test", *flags, "--url", server.url, cwd=tmp_path)
        assert done.code == 0, done
        [envelope] = await listener.wait(1)
        await server.notify({"type": "test", "message": "fin"})
        assert [other["message"] for other in await left_out.wait(1)] == ["fin"]
    assert done.out == f"test  seq 1  sockets 1  id {envelope['id']}\n"
    assert (envelope["message"], envelope["data"], envelope["title"]) == ("Hola", {"n": 1}, "Aviso")
    assert (envelope["priority"], envelope["link"]) == ("critical", "/x")
    assert (envelope["group"], envelope["icon"], envelope["category"]) == ("ofertas", "tag", "precio")
    assert (envelope["actions"], envelope["image"]) == ([{"id": "si", "label": "Sí"}], "https://example.org/a.png")


async def test_data_come_from_a_file_or_standard_input_too(tmp_path: Path) -> None:
    """``@FILE`` and ``@-`` are read as JSON."""
    (tmp_path / "data.json").write_text('{"nombre":"Lago Azul"}', "utf-8")
    async with running() as server:
        listener = await server.connect({"role": "turista"})
        for source in ("@data.json", "@-"):
            done = await run(
                *("send", "destino_creado", "--data", source, "--url", server.url),
                cwd=tmp_path,
                stdin='{"nombre":"Lago Azul"}',
            )
            assert done.code == 0, done
        envelopes = await listener.wait(2)
    assert [envelope["message"] for envelope in envelopes] == ["Nuevo destino: Lago Azul"] * 2


async def test_a_repeated_key_is_told_as_a_duplicate(tmp_path: Path) -> None:
    """The same idempotency key gives the same id again, in words and in JSON."""
    async with running() as server:
        command = ("send", "test", "--all", "--idempotency-key", "k-1", "--url", server.url)
        first = json.loads((await run(*command, "--json", cwd=tmp_path)).out)
        second = json.loads((await run(*command, "--json", cwd=tmp_path)).out)
        third = await run(*command, cwd=tmp_path)
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert first["id"] == second["id"]
    assert first.keys() == {"id", "seq", "cursor", "type", "sockets", "duplicate", "warnings"}
    assert third.out.endswith("  duplicate\n")


async def test_warnings_of_the_server_are_shown(tmp_path: Path) -> None:
    """A part of the audience that was skipped is told on standard error, in the language asked for."""
    async with running() as server:
        done = await run("send", "reserva_creada", "--url", server.url, "--lang", "es", cwd=tmp_path)
    assert done.code == 0
    assert done.err.startswith("sio-server: warning: No llega a una parte de la audiencia: falta data.usuario_id.")


async def test_the_key_is_taken_from_the_environment_or_the_flag(tmp_path: Path) -> None:
    """A protected server takes the key either way and refuses without it."""
    async with running(secured()) as server:
        command = ("send", "test", "--url", server.url)
        assert (await run(*command, cwd=tmp_path, env={"SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY})).code == 0
        assert (await run(*command, "--key", PUBLISH_KEY, cwd=tmp_path)).code == 0
        assert_user_error(await run(*command, cwd=tmp_path), "unauthorized")


async def test_a_token_is_taken_by_a_server_with_its_secret(tmp_path: Path) -> None:
    """``token`` prints a token that the server of the same settings accepts, with user, roles and topics in it."""
    settings = {"token_audience": "turismo", "token_issuer": "backend"}
    env = {"SIO_SERVER_TOKEN_AUDIENCE": "turismo", "SIO_SERVER_TOKEN_ISSUER": "backend"}
    (tmp_path / ".env").write_text(f"SIO_SERVER_JWT_SECRET='{SECRET}'\n", "utf-8")
    done = await run(
        *("token", "--user", "5", "--role", "turista", "--role", "guia", "--topic", "lago"), cwd=tmp_path, env=env
    )
    assert done.code == 0, done
    async with running(secured(**settings)) as server:
        listener = await server.connect({"token": done.out.strip()})
    [hello] = listener.of("ns:hello")
    assert (hello["user"], hello["roles"], hello["topics"]) == ("5", ["turista", "guia"], ["lago"])


async def test_a_token_holds_for_as_long_as_asked(tmp_path: Path) -> None:
    """``--ttl`` is the time between 'iat' and 'exp', and ``--secret`` signs."""
    before = int(time.time())
    done = await run("token", "--user", "5", "--ttl", "90", "--secret", SECRET, cwd=tmp_path)
    claims = jwt.decode(done.out.strip(), SECRET, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] == 90
    assert before <= claims["iat"] <= time.time()
    assert claims.keys() == {"sub", "iat", "exp"}
