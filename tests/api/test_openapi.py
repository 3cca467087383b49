"""The OpenAPI document, and a running server that answers as it says, whatever is sent."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
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
from schemathesis.core.transport import Response
from schemathesis.schemas import BaseSchema

from sio_server import __version__
from sio_server.api.catalog import CatalogOperations
from sio_server.api.console import ConsoleOperations
from sio_server.api.health import HealthOperations
from sio_server.api.inbox import InboxOperations
from sio_server.api.keys import KeysOperations
from sio_server.api.metrics import MetricsOperations
from sio_server.api.nodes import NodesOperations
from sio_server.api.notifications import NotificationsOperations
from sio_server.api.openapi import document
from sio_server.api.operations import Operation, operations_of
from sio_server.api.passes import PassesOperations
from sio_server.api.people import PeopleOperations
from sio_server.api.persons import PersonsOperations
from sio_server.api.presence import PresenceOperations
from sio_server.api.publish import PublishOperations
from sio_server.api.scheduled import ScheduledOperations
from sio_server.api.stream import StreamOperations
from sio_server.api.tickets import TicketsOperations
from sio_server.api.topics import TopicsOperations
from sio_server.app import create_app
from sio_server.config import Config
from sio_server.errors import KINDS
from sio_server.gate import PROBLEM_TYPE
from sio_server.schemas.inbox import ACTIONS
from tests.support.servers import FOR_EVER, PUBLISH_KEY, ROOT, Server, running, secured, token
from tests.support.waiting import LOOK

OPERATIONS = [
    ("POST", "/notify"),
    ("POST", "/v1/notifications/batch"),
    ("GET", "/v1/session"),
    ("GET", "/v1/stats"),
    ("GET", "/v1/stats/recent"),
    ("GET", "/v1/errors"),
    ("POST", "/v1/audience/preview"),
    ("GET", "/v1/catalog"),
    ("GET", "/v1/catalog/schema"),
    ("GET", "/v1/keys"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/v1/notifications"),
    ("GET", "/v1/notifications/{id}"),
    ("GET", "/v1/notifications/{id}/trace"),
    ("GET", "/v1/scheduled"),
    ("DELETE", "/v1/scheduled"),
    ("DELETE", "/v1/scheduled/{id}"),
    ("GET", "/v1/scheduled/{id}"),
    ("POST", "/v1/notifications/{id}/deliver"),
    ("DELETE", "/v1/notifications/{id}"),
    ("PATCH", "/v1/notifications/{id}"),
    ("GET", "/v1/notifications/{id}/answers"),
    ("GET", "/v1/users"),
    ("GET", "/v1/users/{id}/inbox"),
    ("GET", "/v1/users/{id}/export"),
    ("DELETE", "/v1/users/{id}"),
    ("POST", "/v1/users/{id}/disconnect"),
    ("POST", "/v1/connections/{id}/disconnect"),
    ("GET", "/v1/presence"),
    ("GET", "/v1/nodes"),
    ("POST", "/v1/passes"),
    ("POST", "/v1/passes/redeem"),
    ("POST", "/v1/tickets"),
    ("GET", "/v1/topics"),
    ("PUT", "/v1/topics/{topic}"),
    ("DELETE", "/v1/topics/{topic}"),
    ("GET", "/v1/users/{id}/topics"),
    ("PUT", "/v1/users/{id}/topics/{topic}"),
    ("DELETE", "/v1/users/{id}/topics/{topic}"),
    ("GET", "/v1/followers"),
    ("GET", "/v1/followers/{topic}"),
    ("GET", "/v1/notifications/{id}/history"),
    ("GET", "/v1/inbox"),
    ("GET", "/v1/inbox/groups"),
    ("GET", "/v1/inbox/counts"),
    *(("POST", f"/v1/inbox/{action}") for action in ACTIONS),
    ("POST", "/v1/inbox/{id}/act"),
]
# What has no end is tried where it is read as it comes.
STREAMS = [("GET", "/v1/stream")]
DOCUMENTED = [*OPERATIONS, *STREAMS]
PUBLISHING = OPERATIONS[:2]
MARKING = [("POST", f"/v1/inbox/{action}") for action in ACTIONS]

# What can be the id of a notification and of a user.
IDENTITY = "00000000-0000-7000-8000-000000000000"

# What needs no credential anywhere; in development nothing does.
OPEN = {"/v1/catalog/schema", "/health/live", "/health/ready", "/v1/session", "/v1/passes/redeem"}

# What is answered with another status than 200 where all is well.
CREATED = {"/v1/passes", "/v1/tickets"}

# What is also answered so where it is taken and done later.
TAKEN = {"/notify"}

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
BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@dataclass(frozen=True)
class Target:
    """A server that runs beside the test, its document, and whether its callers need anything."""

    schema: BaseSchema
    secured: bool
    session: requests.Session

    def answer(self, case: schemathesis.Case[Any]) -> Response:
        """Send a request of a caller who may, and check what comes back."""
        return case.call_and_validate(
            session=self.session, timeout=FOR_EVER, headers=dict(self.headers(case.path)), checks=CHECKS
        )

    def headers(self, path: str) -> Mapping[str, str]:
        """What a caller who may do this sends: a user's token for that user's inbox, else a publisher key."""
        own = path.startswith(("/v1/inbox", "/v1/topics", "/v1/tickets"))
        credential = token("ana", "turista") if own else PUBLISH_KEY
        return {"Authorization": f"Bearer {credential}"} if self.secured else {}


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
    config = Config(dev=True, broker="memory:") if request.param == "development" else secured()
    ready, found = threading.Event(), dict[str, Any]()
    thread = threading.Thread(target=_serve, args=(config, ready, found))
    thread.start()
    while not ready.wait(LOOK):
        assert thread.is_alive(), "the server did not start"
    server: Server = found["server"]
    try:
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        # One connection, and none of the environment's proxies, which requests would look for each time.
        with requests.Session() as session:
            session.trust_env = False
            yield Target(schema, not config.development, session)
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join()


@pytest.mark.parametrize(
    ("mode", "method", "path"),
    [
        *((GenerationMode.POSITIVE, *operation) for operation in OPERATIONS),
        *((GenerationMode.NEGATIVE, *operation) for operation in (*PUBLISHING, *MARKING[:1])),
    ],
    ids=str,
)
def test_server_answers_as_documented(target: Target, mode: GenerationMode, method: str, path: str) -> None:
    """Right and wrong requests get a documented status, content type and body, and never a failure of the server."""
    operation = target.schema[path][method]

    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case[Any]) -> None:
        target.answer(case)

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
        target.answer(case)

    call()


@pytest.mark.parametrize(("method", "path"), DOCUMENTED)
async def test_other_methods_are_refused(method: str, path: str) -> None:
    """A method that an operation does not have is 405 with the ones it has, as a problem document."""
    async with running() as server:
        own = {one for one, of in DOCUMENTED if of == path}
        for other in sorted({"PUT", "PATCH", "DELETE", "GET", "POST"} - own):
            asked = path.replace("{id}", IDENTITY).replace("{topic}", "tour:1")
            async with server.http.request(other, server.url + asked) as response:
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
        response = case.call(session=target.session, headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert not needs or response.status_code in (401, 403)

    call()


def test_credential_is_needed_with_secrets_alone(target: Target) -> None:
    """The document asks for a credential where the server does: nowhere in development."""
    raw = target.schema.raw_schema
    needing = {path for path, methods in raw["paths"].items() for found in methods.values() if found.get("security")}
    assert needing == ({path for _, path in DOCUMENTED} - OPEN if target.secured else set())


def test_example_is_answered(target: Target) -> None:
    """The example of each operation is accepted by the server that shows it, to somebody who has a name."""
    user = {} if target.secured else {"user": "ana"}
    for method, path in (*PUBLISHING, *MARKING):
        operation = target.schema[path][method]
        example = operation.definition.raw["requestBody"]["content"]["application/json"]["example"]
        query = user if (method, path) in MARKING else {}
        case = operation.Case(body=example, query=query, media_type="application/json")
        assert target.answer(case).status_code == 200


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Make the document of a server with secrets."""
    return document(operations(), open_access=False)


