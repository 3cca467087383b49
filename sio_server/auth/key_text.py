"""The text of a publisher key: made at random, and known as one of ours wherever it turns up. Pure.

``sio_pk_``, 43 letters and digits, which hold 256 random bits, and 6 that are a checksum of those (CRC-32), after the
format of GitHub's tokens. The prefix lets scanners find a key that was committed or logged, and a double click selects
all of it; the checksum tells a key that was cut off or mistyped from one that is not known, and no secret is needed to
see that.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "sio_pk_"

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE: Final = len(_DIGITS)

# 62^43 is above 2^256, 62^6 above 2^32.
RANDOM_BYTES: Final = 32
_RANDOM: Final = 43
_CHECKSUM: Final = 6

# What is kept of a key so that people tell it from others: 24 of its 256 bits.
_HINT: Final = len(PREFIX) + 4

_SHAPE: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")


def new_key() -> str:
    """A key that nobody has."""
    begun = PREFIX + _encoded(int.from_bytes(secrets.token_bytes(RANDOM_BYTES)), _RANDOM)
    return begun + _checksum(begun)


def hint_of(key: str) -> str:
    """The beginning of a key, by which its holder knows it again; good for nothing else."""
    return key[:_HINT]


def is_ours(key: str) -> bool:
    """Whether a text begins as the keys do that `new_key` makes; it may be damaged."""
    return key.startswith(PREFIX)


def is_whole(key: str) -> bool:
    """Whether a text is a key as `new_key` makes them, with the right checksum."""
    return _SHAPE.fullmatch(key) is not None and _checksum(key[:-_CHECKSUM]) == key[-_CHECKSUM:]


def _checksum(text: str) -> str:
    return _encoded(zlib.crc32(text.encode()), _CHECKSUM)


def _encoded(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, _BASE)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
