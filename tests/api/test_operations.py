"""An operation is one statement at its handler: the route, the checks and the document follow from it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from marshmallow import Schema

from sio_server import fields
from sio_server.api.credentials import ANYBODY, OBSERVER, PUBLIC, PUBLISHER, USER, Caller
from sio_server.api.messages import json_response, read_optional_json
from sio_server.api.openapi import document
from sio_server.api.operations import Body, Call, Header, Parameter, operation, operations_of
from sio_server.audience import Identity
from sio_server.auth import Publisher
from sio_server.errors import Refused
from tests.support.asking import answer_of, ask, assert_refused, get
from tests.support.servers import PUBLISH_KEY, running, secured, token

KEY = PUBLISH_KEY
PAGE = "https://app.example.org"
METHODS = ("get", "post", "put", "patch", "delete")  # of OpenAPI, those of an operation
ITEM: dict[str, Any] = {"type": "object"}


class FromQuerySchema(fields.Schema):
    """A query of these tests."""

    reason = fields.Str(load_default="none")


class NoteSchema(Schema):
    """A body of these tests."""

    text = fields.Str(required=True)


def _numbered(text: str) -> str:
    if not text.isdecimal():
        raise Refused("not_found")
    return text


def _note(body: dict[str, Any], key: str | None) -> str:
    if "text" not in body:
        raise Refused("invalid_data")
    return f"{body['text']} {key}"


def _most(shelf: Shelf) -> int:
    return shelf.most


class Shelf:
    """Things by number, as a later version of the server could have them."""

    def __init__(self) -> None:
        self.things = {"1": "one", "2": "two"}
        self.most = 100

    @operation(
        "GET",
        "/v1/things/{number}",
        name="thing",
        tag="operate",
        summary="A thing",
        credential=PUBLIC,
        parameters=(Parameter("number", "Of the thing", {"type": "string"}, load=_numbered),),
        reply=ITEM,
    )
    async def thing(self, call: Call[None, None]) -> web.Response:
        """Give a thing."""
        return json_response({"thing": self.things.get(call.path["number"])})

    @operation(
        "DELETE",
        "/v1/things/{number}",
        name="removeThing",
        tag="operate",
        summary="Take a thing away",
        credential=OBSERVER,
        query=FromQuerySchema,
        parameters=(Parameter("number", "Of the thing", {"type": "string"}, load=_numbered),),
        body=Body(
            schema=NoteSchema,
            load=_note,
            limit=_most,
            read=read_optional_json,
            headers=(Header("X-Note", "Beside the text", 10),),
        ),
        reply=ITEM,
        errors=("not_found",),
    )
    async def remove(self, call: Call[Publisher, str]) -> web.Response:
        """Take a thing away."""
        gone = self.things.pop(call.path["number"], None)
        return json_response({"gone": gone, "note": call.body, "reason": call.query["reason"]})

    @operation("PUT", "/v1/mine", name="mine", tag="inbox", summary="Whose", credential=USER, reply=ITEM)
    async def mine(self, call: Call[Identity, None]) -> web.Response:
        """Tell whose token it is."""
        return json_response({"user": call.caller.user})

    @operation("PATCH", "/v1/key", name="key", tag="publish", summary="Whose", credential=PUBLISHER, reply=ITEM)
    async def key(self, call: Call[Publisher, None]) -> web.Response:
        """Tell whose key it is."""
        return json_response({"name": call.caller.name, "locale": call.locale})

    @operation("GET", "/v1/who", name="who", tag="operate", summary="Who", credential=ANYBODY, reply=ITEM)
    async def who(self, call: Call[Caller, None]) -> web.Response:
        """Tell who asks."""
        return json_response({"credential": call.caller.credential})


@pytest.mark.parametrize("front", [True, False])
async def test_operation_of_any_method_is_served(front: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """A DELETE is called as such, with its credential, its path, its query, its body and its header checked."""
    async with running(secured(), front=front, more=(Shelf(),)) as server:
        url = f"{server.url}/v1/things/1?reason=old"
        headers = {"Authorization": f"Bearer {KEY}", "X-Note": "now"}
        async with server.http.delete(url, json={"text": "bye"}, headers=headers) as response:
            removed = await answer_of(response)
        after = await get(server, "/v1/things/1")

    assert (removed.status, removed.body) == (200, {"gone": "one", "note": "bye now", "reason": "old"})
    assert after == {"thing": None}


async def test_caller_is_what_the_credential_says() -> None:
    """Each kind of credential hands over its own kind of caller."""
    ana = token("ana", "turista")
    async with running(secured(), more=(Shelf(),)) as server:
        mine = await ask(server, "PUT", "/v1/mine", token=ana)
        key = await ask(server, "PATCH", "/v1/key", token=KEY, language="es")
        nobody = await get(server, "/v1/who")
        somebody = await get(server, "/v1/who", ana)
        refused = await ask(server, "GET", "/v1/who", token="wrong")
        open_to_all = await ask(server, "GET", "/v1/things/2", token="wrong")

    assert mine.body == {"user": "ana"}
    assert (key.body["name"][:4], key.body["locale"]) == ("key-", "es")
    assert (nobody, somebody) == ({"credential": None}, {"credential": "token"})
    assert_refused(refused, "unauthorized")
    assert open_to_all.body == {"thing": "two"}


async def test_what_is_wrong_is_told_in_one_order() -> None:
    """The credential is looked at first, then the query, the path and the body: a stranger learns of none of them."""
    wrong = "/v1/things/x?typo=1"
    shelf = Shelf()
    shelf.most = 20
    async with running(secured(), more=(shelf,)) as server:
        told = [
            await ask(server, "DELETE", wrong, json={"text": "x" * 99}),
            await ask(server, "DELETE", wrong, json={"text": "x" * 99}, token=token("ana", "turista")),
            await ask(server, "DELETE", wrong, json={"text": "x" * 99}, token=KEY),
            await ask(server, "DELETE", "/v1/things/x", json={"text": "x" * 99}, token=KEY),
            await ask(server, "DELETE", "/v1/things/1", json={"text": "x" * 99}, token=KEY),
            await ask(server, "DELETE", "/v1/things/1", token=KEY),
        ]

    codes = ("unauthorized", "forbidden", "invalid_request", "not_found", "payload_too_large", "invalid_data")
    for answer, code in zip(told, codes, strict=True):
        assert_refused(answer, code)
    assert len(shelf.things) == 2


async def test_other_methods_are_told_which_there_are() -> None:
    """A method that a path does not have is 405 with all that it has; with GET comes HEAD."""
    async with running(secured(), more=(Shelf(),)) as server:
        wrong = await ask(server, "POST", "/v1/things/1", token=KEY)
        head = await ask(server, "HEAD", "/v1/things/1")
        other = await ask(server, "DELETE", "/v1/stats", token=KEY)

    assert_refused(wrong, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE,GET,HEAD"
    assert head.status == 200
    assert_refused(other, "method_not_allowed")


@pytest.mark.parametrize("more", [(), (Shelf(),)], ids=["as it is", "with another"])
async def test_preflight_names_what_is_served(more: tuple[object, ...]) -> None:
    """A page of an allowed origin is told the methods that anything is served by, and no others."""
    headers = {"Origin": PAGE, "Access-Control-Request-Method": "DELETE"}
    async with (
        running(secured(allowed_origins=(PAGE,)), more=more) as server,
        server.http.options(f"{server.url}/v1/things/1", headers=headers) as response,
    ):
        assert response.status == 204
        told = response.headers["Access-Control-Allow-Methods"].split(", ")
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        described = (await get(server, "/openapi.json"))["paths"]
    served = {method.upper() for path in described.values() for method in path if method in METHODS}
    assert sorted(told) == sorted({*served, "HEAD", "OPTIONS"})


async def test_document_follows_from_the_statement() -> None:
    """The served document has the operation, and the refusals of its credential are added to its own."""
    async with running(secured(), more=(Shelf(),)) as server:
        described = (await get(server, "/openapi.json"))["paths"]["/v1/things/{number}"]

    told = " ".join(response["description"] for response in described["delete"]["responses"].values())
    for code in ("not_found", "unauthorized", "forbidden", "invalid_token", "token_revoked", "keys_unavailable"):
        assert f"`{code}`" in told
    assert described["delete"]["security"] == [{"bearer": []}]
    assert described["delete"]["requestBody"]["required"] is False
    assert {(p["in"], p["name"]) for p in described["delete"]["parameters"]} == {
        ("path", "number"),
        ("query", "reason"),
        ("header", "X-Note"),
    }
    assert "security" not in described["get"]
    assert "401" not in described["get"]["responses"]


def test_public_operation_needs_nothing_in_the_document() -> None:
    """Of two operations on one path each has its own credential in the document, in development none."""
    methods = document(operations_of(Shelf), open_access=True)["paths"]["/v1/things/{number}"]
    assert not any("security" in described for described in methods.values())


def test_operation_that_forgets_its_credential_does_not_start() -> None:
    """A class with an operation that does not say who may call it cannot be made, and the error names the operation."""
    with pytest.raises(TypeError, match="DELETE /v1/all does not say who may call it"):

        class Open:
            """A class of somebody in a hurry."""

            @operation(  # type: ignore[call-overload, untyped-decorator]
                "DELETE", "/v1/all", name="all", tag="operate", summary="All", reply=ITEM
            )
            async def remove(self, _: Call[None, None]) -> web.Response:
                """Take all away."""
                return json_response({})