def operations() -> list[Operation]:
    """Return the operations as the endpoints state them; none of them is called."""
    endpoints = (
        PublishOperations,
        CatalogOperations,
        HealthOperations,
        InboxOperations,
        NotificationsOperations,
        PeopleOperations,
        PersonsOperations,
        PresenceOperations,
        NodesOperations,
        PassesOperations,
        KeysOperations,
        StreamOperations,
        TicketsOperations,
        TopicsOperations,
        ScheduledOperations,
        ConsoleOperations,
        MetricsOperations,
    )
    return [found for endpoint in endpoints for found in operations_of(endpoint)]


def test_document_lists_every_operation(made: dict[str, Any]) -> None:
    """Each operation that is served is in the document once, under a name of its own."""
    listed = [(method.upper(), path) for path, methods in made["paths"].items() for method in methods]
    assert sorted(listed) == sorted(DOCUMENTED)
    names = [found["operationId"] for methods in made["paths"].values() for found in methods.values()]
    assert len(set(names)) == len(DOCUMENTED)
    assert (made["openapi"], made["info"]["version"]) == ("3.1.0", __version__)


def test_console_names_each_operation_in_spanish(made: dict[str, Any]) -> None:
    """The console has a Spanish name for every operation of the document, which is in English, and for no other."""
    words = (ROOT / "web/console/src/sections/viewer/summaries.ts").read_text("utf-8")
    named = re.findall(r'^  (\w+):\s+"', words, flags=re.MULTILINE)
    given = {found["operationId"] for methods in made["paths"].values() for found in methods.values()}
    assert (given - set(named), set(named) - given) == (set(), set())


