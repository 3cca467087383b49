"""The publisher keys of a data directory: what is kept of each, in ``keys.json``. Pure but for its schema.

A key is kept as its SHA-256. It has 256 random bits, so nobody finds it by trying, however fast the hash: a slow one
(bcrypt, scrypt, Argon2) makes guesses of what people think of expensive, and would cost each publish as much.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from sio_server.auth.key_text import hint_of, new_key
from sio_server.auth.publishers import STORED_PREFIX, Publisher, Scope, Use
from sio_server.errors import ConfigError

VERSION: Final = 1

# All of them are compared with each key that is not known yet: 500 take a tenth of a millisecond.
MAX_KEYS: Final = 500

# Names and patterns in one list of a scope.
MAX_NAMES: Final = 100
MAX_PATTERN: Final = 128

MAX_RATE: Final = 10**6

# Secrets of one key that hold at once: the newest, and those that it replaced and that are not over yet.
MAX_SECRETS: Final = 5

NAME_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One text of a key: its SHA-256, how it begins, and in Unix seconds when it was made and when it ends, if ever."""

    sha256: bytes
    hint: str
    created_at: float
    ends_at: float | None = None

    @classmethod
    def of(cls, key: str, now: float) -> Secret:
        """What is kept of a new key."""
        return cls(sha256=hashlib.sha256(key.encode()).digest(), hint=hint_of(key), created_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key with a name. ``rate`` is in notifications a second; moments are Unix seconds. The newest secret is last."""

    name: str
    scope: Scope
    created_at: float
    secrets: tuple[Secret, ...]
    rate: int | None = None
    expires_at: float | None = None

    def publishers(self) -> list[Publisher]:
        """Who holds one of its secrets; all are one publisher to quotas and idempotency keys."""
        return [
            Publisher(STORED_PREFIX + self.name, self.scope, self.rate, one.sha256, self.until(one), Use())
            for one in self.secrets
        ]

    def until(self, secret: Secret) -> float | None:
        """The moment at which one of its secrets is over; None where it is never."""
        return min((end for end in (secret.ends_at, self.expires_at) if end is not None), default=None)

    def is_over(self, now: float) -> bool:
        """Whether no secret of it is good any more."""
        return all((until := self.until(one)) is not None and until <= now for one in self.secrets)

    def rotated(self, now: float, overlap: float) -> tuple[StoredKey, str]:
        """The key with one secret more, and that secret's text. Those before it end within ``overlap`` seconds."""
        key = new_key()
        kept = [
            one if one.ends_at is not None and one.ends_at <= now + overlap else replace(one, ends_at=now + overlap)
            for one in self.secrets
        ]
        kept = [one for one in kept if one.ends_at is None or one.ends_at > now][-(MAX_SECRETS - 1) :]
        return replace(self, secrets=(*kept, Secret.of(key, now))), key


# -- the file ---------------------------------------------------------------------------------------------------------


def _names() -> fields.List[str]:
    return fields.List(
        fields.Str(validate=validate.Length(1, MAX_PATTERN)),
        required=True,
        allow_none=True,
        validate=validate.Length(0, MAX_NAMES),
    )


def _moment(*, allow_none: bool = True) -> fields.Float:
    # the year 9999 is the last one that a date can be of
    return fields.Float(required=True, allow_none=allow_none, allow_nan=False, validate=validate.Range(0, 253402300799))


class _ScopeSchema(Schema):
    publish = fields.Bool(required=True)
    observe = fields.Bool(required=True)
    operate = fields.Bool(required=True)
    types = _names()
    roles = _names()
    topics = _names()
    users = fields.Bool(required=True)
    everybody = fields.Bool(required=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Scope:
        lists = {name: None if values[name] is None else tuple(values[name]) for name in ("types", "roles", "topics")}
        return Scope(**{**values, **lists})


class _SecretSchema(Schema):
    sha256 = fields.Str(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    hint = fields.Str(required=True, validate=validate.Length(1, 32))
    created_at = _moment(allow_none=False)
    ends_at = _moment()

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Secret:
        return Secret(**{**values, "sha256": bytes.fromhex(values["sha256"])})


class _KeySchema(Schema):
    name = fields.Str(required=True, validate=validate.Regexp(rf"^(?:{NAME_PATTERN.pattern})\Z"))
    scope = fields.Nested(_ScopeSchema, required=True)
    rate = fields.Int(required=True, allow_none=True, strict=True, validate=validate.Range(1, MAX_RATE))
    created_at = _moment(allow_none=False)
    expires_at = _moment()
    secrets = fields.List(fields.Nested(_SecretSchema), required=True, validate=validate.Length(1, MAX_SECRETS))

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> StoredKey:
        return StoredKey(**{**values, "secrets": tuple(values["secrets"])})


class _FileSchema(Schema):
    version = fields.Int(required=True, strict=True)
    keys = fields.List(fields.Nested(_KeySchema), required=True, validate=validate.Length(0, MAX_KEYS))

    @pre_load
    def check_version(self, values: object, **_: Any) -> object:
        # before anything else is looked at: what a newer version added is no mistake
        version = values.get("version") if isinstance(values, dict) else None
        if type(version) is int and version > VERSION:
            raise ValidationError(f"written by a newer sio-server (format {version}): install that")
        return values


_FILE: Final = _FileSchema()


def keys_in(document: object) -> tuple[StoredKey, ...]:
    """The keys in a decoded file; raises `ConfigError` that says which place of it is wrong."""
    try:
        keys: list[StoredKey] = _FILE.load(document)["keys"]  # type: ignore[arg-type]  # what is no object is told
    except ValidationError as error:
        raise ConfigError(_first(error.messages)) from error
    names = [key.name for key in keys]
    if len(set(names)) < len(names):
        raise ConfigError("two keys have one name")
    digests = [one.sha256 for key in keys for one in key.secrets]
    if len(set(digests)) < len(digests):
        raise ConfigError("two keys have one secret")
    return tuple(keys)


def _first(messages: Any, path: str = "") -> str:
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        path = path if name == "_schema" else f"{path}.{name}" if path else str(name)
    text = messages[0] if isinstance(messages, list) and messages else messages
    return f"{path}: {text}" if path else str(text)


def document_of(keys: Sequence[StoredKey]) -> dict[str, Any]:
    """What is written for these keys."""
    return {
        "version": VERSION,
        "keys": [
            {
                "name": key.name,
                "scope": key.scope.as_dict(),
                "rate": key.rate,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "secrets": [
                    {
                        "sha256": one.sha256.hex(),
                        "hint": one.hint,
                        "created_at": one.created_at,
                        "ends_at": one.ends_at,
                    }
                    for one in key.secrets
                ],
            }
            for key in keys
        ],
    }
