"""One function per event type of the catalogue: ``tour_creado`` becomes ``notificar_tour_creado``.

A function's signature is made of the type's known fields, so ``help`` shows them and a wrong name is a TypeError. Type
checkers and editors read the same of the built-in types in ``builtin.pyi``, and of one's own in a module that
``sio-server catalog export --format py`` writes.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, TypedDict, TypeVar, get_type_hints

from sio_server.client.bodies import PublishOptions
from sio_server.client.field_types import FIELD_TYPES
from sio_server.event_types import EventType, EventTypes, check_type_name

PREFIX: Final = "notificar_"

T = TypeVar("T")


def names_of(catalog: EventTypes) -> dict[str, EventType]:
    """Each function's name and its event type. Of two types with the same function name the first keeps it."""
    names: dict[str, EventType] = {}
    for event_type in catalog.types.values():
        names.setdefault(PREFIX + re.sub(r"[.-]", "_", event_type.name), event_type)
    return names


def late_type(name: str, owner: object) -> str:
    """The type that a function of this name is for, which nobody here knows and the server may.

    Raises AttributeError for what can be no function of a type.
    """
    kind = name.removeprefix(PREFIX)
    if kind == name or check_type_name(kind) is not None:
        of = f"module {owner!r}" if isinstance(owner, str) else f"{type(owner).__name__!r} object"
        raise AttributeError(f"{of} has no attribute {name!r}", name=name, obj=owner)
    return kind


def signature_of(event_type: EventType) -> inspect.Signature:
    """Keyword-only: the known fields, then what every publish can say (except what a field of ``data`` is called)."""
    keyword_only = inspect.Parameter.KEYWORD_ONLY
    parameters = {
        name: inspect.Parameter(name, keyword_only, default=None, annotation=FIELD_TYPES[kind])
        for name, kind in event_type.data.items()
        if not keyword.iskeyword(name)
    }
    for name, parameter in _options().items():
        parameters.setdefault(name, parameter)
    return inspect.Signature(list(parameters.values()))


@functools.cache
def _options() -> dict[str, inspect.Parameter]:
    """The parameters of a publish that an event type does not settle."""
    kinds = {**get_type_hints(_Texts), **get_type_hints(PublishOptions)}
    return {
        name: inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if kind is bool else None, annotation=kind
        )
        for name, kind in kinds.items()
    }


class _Texts(TypedDict):
    """What stands before the options of a publish."""

    message: str | None
    data: Mapping[str, Any] | None


def with_fields(data: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a notification: the known fields, those that are None left out, and what was given beside them."""
    return {**(data or {}), **{name: value for name, value in fields.items() if value is not None}}


class Arguments:
    """What calls of one function mean: keyword arguments in, what ``publish`` takes out."""

    def __init__(self, name: str, event_type: EventType) -> None:
        self.signature = signature_of(event_type)
        self._name = name
        self._type = event_type
        # A field of the user's own catalogue may be called "title"; in this function the word means the field.
        self._fields = frozenset(event_type.data)
        self._known = self.signature.parameters.keys()

    def read(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments of ``publish``. Raises TypeError for what the signature does not have."""
        if args or not given.keys() <= self._known:
            # `bind` words what is wrong; it is not asked where nothing is, since it takes as long as all the rest.
            try:
                self.signature.bind(*args, **given)
            except TypeError as error:
                raise TypeError(f"{self._name}(): {error}") from None
        # None is "not known" here as it is in the catalogue, and so is left out.
        present = {name: value for name, value in given.items() if value is not None}
        data = {name: present.pop(name) for name in given if name in self._fields and name in present}
        extra = {} if "data" in self._fields else present.pop("data", {})
        message = None if "message" in self._fields else present.pop("message", None)
        return (self._type.name, message, {**extra, **data}), present


def late_sync(
    name: str, find: Callable[[str], EventType | None], publish: Callable[..., T], owner: object
) -> Callable[..., T]:
    """The plain function of a type that nobody here knows; ``find`` asks for it at each call. See `late_type`."""
    kind = late_type(name, owner)

    def notify(**given: Any) -> T:
        positional, options = _read_late(find(name) or kind, given)
        return publish(*positional, **options)

    _dress_late(notify, name, kind)
    return notify


def late_async(
    name: str, find: Callable[[str], Awaitable[EventType | None]], publish: Callable[..., Awaitable[T]], owner: object
) -> Callable[..., Coroutine[Any, Any, T]]:
    """The coroutine function of a type that nobody here knows; see `late_sync`."""
    kind = late_type(name, owner)

    async def notify(**given: Any) -> T:
        positional, options = _read_late(await find(name) or kind, given)
        return await publish(*positional, **options)

    _dress_late(notify, name, kind)
    return notify


def ask_nobody(_: str) -> None:
    """The type of a function that nobody here knows, where no server is asked: see `late_sync`."""


async def await_nobody(_: str) -> None:
    """`ask_nobody`, for `late_async`."""


def _read_late(kind: EventType | str, given: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a call means whose function has no signature: a word of ``publish``, unless it is a field of the type's.

    Nothing is a mistake here: whether the server's types are known yet must not decide whether a request fails.
    """
    fields = {} if isinstance(kind, str) else kind.data
    present = {name: value for name, value in given.items() if value is not None}
    words = {"message", "data", "ordering_key", *_options()}.difference(fields)
    options = {name: present.pop(name) for name in words if name in present}
    message, data = options.pop("message", None), options.pop("data", None)
    return (kind, message, {**(data or {}), **present}), options


def _dress_late(function: Callable[..., Any], name: str, kind: str) -> None:
    function.__name__ = function.__qualname__ = name
    function.__module__ = "sio_server.client"
    function.__doc__ = (
        f"Publish ``{kind}``, a type of the server's that is not known here.\n\n"
        "Keywords are the fields of its data, and the words of `NotifyClient.publish`."
    )


def _dress(function: Callable[..., Any], name: str, event_type: EventType, signature: inspect.Signature) -> None:
    # What inspect, help() and editors read of a function; `Callable` does not promise that they can be set.
    function.__name__ = function.__qualname__ = name
    function.__module__ = "sio_server.client"
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = (
        f"Publish ``{event_type.name}``: {event_type.about('en')}\n\n"
        "Keywords are the known fields of its data; further ones go into ``data``. "
        "The rest is as in `NotifyClient.publish`."
    )


def named_async(
    name: str, event_type: EventType, publish: Callable[..., Awaitable[T]]
) -> Callable[..., Coroutine[Any, Any, T]]:
    """The coroutine function of this name, which publishes with ``publish``."""
    arguments = Arguments(name, event_type)

    # A coroutine function and not merely one that returns an awaitable: frameworks run the others in a thread.
    async def notify(*args: Any, **given: Any) -> T:
        positional, options = arguments.read(args, given)
        return await publish(*positional, **options)

    _dress(notify, name, event_type, arguments.signature)
    return notify


def named_sync(name: str, event_type: EventType, publish: Callable[..., T]) -> Callable[..., T]:
    """The plain function of this name, which publishes with ``publish``."""
    arguments = Arguments(name, event_type)

    def notify(*args: Any, **given: Any) -> T:
        positional, options = arguments.read(args, given)
        return publish(*positional, **options)

    _dress(notify, name, event_type, arguments.signature)
    return notify
