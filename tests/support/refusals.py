"""How requests are refused, seen in both languages."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from sio_server.errors import Refused
from sio_server.schemas.publish import load_publish


def refused(body: object, key: str | None = None) -> Refused:
    """Return how a body is refused, having seen that it is so in both languages."""
    with pytest.raises(Refused) as caught:
        load_publish(body, key)
    check(caught.value)
    return caught.value


def outcome(load: Callable[[Any], object], body: object) -> object:
    """Return what is loaded, or how it is refused; anything else is a failure."""
    try:
        return load(body)
    except Refused as refusal:
        return refusal


def check(refusal: Refused) -> None:
    """See that a refusal tells what is wrong in English and in Spanish, at the same places."""
    english, spanish = refusal.as_dict("en"), refusal.as_dict("es")
    assert english["detail"]
    assert spanish["detail"]
    assert [line["field"] for line in english["errors"]] == [line["field"] for line in spanish["errors"]]
    for one, other in zip(english["errors"], spanish["errors"], strict=True):
        assert one["detail"]
        assert one["detail"] != other["detail"], "the same text in both languages"
    orjson.dumps([english, spanish])
