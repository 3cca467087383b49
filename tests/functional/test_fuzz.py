"""A server that is fuzzed for a while stays as it was: see ``bench/fuzz.py`` for what is sent and looked for."""

import asyncio
import sys

from tests.support.chance import again, seed
from tests.support.servers import FOR_EVER, ROOT, environment

# So many peers, however long they take: about as many as two busy processors live in half a minute.
CASES = 1500
MODES = ("prod", "dev")


async def fuzzed(mode: str, drawn: int) -> tuple[int, str]:
    """Fuzz a server of one mode; the exit code, and what to show where it is not 0."""
    words = ["--mode", mode, "--cases", str(CASES), "--seconds", str(FOR_EVER), "--seed", str(drawn)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.fuzz", *words),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, f"python -m bench.fuzz {' '.join(words)}\n{output.decode()}"


async def test_fuzzing_finds_nothing() -> None:
    """Random heads, frames, packets and values make no error, no line that is not JSON, and leave nothing behind."""
    # Under CI the same input each time, so that a change is judged by what it changed; elsewhere other input.
    drawn = seed(of_ci=1)
    # Both at once: each ends with a wait for the sessions that have to time out.
    for code, told in await asyncio.gather(*(fuzzed(mode, drawn) for mode in MODES)):
        assert code == 0, f"{again(drawn)}\n{told}"