def test_document_is_openapi(made: dict[str, Any]) -> None:
    """The official schema of OpenAPI 3.1 takes it, and each pattern in it is one of JSON Schema's dialect."""
    OpenAPIV31SpecValidator(made).validate()
    patterns = re.findall(r'"pattern": "([^"]+)"', json.dumps(made))
    assert patterns
    for pattern in patterns:
        assert jsonschema_rs.is_valid({"format": "regex"}, json.loads(f'"{pattern}"'), validate_formats=True), pattern
        assert (pattern[0], pattern[-1]) == ("^", "$")


def test_document_lists_what_is_routed() -> None:
    """No path of the API is served that the document does not have; pages and connections are no operations."""
    others = {"/", "/docs", "/openapi.json", "/asyncapi.json", "/favicon.ico", "/ws", "/socket.io/"}
    routed = {
        (route.method, route.resource.canonical)
        for route in create_app(Config(dev=True, broker="memory:")).router.routes()
        if route.resource is not None and route.method not in ("HEAD", "*")
    }
    api = {
        (method, path) for method, path in routed if path not in others and not path.startswith(("/static/", "/help"))
    }
    assert api == set(DOCUMENTED)


@pytest.mark.parametrize(("method", "path"), DOCUMENTED)
def test_operation_is_described(made: dict[str, Any], method: str, path: str) -> None:
    """Each operation says what it does, and each of its refusals is a problem document with codes of the table."""
    described = made["paths"][path][method.lower()]
    assert described["summary"]
    assert described["tags"]
    done = "201" if path in CREATED else "200"
    assert done in described["responses"]
    for status, response in described["responses"].items():
        if status == done or (status == "202" and path in TAKEN):
            media = {"/metrics": "text/plain", "/v1/stream": "text/event-stream"}
            assert set(response["content"]) == {media.get(path, "application/json")}
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
    """Each field of a publish has a description, and one is required."""
    properties = made["components"]["schemas"]["Publish"]["properties"]
    assert {
        name for name, field in properties.items() if not (field.get("description") or "$ref" in str(field))
    } == set()
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


def test_parameters_are_described(made: dict[str, Any]) -> None:
    """Each parameter says what it is for, a path has all it names, and a list of types is one value with commas."""
    for path, methods in made["paths"].items():
        for found in methods.values():
            parameters = found.get("parameters", [])
            assert all(parameter["description"] for parameter in parameters)
            named = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
            assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
    listed = {parameter["name"]: parameter for parameter in made["paths"]["/v1/inbox"]["get"]["parameters"]}
    stated = {"user", "role", "roles", "rol", "topics"}
    assert set(listed) == {"status", "type", "group", "limit", "before", "locale", *stated}
    assert (listed["type"]["schema"]["type"], listed["type"]["style"], listed["type"]["explode"]) == (
        "array",
        "form",
        False,
    )
    assert (listed["limit"]["schema"]["minimum"], listed["limit"]["schema"]["maximum"]) == (1, 100)
