"""What runs in containers names what exists: files, commands, settings, ports, and one another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sio_server.api import health
from sio_server.cli.commands import COMMANDS
from sio_server.serving.running import END_WITHIN
from tests.support.deployment import DEPLOY, documents_of, unknown_settings
from tests.support.servers import ROOT

DOCKERFILES = ("Dockerfile", "backend.Dockerfile")
(COMPOSE,) = documents_of("compose.yaml")
MANIFESTS = documents_of("kubernetes.yaml")
FIRST_LINES = {
    "Dockerfile": "not built",
    "backend.Dockerfile": "not built",
    "compose.yaml": "not started",
    "kubernetes.yaml": "not run",
}


def manifest(kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = [each for each in MANIFESTS if each["kind"] == kind]
    return found


def ignored(path: str) -> bool:
    """Whether `.dockerignore` leaves a path out: of its lines the last that fits counts."""
    left_out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        taken = line.startswith("!")
        pattern = (
            re.escape(line.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        )
        if re.fullmatch(f"{pattern}(?:/.*)?", path):
            left_out = not taken
    return left_out


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_has_nothing_to_say(name: str) -> None:
    """A Dockerfile passes the linter."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run((hadolint, "--no-color", DEPLOY / name), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", FIRST_LINES)
def test_first_line_says_what_was_not_tried(name: str) -> None:
    """Who opens a file that could not run where it was written is told so in its first line."""
    assert FIRST_LINES[name] in (DEPLOY / name).read_text().splitlines()[0]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_is_copied_is_there(name: str) -> None:
    """What an image is built from is in the repository and not left out by `.dockerignore`."""
    sources = re.findall(r"^COPY (?!--from)(\S+) ", (DEPLOY / name).read_text(), re.MULTILINE)
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source == "." or not ignored(source.rstrip("/")), source


def test_image_is_made_of_all_that_a_build_needs() -> None:
    """Sources of both distributions and of the console are taken; environments, data and secrets are not."""
    taken = (
        "pyproject.toml",
        "setup.py",
        "client/parts.py",
        "sio_server/app.py",
        "web/package-lock.json",
        "scripts/web.sh",
    )
    assert not any(map(ignored, taken))
    left_out = (
        ".venv/bin/python",
        ".env",
        "data/sio-server.sqlite",
        "deploy/secrets/jwt-secret",
        "web/node_modules/x",
        ".git/config",
    )
    assert all(map(ignored, left_out))


@pytest.mark.parametrize("name", [*DOCKERFILES, "compose.yaml", "kubernetes.yaml"])
def test_settings_exist(name: str) -> None:
    """Every setting that is named is one."""
    assert unknown_settings((DEPLOY / name).read_text()) == set()


def test_image_runs_commands_that_exist() -> None:
    """The image serves, asks for its own health, and is no root."""
    text = (DEPLOY / "Dockerfile").read_text()
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r'ENTRYPOINT \["sio-server"\]', last)
    commands = re.findall(r'CMD \["(?:sio-server", ")?([a-z-]+)"\]', last)
    assert set(commands) <= set(COMMANDS)
    assert "serve" in commands
    assert "USER 10001:10001" in last
    assert "STOPSIGNAL SIGTERM" in last


def test_compose_fits_together() -> None:
    """Each service's build, secrets, volumes and networks are there, and each is closed in."""
    for service in COMPOSE["services"].values():
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    server = COMPOSE["services"]["server"]
    (subnet,) = [each["subnet"] for each in COMPOSE["networks"]["inside"]["ipam"]["config"]]
    assert server["environment"]["SIO_SERVER_TRUSTED_PROXIES"] == subnet
    assert "ports" not in server, "only the proxy is reached from outside"
    assert int(server["stop_grace_period"].removesuffix("s")) > END_WITHIN + 2
    assert {f"/run/secrets/{name}" for name in server["secrets"]} <= set(
        re.findall(r"=(/run/secrets/\S+)", (DEPLOY / "Dockerfile").read_text())
    )
    assert "{$UPSTREAM:" in (DEPLOY / "Caddyfile").read_text()
    assert COMPOSE["services"]["proxy"]["environment"]["UPSTREAM"] == "server:8080"


def test_kubernetes_fits_together() -> None:
    """Selectors find their pods, ports their names, mounts their volumes; there is one server, closed in."""
    stateful = manifest("StatefulSet")["spec"]
    pod = stateful["template"]["spec"]
    (container,) = pod["containers"]
    labels = stateful["template"]["metadata"]["labels"]
    assert stateful["replicas"] == 1
    assert stateful["selector"]["matchLabels"] == labels == manifest("Service")["spec"]["selector"]
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    volumes = {each["name"] for each in pod["volumes"]}
    claims = {each["metadata"]["name"] for each in stateful["volumeClaimTemplates"]}
    assert {each["name"] for each in container["volumeMounts"]} == volumes | claims
    ports = {each["name"] for each in container["ports"]}
    assert {each["targetPort"] for each in manifest("Service")["spec"]["ports"]} <= ports
    backend = manifest("Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifest("Service")["metadata"]["name"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["terminationGracePeriodSeconds"] > END_WITHIN + 2
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    for each in container["env"]:
        assert each["value"].rpartition("/")[0] in mounts
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert f'"{container[probe]["httpGet"]["path"]}"' in Path(health.__file__).read_text()
