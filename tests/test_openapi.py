"""The OpenAPI document, and a running server that answers as it says, whatever is sent."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    allow_header_conformance,
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.schemas import BaseSchema

from sio_server import __version__
from sio_server.app import create_app
from sio_server.config import Config
from sio_server.endpoint_http import HttpEndpoint
from sio_server.errors import KINDS
from sio_server.openapi import PROBLEM_TYPE, Operation, document
from tests.support import PUBLISH_KEY, Server, running, secured

OPERATIONS = [
    ("POST", "/notify"),
    ("POST", "/v1/notifications/batch"),
    ("GET", "/v1/stats"),
    ("GET", "/v1/catalog"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
]
PUBLISHING = OPERATIONS[:2]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]

# Generating a body takes longer than answering it: enough to meet every branch of the checks, in seconds.
BOUNDED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@dataclass(frozen=True)
class Target:
    """A server that runs beside the test, its document, and what its callers hold."""

    schema: BaseSchema
    headers: Mapping[str, str]


def _serve(config: Config, ready: threading.Event, found: dict[str, Any]) -> None:
    async def serve() -> None:
        async with running(config) as server:
            found["server"], found["loop"], found["stop"] = server, asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await found["stop"].wait()

    asyncio.run(serve())


@pytest.fixture(scope="module", params=["development", "secured"])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Run a server in development, then one with secrets, in a thread: schemathesis calls it and waits."""
    config = Config(broker="memory:") if request.param == "development" else secured()
    ready, found = threading.Event(), dict[str, Any]()
    thread = threading.Thread(target=_serve, args=(config, ready, found))
    thread.start()
    assert ready.wait(10)
    server: Server = found["server"]
    try:
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        key = {} if config.development else {"Authorization": f"Bearer {PUBLISH_KEY}"}
        yield Target(schema, key)
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(10)


@pytest.mark.parametrize(
    ("mode", "method", "path"),
    [
        *((GenerationMode.POSITIVE, *operation) for operation in OPERATIONS),
        *((GenerationMode.NEGATIVE, *operation) for operation in PUBLISHING),
    ],
    ids=str,
)
def test_server_answers_as_documented(target: Target, mode: GenerationMode, method: str, path: str) -> None:
    """Right and wrong requests get a documented status, content type and body, and never a failure of the server."""
    operation = target.schema[path][method]

    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=dict(target.headers), checks=CHECKS)

    call()


@pytest.mark.parametrize(("method", "path"), PUBLISHING)
def test_server_publishes_as_documented(target: Target, method: str, path: str) -> None:
    """Bodies of types that are in the catalogue are accepted or refused as documented."""
    operation = target.schema[path][method]
    types = st.sampled_from(["test", "tour_creado", "reserva_creada"])

    @BOUNDED
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), types)
    def call(case: schemathesis.Case[Any], name: str) -> None:
        body: Any = case.body
        for item in body["notifications"] if path.endswith("batch") else [body]:
            item["type"] = name
        case.call_and_validate(headers=dict(target.headers), checks=CHECKS)

    call()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_other_methods_are_refused(method: str, path: str) -> None:
    """A method that an operation does not have is 405 with the ones it has, as a problem document."""
    async with running() as server:
        for other in ("PUT", "PATCH", "DELETE", "GET" if method == "POST" else "POST"):
            async with server.http.request(other, server.url + path) as response:
                assert (response.status, response.content_type) == (405, PROBLEM_TYPE)
                assert method in response.headers["Allow"].split(",")
                assert (await response.json(content_type=None))["code"] == "method_not_allowed"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_server_answers_the_nameless_as_documented(target: Target, method: str, path: str) -> None:
    """A caller without a credential, or with a wrong one, is answered as documented, and let in only where it says."""
    operation = target.schema[path][method]
    needs = bool(operation.definition.raw.get("security"))

    @settings(BOUNDED, max_examples=5)
    @given(
        operation.as_strategy(), st.sampled_from([{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}])
    )
    def call(case: schemathesis.Case[Any], headers: dict[str, str]) -> None:
        case.headers.pop("Authorization", None)
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert not needs or response.status_code in (401, 403)

    call()


