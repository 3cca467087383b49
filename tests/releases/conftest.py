"""Tests of what `make dist` built, in the directory that `SIO_TEST_DIST` names; `make dist-test` runs them.

They take minutes and install from the package index, so a run of all other tests has none of them.
"""

import os
from pathlib import Path
from typing import Final

import pytest

PLACE: Final = os.environ.get("SIO_TEST_DIST")
collect_ignore_glob = [] if PLACE else ["test_*.py"]


@pytest.fixture(scope="session")
def dist() -> Path:
    """The directory with everything that is released."""
    assert PLACE is not None
    return Path(PLACE)
