"""The product, which is looked at a thousand times in a second of its own CPU: ``sampled FILE serve …``.

``FILE`` gets, once the server has ended, how often each stack of functions was found, the most frequent first.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from sio_server.cli import main
from sio_server.serving import signals

#: Seconds of the process's own CPU between two looks.
EVERY = 0.001

_ROOT = str(Path(__file__).parents[2])
_found: Counter[tuple[str, ...]] = Counter()


def _look(_signal: int, frame: FrameType | None) -> None:
    stack = []
    while frame is not None:
        code = frame.f_code
        stack.append(f"{code.co_filename.removeprefix(_ROOT).removesuffix('.py')}:{code.co_qualname}")
        frame = frame.f_back
    _found[tuple(reversed(stack))] += 1


if __name__ == "__main__":
    where = Path(sys.argv.pop(1))
    heeded = tuple(name for name in signals._IGNORED if name != "SIGPROF")  # noqa: SLF001 - it is ignored otherwise
    setattr(signals, "_IGNORED", heeded)  # noqa: B010 - it is final
    signal.signal(signal.SIGPROF, _look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        main()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        where.write_text(json.dumps(_found.most_common()))
