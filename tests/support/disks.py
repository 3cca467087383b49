"""Disks that are full."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(size: int, pid: int = 0) -> Iterator[None]:
    """Let no file of a process grow beyond ``size`` bytes: the system answers its writes with an error.

    Without ``pid`` it is this process; see setrlimit(2), RLIMIT_FSIZE.
    """
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
