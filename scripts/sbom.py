"""Writes what the released server consists of, as a CycloneDX document: Python's packages, and those in the console.

    python scripts/sbom.py OUTPUT

The packages and their hashes are those of the lock files; licences and who needs whom are what the installed Python
packages say of themselves. The same commit gives the same document: its time is ``SOURCE_DATE_EPOCH``.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parents[1]
PIN: Final = re.compile(r"^(\S+)==([^\s;]+)((?:.*\\\n)*.*)", re.MULTILINE)
SHA256: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
CLIENT: Final = "sio-server-client"
OURS: Final = "MIT"
CONSOLE: Final = "console"  # its place in the web's lock


def main() -> None:
    """Write the document, once it has been held to CycloneDX's own schema."""
    (output,) = sys.argv[1:]
    text = JsonV1Dot6(document()).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"the document is not CycloneDX: {error}")
    Path(output).write_text(text + "\n", "utf-8")


def document() -> Bom:
    """The server with all that it is made of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    client = tomllib.loads((ROOT / "client/pyproject.toml").read_text("utf-8"))
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "sio_server/__init__.py").read_text("utf-8"), re.MULTILINE)
    assert version is not None  # noqa: S101 - a fault of this script
    bom = Bom()
    python = python_packages(
        bom, {canonicalize_name(Requirement(line).name) for line in project["build-system"]["requires"]}
    )
    python[CLIENT] = of_python(CLIENT, version[1], client["project"]["license"], ())
    server = of_python("sio-server", version[1], project["project"]["license"], (), ComponentType.APPLICATION)
    console = web_packages(bom)
    bom.components.add(python[CLIENT])
    bom.metadata.component = server
    bom.register_dependency(python[CLIENT], needed(client["project"]["dependencies"], python))
    bom.register_dependency(server, [*needed(project["project"]["dependencies"], python), console])
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, " ".join(sorted(str(each.purl) for each in bom.components)))
    return bom


def needed(requirements: list[str], packages: dict[str, Component], extra: str = "") -> Iterator[Component]:
    """Those packages that are asked for here, and what the extras of theirs that are asked for bring."""
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        if name in packages and (requirement.marker is None or requirement.marker.evaluate({"extra": extra})):
            yield packages[name]
            for each in requirement.extras:
                yield from needed(distribution(name).requires or [], packages, each)


def python_packages(bom: Bom, left_out: set[str]) -> dict[str, Component]:
    """Take in what the server is installed with, but for what only builds it."""
    lock = (ROOT / "requirements/run.txt").read_text("utf-8")
    found: dict[str, Component] = {}
    requires: dict[str, list[str]] = {}
    for name, version, rest in PIN.findall(lock):
        if name in left_out:
            continue
        try:
            installed = distribution(name)
            licence, requires[name] = licence_of(installed), installed.requires or []
        except PackageNotFoundError:  # another kind of Python's
            licence, requires[name] = None, []
        found[name] = of_python(name, version, licence, SHA256.findall(rest))
    bom.components.update(found.values())
    for name, component in found.items():
        bom.register_dependency(component, needed(requires[name], found))
    return found


def licence_of(package: Distribution) -> str | None:
    """What a package says its licence is: as an expression, in a word, or by the name of a classifier."""
    told: list[str] = [
        each for key in ("License-Expression", "License") for each in package.metadata.get_all(key) or ()
    ]
    if told and "\n" not in told[0]:
        return told[0]
    classifiers: list[str] = package.metadata.get_all("Classifier") or []
    return next((each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")), None)


def of_python(
    name: str,
    version: str,
    licence: str | None,
    hashes: tuple[str, ...] | list[str],
    kind: ComponentType = ComponentType.LIBRARY,
) -> Component:
    """A package of Python; each of its files (one for each machine) has a hash."""
    purl = PackageURL("pypi", name=name, version=version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(purl)),
        comment="any of the files that this version may be installed from",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes],
    )
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=str(purl),
        purl=purl,
        licenses=licences(licence),
        external_references=[files] if hashes else [],
    )


def licences(told: str | None) -> list[License]:
    """A licence as CycloneDX writes it: by its SPDX expression where it is one."""
    return [LicenseFactory().make_from_string(told)] if told else []


def web_packages(bom: Bom) -> Component:
    """Take in the console and what it is built of; return the console."""
    lock: dict[str, dict[str, Any]] = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))["packages"]
    found: dict[str, Component] = {}
    edges: dict[str, set[str]] = {}
    waiting = [CONSOLE]
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        found[place] = of_web(place, lock[place])
        edges[place] = {where for name in wants(lock[place]) if (where := resolved(name, place, lock))}
        waiting.extend(edges[place])
    bom.components.update(found.values())
    for place, component in found.items():
        bom.register_dependency(component, [found[each] for each in sorted(edges[place])])
    return found[CONSOLE]


def wants(entry: dict[str, Any]) -> set[str]:
    """The names of what a package of the web is run with; of what it leaves open, only what has to be there."""
    optional = {name for name, about in entry.get("peerDependenciesMeta", {}).items() if about.get("optional")}
    return {*entry.get("dependencies", {}), *entry.get("peerDependencies", {})} - optional


def resolved(name: str, place: str, lock: dict[str, dict[str, Any]]) -> str | None:
    """Where Node finds a package that another asks for: beside it, or in a directory above."""
    at = Path(place)
    for above in (at, *at.parents):
        where = (above / "node_modules" / name).as_posix()
        if entry := lock.get(where):
            return str(entry["resolved"]) if entry.get("link") else where
    return None


def of_web(place: str, entry: dict[str, Any]) -> Component:
    """A package of the web."""
    name = entry.get("name") or place.rpartition("node_modules/")[2]
    scope, _, bare = name.rpartition("/")
    purl = PackageURL("npm", namespace=scope or None, name=bare, version=entry["version"])
    digest = entry.get("integrity", "").removeprefix("sha512-")
    return Component(
        group=scope or None,
        name=bare,
        version=entry["version"],
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=licences(entry.get("license") or (OURS if "integrity" not in entry else None)),
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())] if digest else [],
    )


if __name__ == "__main__":
    main()