def test_credential_is_needed_with_secrets_alone(target: Target) -> None:
    """The document asks for a credential where the server does: nowhere in development."""
    raw = target.schema.raw_schema
    needing = {path for path, methods in raw["paths"].items() for found in methods.values() if found.get("security")}
    expected = {"/notify", "/v1/notifications/batch", "/v1/stats", "/v1/catalog"} if target.headers else set()
    assert needing == expected


def test_example_is_answered(target: Target) -> None:
    """The example of each operation is accepted by the server that shows it."""
    for method, path in PUBLISHING:
        operation = target.schema[path][method]
        example = operation.definition.raw["requestBody"]["content"]["application/json"]["example"]
        response = operation.Case(body=example, media_type="application/json").call_and_validate(
            headers=dict(target.headers), checks=CHECKS
        )
        assert response.status_code == 200


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Make the document of a server with secrets."""
    return document(operations(), open_access=False)


def operations() -> list[Operation]:
    """Return the operations as an endpoint gives them; none of them is called."""
    return HttpEndpoint(None, None, max_body=1).operations()  # type: ignore[arg-type]


def test_document_lists_every_operation(made: dict[str, Any]) -> None:
    """Each operation that is served is in the document once, under a name of its own."""
    listed = [(method.upper(), path) for path, methods in made["paths"].items() for method in methods]
    assert sorted(listed) == sorted(OPERATIONS)
    names = [found["operationId"] for methods in made["paths"].values() for found in methods.values()]
    assert len(set(names)) == len(OPERATIONS)
    assert (made["openapi"], made["info"]["version"]) == ("3.1.0", __version__)


def test_document_lists_what_is_routed() -> None:
    """No path of the API is served that the document does not have; pages and connections are no operations."""
    others = {"/", "/docs", "/openapi.json", "/favicon.ico", "/ws", "/socket.io/"}
    routed = {
        (route.method, route.resource.canonical)
        for route in create_app(Config(broker="memory:")).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    api = {(method, path) for method, path in routed if path not in others and not path.startswith("/static/")}
    assert api == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operation_is_described(made: dict[str, Any], method: str, path: str) -> None:
    """Each operation says what it does, and each of its refusals is a problem document with codes of the table."""
    described = made["paths"][path][method.lower()]
    assert described["summary"]
    assert described["tags"]
    assert "200" in described["responses"]
    for status, response in described["responses"].items():
        if status == "200":
            assert set(response["content"]) == {"application/json"}
            continue
        assert set(response["content"]) == {PROBLEM_TYPE}
        codes = [entry.split("`")[1] for entry in response["description"].split("; ")]
        assert codes
        assert {KINDS[code].status for code in codes} == {int(status)}


def test_each_reference_leads_somewhere(made: dict[str, Any]) -> None:
    """Every reference of the document is to one of its components."""
    found = set(_references(made))
    assert found
    for reference in found:
        root, kind, name = reference.removeprefix("#/").split("/")
        assert name in made[root][kind]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_fields_are_described(made: dict[str, Any]) -> None:
    """Each field of a publish has a description, and the fields that are not supported are not offered."""
    properties = made["components"]["schemas"]["Publish"]["properties"]
    assert {
        name for name, field in properties.items() if not (field.get("description") or "$ref" in str(field))
    } == set()
    assert {"deliver_at", "collapse_key"}.isdisjoint(properties)
    assert made["components"]["schemas"]["Publish"]["required"] == ["type"]


def test_unknown_fields_are_not_forbidden(made: dict[str, Any]) -> None:
    """The document lets a publish have fields of which the server would only warn, and its audience none."""
    described = made["components"]["schemas"]
    assert described["Publish"].get("additionalProperties") is not False
    assert described["Audience"].get("additionalProperties") is False


async def test_document_is_served() -> None:
    """The document and its viewer are served by the server itself, from no other host."""
    async with running() as server:
        async with server.http.get(f"{server.url}/openapi.json") as response:
            assert (response.status, response.content_type) == (200, "application/json")
            served = await response.json()
        async with server.http.get(f"{server.url}/docs") as response:
            assert (response.status, response.content_type) == (200, "text/html")
            page = await response.text()
    assert served == document(operations(), open_access=True)
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page
