"""``scripts/site_build.py``: the site of the documents, whole, in both languages, and fit for the server's policy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.servers import ROOT

SCRIPT = ROOT / "scripts" / "site_build.py"
sys.path.insert(0, str(SCRIPT.parent))

from site_check import problems  # noqa: E402 - of the directory of scripts, which is no package
from site_diagrams import DiagramError, draw, drawn  # noqa: E402
from site_pages import PAGES, led  # noqa: E402


def test_the_documents_are_a_site(tmp_path: Path) -> None:
    """Every document is a page in both languages, links lead somewhere, and each language is searched by itself."""
    site = tmp_path / "help"
    built = subprocess.run(
        [sys.executable, SCRIPT, "--out", site], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    documents = {path.name.partition(".")[0] for path in (ROOT / "docs").glob("*.md")} | {
        name.removesuffix(".md") for name in PAGES.values()
    }
    for language in ("", "es/"):
        for name in documents - {"index"}:
            assert (site / language / name / "index.html").is_file(), name
        index = json.loads((site / language / "search/search_index.json").read_text("utf-8"))
        assert index["config"]["lang"] == [language.strip("/") or "en"]
        found = {entry["location"].partition("#")[0] for entry in index["docs"]}
        assert {f"{name}/" for name in documents - {"index"}} <= found
        assert not any(location.startswith("es/") for location in found)
    # No page has anything of the machine that built it.
    place = re.compile(rf"(?<![\w.-]){re.escape(str(ROOT))}(?![\w.-])")
    assert not [path for path in site.rglob("*.html") if place.search(path.read_text("utf-8"))]
    assert not list(site.rglob("*.map"))


PAGE = '<h1 id="top">x</h1>{}'


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="../other/">', None),
        ('<a href="../other/#top">', None),
        ('<a href="../../docs">', None),
        ('<a href="https://example.org/">', None),
        ('<script src="../a.js"></script><img src="data:image/png;base64,">', None),
        ('<script type="application/json">{}</script>', None),
        ('<a href="../none/">', "/help/none/ is not there"),
        ('<a href="../other/#none">', "has no #none"),
        ('<a href="#none">', "has no #none"),
        ('<a href="/other/">', "/other/ is not there"),
        ("<script>1</script>", "a script stands in the page"),
        ('<script src="https://example.org/a.js"></script>', "loads https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "loads //example.org/a.css"),
        ('<img src="none.png">', "loads none.png"),
    ],
)
def test_faults_of_a_site_are_found(tmp_path: Path, html: str, fault: str | None) -> None:
    """Links to nothing, scripts in a page and whatever would be loaded from elsewhere are told, and nothing else."""
    for name, text in (("index.html", ""), ("page/index.html", html), ("other/index.html", ""), ("a.js", "")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(PAGE.format(text), "utf-8")
    found = problems(tmp_path)
    if fault is None:
        assert found == []
    else:
        [line] = found
        assert line.startswith("page/index.html: ")
        assert fault in line


@pytest.mark.parametrize(
    ("document", "written", "on_the_site"),
    [
        ("docs/keys.md", "[a](backend.md#types)", "[a](backend.md#types)"),
        ("docs/keys.md", "[a](../CHANGELOG.md)", "[a](changes.md)"),
        ("docs/keys.md", "[a](../README.md#settings)", "[a](index.md)"),
        ("docs/keys.md", "[a](../deploy/grafana.json)", "[a](files/deploy/grafana.json)"),
        ("docs/keys.md", "[a](../bench/README.md)", "[a](files/bench/README.txt)"),
        ("docs/keys.md", "[a](../examples/tourism)", "a (`examples/tourism`)"),
        ("docs/keys.md", "[`examples`](../examples)", "`examples`"),
        ("docs/keys.md", "[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("docs/keys.md", "[a](#here)", "[a](#here)"),
        ("docs/keys.md", "```md\n[a](../README.md)\n```", "```md\n[a](../README.md)\n```"),
        ("CONTRIBUTING.md", "[a](docs/design.md) and ![b](docs/c.png)", "[a](design.md) and ![b](c.png)"),
    ],
)
def test_links_lead_somewhere_on_the_site(tmp_path: Path, document: str, written: str, on_the_site: str) -> None:
    """A link of a document in the repository leads to the same thing on the site, which has no directories to show."""
    assert led(written, Path(document), ROOT, tmp_path) == on_the_site


TURNS = """sequenceDiagram
    accTitle: A & B talk
    participant a as Ana <1>
    Note over a, b: away
    a->>b: says
    b-->>a: answers
"""
WAYS = """flowchart LR
    accTitle: What leads where
    a[Ana] -->|books| b[Marta]
    a -.-> c[log]
    b --> c
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [(TURNS, ["Ana &lt;1&gt;", "b", "away", "says", "answers"]), (WAYS, ["Ana", "books", "Marta", "log"])],
)
def test_diagrams_are_drawn(source: str, words: list[str]) -> None:
    """A diagram becomes an image with a title, all its words, and room for each; what stands around it stays."""
    page = drawn(f"before\n\n```mermaid\n{source}```\n\nafter")
    assert page.startswith('before\n\n<figure class="diagram"><svg ')
    assert page.endswith("</svg></figure>\n\nafter")
    svg = ET.fromstring(draw(source))  # noqa: S314 - ours
    title, *texts = [element.text for element in svg.iter() if element.tag.endswith(("title", "text"))]
    assert str(title) in source
    assert sorted(map(str, texts)) == sorted(word.replace("&lt;", "<").replace("&gt;", ">") for word in words)
    width = float(svg.attrib["width"])
    boxes = [element for element in svg.iter() if element.tag.endswith("rect")]
    assert all(0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"]) for box in boxes)


@pytest.mark.parametrize(
    "source",
    [
        "sequenceDiagram\n a->>b: no title",
        "gantt\n accTitle: of another kind",
        "sequenceDiagram\n accTitle: x\n loop every day",
        "flowchart LR\n accTitle: x\n a{choice} --> b",
        "flowchart LR\n accTitle: x\n a --> b\n b --> a",
    ],
)
def test_what_cannot_be_drawn_is_told(source: str) -> None:
    """A diagram that would come out wrong fails the build."""
    with pytest.raises(DiagramError):
        draw(source)
