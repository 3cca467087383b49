"""What watches over a server names what it gives: alerts its metrics, the filter of fail2ban its log lines."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.errors import KINDS
from tests.support.deployment import DEPLOY, documents_of, unknown_settings
from tests.support.servers import PUBLISH_KEY, SECRET, program, running
from tests.support.waiting import until

(ALERTS,) = documents_of("prometheus-alerts.yml")
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PROMTOOL = shutil.which("promtool") or ""
FAIL2BAN = shutil.which("fail2ban-regex") or ""
NAME = re.compile(r"\b(?:sio_server|process)_\w+")


def bare(expression: str) -> str:
    """An expression without what stands in braces and quotes."""
    return re.sub(r"\{[^}]*\}", "", expression)


async def test_alerts_name_metrics_that_exist() -> None:
    """Each metric of an alert is in what the server answers."""
    async with running() as server, server.http.get(f"{server.url}/metrics") as response:
        families = dict(re.findall(r"^# TYPE (\S+) (\w+)$", await response.text(), re.MULTILINE))
    given = set(families) | {f"{name}_bucket" for name, kind in families.items() if kind == "histogram"}
    named = {name for rule in RULES for name in NAME.findall(bare(rule["expr"]))}
    assert named
    # Without TLS there is no certificate. What the system may not tell is told where it does, by the library's names.
    given.add("sio_server_tls_not_after")
    assert {name for name in named if name.startswith("sio_server_")} <= given
    assert {name for name in named if name.startswith("process_")} <= {"process_open_fds", "process_max_fds"}


def test_alerts_name_codes_and_settings_that_exist() -> None:
    """Each code of a refusal that an alert looks at is one, and so is each setting that it tells of."""
    codes = {
        code for rule in RULES for found in re.findall(r'code=~"([^"]+)"', rule["expr"]) for code in found.split("|")
    }
    assert codes
    assert codes <= set(KINDS)
    assert unknown_settings((DEPLOY / "prometheus-alerts.yml").read_text()) == set()


def test_alerts_say_what_is_wrong() -> None:
    """Each has a name of its own, how bad it is, and what an operator reads."""
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} <= set(rule["annotations"])


async def test_filter_finds_who_guesses_keys(tmp_path: Path) -> None:
    """fail2ban finds in a server's own lines who brought a wrong key or token, by the address, and nobody else."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY, "SIO_SERVER_LOG_FORMAT": "json"}
    async with (
        program("--broker", "memory:", "--trusted-proxies", "127.0.0.1", env=env) as server,
        aiohttp.ClientSession() as session,
    ):
        for path, key in (("/notify", "wrong"), ("/notify", PUBLISH_KEY), ("/nowhere", "wrong")):
            headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "203.0.113.9"}
            async with session.post(f"{server.url}{path}", data=b"{", headers=headers) as response:
                assert response.status >= 400
        await until(lambda: sum("refused" in line for line in server.output) >= 3, "three lines", server.moves)
    guessing = [line for line in server.output if '"code": "unauthorized"' in line]
    assert len(guessing) == 1
    assert '"address": "203.0.113.9"' in guessing[0]
    log = tmp_path / "sio-server.log"
    log.write_text("\n".join(server.output) + "\n")
    if not FAIL2BAN:
        return  # the pattern is tried without it in tests/core/test_refusals.py
    command = (FAIL2BAN, "--out", "ip", str(log), str(DEPLOY / "fail2ban" / "filter.conf"))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].split() == [b"203.0.113.9"]


if PROMTOOL:

    def test_prometheus_takes_the_alerts() -> None:
        """`promtool check rules` has nothing to say of them."""
        command = (PROMTOOL, "check", "rules", str(DEPLOY / "prometheus-alerts.yml"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["logrotate", "fail2ban/jail.conf", "fail2ban/filter.conf"])
def test_files_say_where_they_go(name: str) -> None:
    """Who opens one of these reads where it is copied to."""
    assert "/etc/" in (DEPLOY / name).read_text()
