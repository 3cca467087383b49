"""Chance that can be had again: the seed of a test that draws at random, from ``SIO_TEST_SEED`` where it is set."""

from __future__ import annotations

import os
import secrets

VARIABLE = "SIO_TEST_SEED"


def seed(of_ci: int | None = None) -> int:
    """The seed to draw from: the one that the environment names, ``of_ci`` under CI, else another one each time."""
    if named := os.environ.get(VARIABLE):
        return int(named)
    if of_ci is not None and os.environ.get("CI"):
        return of_ci
    return secrets.randbelow(2**31)


def again(drawn: int) -> str:
    """What a failure says: how the same is drawn again."""
    return f"the same again: {VARIABLE}={drawn}"
