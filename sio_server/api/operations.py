"""One statement per operation, at its handler: who may call it, what it takes, what it answers, how it can fail.

`operation` is the decorator; `serve` makes routes of what it says, `api.openapi` the document. A handler is called
with a `Call`, in which everything was looked at already: first the credential, then the query, the path and the body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Generic, Required, TypedDict, TypeVar, Unpack, overload

from aiohttp import hdrs, web
from marshmallow import Schema

from sio_server.api.base_path import Below
from sio_server.api.credentials import Callers, Credential
from sio_server.api.messages import expect_later, locale_of, read_json, read_optional_json, read_query

CallerT = TypeVar("CallerT")
BodyT = TypeVar("BodyT")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a path: its name, what it is, its JSON Schema, and how it is read.

    ``load`` is given the part as text. It raises `Refused` for what it cannot be.
    """

    name: str
    about: str
    schema: Mapping[str, Any]
    load: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Header:
    """A header that an operation reads: its name, what it is for, and the most characters of its value."""

    name: str
    about: str
    max_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Generic[BodyT]):
    """The body that an operation takes.

    ``schema`` describes it. ``load`` turns its JSON, and after it the value or None of each of the ``headers``, into
    what the handler gets; it raises `Refused`. ``limit`` is the largest size in bytes, or finds it at the object that
    has the handler. ``read`` reads the JSON: `read_optional_json` for a body that may be left out.
    """

    schema: type[Schema]
    load: Callable[..., BodyT]
    limit: int | Callable[[Any], int]
    read: Callable[[web.Request, int], Awaitable[Any]] = read_json
    headers: tuple[Header, ...] = ()
    example: Any = None

    @property
    def required(self) -> bool:
        """Whether a request without a body is refused."""
        return self.read is not read_optional_json

    async def of(self, request: web.Request, endpoint: object) -> BodyT:
        """The checked body of a request; raises `Refused`."""
        limit = self.limit if isinstance(self.limit, int) else self.limit(endpoint)
        given = await self.read(request, limit)
        return self.load(given, *(request.headers.get(header.name) for header in self.headers))


@dataclass(frozen=True, slots=True)
class Call(Generic[CallerT, BodyT]):
    """One call of an operation: who makes it, and the checked values of its query, its path and its body."""

    request: web.Request
    caller: CallerT
    query: Mapping[str, Any]
    path: Mapping[str, str]
    body: BodyT

    @property
    def locale(self) -> str:
        """The language that the caller prefers: ``es`` or ``en``."""
        return locale_of(self.request)


class _Described(TypedDict, total=False):
    """What an operation says beside its credential and its body; see `Operation`."""

    name: Required[str]
    summary: Required[str]
    tag: Required[str]
    reply: Required[type[Schema] | Mapping[str, Any]]
    reply_type: str
    status: int
    also: Mapping[int, type[Schema]]
    description: str
    query: type[Schema]
    parameters: tuple[Parameter, ...]
    headers: tuple[Header, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation over HTTP.

    ``answer`` is its handler, a function of the object that has it and of a `Call`. ``credential`` says who may call
    it. ``name`` is unique in the document, ``tag`` a group of it. ``reply`` is a schema, or a JSON Schema, of a body
    of ``reply_type``, which comes with ``status``; ``also`` are those that come with others. ``parameters`` are
    those in the path, ``headers`` those that it reads itself. ``errors`` are codes of `errors.KINDS`, without those of
    the credential and those that any request can be refused with.
    """

    method: str
    path: str
    answer: Callable[[Any, Call[Any, Any]], Awaitable[web.StreamResponse]]
    credential: Credential[Any]
    name: str
    summary: str
    tag: str
    reply: type[Schema] | Mapping[str, Any]
    reply_type: str = "application/json"
    status: int = HTTPStatus.OK
    also: Mapping[int, type[Schema]] = field(default_factory=dict)
    description: str = ""
    query: type[Schema] | None = None
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[Header, ...] = ()
    body: Body[Any] | None = None
    errors: tuple[str, ...] = ()

    @property
    def route(self) -> str:
        """The path as aiohttp takes it: a parameter that has a pattern matches nothing else, any other no slash.

        By itself aiohttp takes no braces for part of a parameter, and a name may have some.
        """
        path = self.path
        for parameter in self.parameters:
            pattern = parameter.schema["pattern"].strip("^$") if "pattern" in parameter.schema else "[^/]+"
            path = path.replace(f"{{{parameter.name}}}", f"{{{parameter.name}:{pattern}}}")
        return path

    def handler(self, endpoint: object, callers: Callers) -> Handler:
        """The handler that aiohttp calls: it checks a request and hands it to ``endpoint``'s."""
        return partial(self._handle, endpoint, callers, None if self.query is None else self.query())

    async def _handle(
        self, endpoint: object, callers: Callers, query: Schema | None, request: web.Request
    ) -> web.StreamResponse:
        caller = await self.credential.check(callers, request)
        asked = {} if query is None else await read_query(request, query)
        path = {parameter.name: parameter.load(request.match_info[parameter.name]) for parameter in self.parameters}
        body = None if self.body is None else await self.body.of(request, endpoint)
        return await self.answer(endpoint, Call(request, caller, asked, path, body))


_Answer = Callable[[Any, Call[CallerT, BodyT]], Awaitable[web.StreamResponse]]


@overload
def operation(
    method: str, path: str, *, credential: Credential[CallerT], **described: Unpack[_Described]
) -> Callable[[_Answer[CallerT, None]], Operation]: ...


@overload
def operation(
    method: str, path: str, *, credential: Credential[CallerT], body: Body[BodyT], **described: Unpack[_Described]
) -> Callable[[_Answer[CallerT, BodyT]], Operation]: ...


def operation(
    method: str,
    path: str,
    *,
    credential: Credential[Any] | None = None,
    body: Body[Any] | None = None,
    **described: Unpack[_Described],
) -> Callable[[_Answer[Any, Any]], Operation]:
    """Say what the decorated method of an endpoint serves; its attributes are `Operation`'s.

    Raises `TypeError` where no credential is stated: who forgets it does not open an operation to everybody.
    """
    if credential is None:
        raise TypeError(f"{method} {path} does not say who may call it: state a credential, PUBLIC for everybody")

    def stated(answer: _Answer[Any, Any]) -> Operation:
        return Operation(method=method, path=path, answer=answer, credential=credential, body=body, **described)

    return stated


def operations_of(endpoint: type) -> list[Operation]:
    """The operations that a class states, in the order in which they stand there."""
    return [found for found in vars(endpoint).values() if isinstance(found, Operation)]


def serve(router: Below, endpoints: Iterable[object], callers: Callers) -> list[Operation]:
    """Add the routes of every operation of these objects, and return the operations. With GET comes HEAD."""
    served = []
    for endpoint in endpoints:
        for found in operations_of(type(endpoint)):
            handler = found.handler(endpoint, callers)
            if found.method == hdrs.METH_GET:
                router.add_get(found.route, handler, expect_handler=expect_later)
            else:
                router.add_route(found.method, found.route, handler, expect_handler=expect_later)
            served.append(found)
    return served
