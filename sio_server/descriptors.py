"""How many files and connections the process may have open at once."""

from __future__ import annotations

from typing import Final

# What the system, the log and a start's own files take beside connections.
_OWN: Final = 64

# Below this many a server is told to be small: a thousand phones behind one address open as many connections.
ENOUGH: Final = 4096


def raise_limit() -> int | None:
    """Raise the soft limit of open files to the hard one, as servers do; returns what it is now, None without one.

    The soft limit is 1,024 on most machines for the sake of ``select(2)``, which is not used here (setrlimit(2)).
    """
    try:
        import resource  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # macOS says there is no limit and takes none that high
        return None if soft == resource.RLIM_INFINITY else soft
    return None if hard == resource.RLIM_INFINITY else hard


def hard_limit() -> int | None:
    """How many files a process of this user may have open once it has raised its limit; None without one."""
    try:
        import resource  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return None
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def warning_of(limit: int | None, handshakes: int) -> str | None:
    """What to tell an operator about the limit, where it is below what the settings let in at once."""
    needed = max(ENOUGH, handshakes + _OWN)
    if limit is None or limit >= needed:
        return None
    return (
        f"the process may have {limit} files open, so at most about {max(limit - _OWN, 0)} connections; "
        f"{needed} or more are sensible: LimitNOFILE= in a systemd unit, ulimit -Hn in a shell"
    )
