"""Build the site of the documents into ``sio_server/static/help/``, where the server finds it: `make docs`.

The pages of ``docs/`` and those that are made of the code are laid into a directory of their own, MkDocs builds them,
and what it built is made fit for the server: no script stands in a page, and each language is searched by itself. A
link that leads nowhere is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from mkdocs.commands.build import build as build_with_mkdocs
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException
from site_check import problems
from site_diagrams import DiagramError
from site_pages import LANGUAGES, lay

ROOT: Final = Path(__file__).resolve().parents[1]
OUT: Final = ROOT / "sio_server" / "static" / "help"

# What the server's policy forbids in a page; data (`type="application/json"`) is no script.
_INLINE: Final = re.compile(r"<script>(.+?)</script>", re.DOTALL)
_CONFIG: Final = re.compile(r'(<script id="__config" type="application/json">)(.+?)(</script>)', re.DOTALL)

# Asked for maps of sites that are not there, by a script of the generator's; the menu of languages needs none of them.
_ALTERNATE: Final = re.compile(r'\s*<link rel="alternate"[^>]*>')
# The first pages name each other by where they would be if the site were all that a server has.
_FROM_ROOT: Final = re.compile(r'href="/([a-z]*/?)" hreflang=')

# What the generator's pages tell those who do not see them wrongly or not at all: a heading of no column, a dialog
# without a name, a landmark for each block of code.
_NO_HEADING: Final = re.compile(r"<th((?: [^>]*)?)></th>")
_SEARCH: Final = re.compile(r'(<div class="md-search"[^>]* role="dialog")(?=>.*?placeholder="([^"]+)")', re.DOTALL)
_SCRIPT: Final = {
    '"nav",{class:"md-code__nav"}': '"div",{class:"md-code__nav"}',
    # A table that is wider than the window is moved by the arrow keys, too.
    '"div",{class:"md-typeset__scrollwrap"}': '"div",{class:"md-typeset__scrollwrap",tabIndex:0}',
}

_IMAGE: Final = re.compile(r"screenshots/([\w.-]+)")
# What the words of these languages are compared with.
_STEMMERS: Final = ("lunr.stemmer.support.min.js", "lunr.multi.min.js", *(f"lunr.{each}.min.js" for each in LANGUAGES))

# Of no use to a reader: maps to sources that are not there, and a page for which the server has an answer of its own.
_LEFT_OUT: Final = ("assets/**/*.map", "404.html", "*/404.html", "sitemap.xml.gz", "sitemap.xml")


def named(nav: list[Any], pages: set[str]) -> list[Any]:
    """The navigation, less the pages that are not there, and what is left of ``pages`` without a place in it."""
    kept: list[Any] = []
    for item in nav:
        title, inner = (None, item) if isinstance(item, str) else next(iter(item.items()))
        if isinstance(inner, list):
            found = named(inner, pages)
            kept += [{title: found}] if found else []
        elif inner in pages:
            kept.append(item)
            pages.discard(inner)
    return kept


def build(pages: Path, site: Path) -> None:
    """Have MkDocs build the pages of a directory."""
    config = load_config(str(ROOT / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site))
    there = {path.relative_to(pages).as_posix() for path in pages.rglob("*.md")}
    there -= {name for name in there if name.endswith(tuple(f".{language}.md" for language in LANGUAGES))}
    nav = named(config.nav or [], there)
    config.nav = [*nav, {"More": sorted(there)}] if there else nav
    build_with_mkdocs(config)


def finish(site: Path) -> None:
    """Make what MkDocs built fit for the server."""
    for pattern in _LEFT_OUT:
        for path in site.glob(pattern):
            path.unlink()
    for path in sorted(site.rglob("*.html")):
        page = path.relative_to(site)
        up = "../" * len(page.parent.parts)
        text = _ALTERNATE.sub("", path.read_text("utf-8"))
        text = _INLINE.sub(partial(_moved, site, up), text)
        text = _FROM_ROOT.sub(partial(_led, up), text)
        text = _SEARCH.sub(r'\1 aria-label="\2"', _NO_HEADING.sub(r"<td\1></td>", text))
        path.write_text(_searched(text, page), "utf-8")
    _bundle(site)
    _left(site)
    _part_index(site)


def _bundle(site: Path) -> None:
    """Mend the generator's script; raises RuntimeError where another version of it has other words."""
    (path,) = site.glob("assets/javascripts/bundle.*.min.js")
    script = path.read_text("utf-8")
    for theirs, ours in _SCRIPT.items():
        if script.count(theirs) != 1:
            raise RuntimeError(f"{path.name} has no {theirs} any more: see what axe says of its pages now")
        script = script.replace(theirs, ours)
    path.write_text(script, "utf-8")


def _left(site: Path) -> None:
    """Take away what no page shows: the generator copies all that is there."""
    shown = {name for page in site.rglob("*.html") for name in _IMAGE.findall(page.read_text("utf-8"))}
    for path in site.glob("screenshots/*"):
        if path.name not in shown:
            path.unlink()
    for path in (site / "assets" / "javascripts" / "lunr").rglob("*.js"):
        if path.name not in _STEMMERS:
            path.unlink()


def _led(up: str, found: re.Match[str]) -> str:
    return f'href="{up + found[1] or "./"}" hreflang='


def _moved(site: Path, up: str, found: re.Match[str]) -> str:
    """Put a script into a file of its own, which runs at the same moment as it did in the page."""
    script = found[1]
    name = f"assets/javascripts/page.{hashlib.sha256(script.encode()).hexdigest()[:8]}.min.js"
    (site / name).write_text(script, "utf-8")
    return f'<script src="{up}{name}"></script>'


def _searched(text: str, page: Path) -> str:
    """A page that looks for words among those of its own language; the generator has one index for all."""
    if page.parts[0] not in LANGUAGES:
        return text

    def own(found: re.Match[str]) -> str:
        config = json.loads(found[2])
        config["base"] = "/".join([".."] * (len(page.parent.parts) - 1)) or "."
        return found[1] + json.dumps(config, ensure_ascii=False) + found[3]

    return _CONFIG.sub(own, text)


def _part_index(site: Path) -> None:
    """Make an index of words for each language."""
    path = site / "search" / "search_index.json"
    index = json.loads(path.read_text("utf-8"))
    rest = index["docs"]
    for language in LANGUAGES:
        own = [entry for entry in rest if entry["location"].startswith(f"{language}/")]
        rest = [entry for entry in rest if not entry["location"].startswith(f"{language}/")]
        for entry in own:
            entry["location"] = entry["location"].removeprefix(f"{language}/")
        _write_index(site / language / "search" / "search_index.json", index, language, own)
    _write_index(path, index, "en", rest)


def _write_index(path: Path, index: dict[str, Any], language: str, entries: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {**index["config"], "lang": [language]}
    path.write_text(json.dumps({**index, "config": config, "docs": entries}, ensure_ascii=False), "utf-8")


def main() -> int:
    """Build the site; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=OUT, help="where to put it, in place of what is there")
    out: Path = options.parse_args().out
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    with tempfile.TemporaryDirectory() as place:
        pages, site = Path(place, "pages"), Path(place, "site")
        try:
            lay(ROOT, pages)
            build(pages, site)
        except (MkDocsException, DiagramError) as error:
            sys.stderr.write(f"The documents were not built: {error}\n")
            return 1
        finish(site)
        found = problems(site)
        if found:
            sys.stderr.write("\n".join([*found, ""]))
            return 1
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(site, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
