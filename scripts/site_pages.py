"""The pages of the documents' site: those of ``docs/``, and what else of the repository they lead to."""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path
from typing import Final

import site_reference
from site_diagrams import drawn

# Beside English, which has the plain names; another language's page is called ``page.es.md``.
LANGUAGES: Final = ("es",)

# Documents elsewhere in the repository, and what they are called on the site.
PAGES: Final = {"CHANGELOG.md": "changes.md", "CONTRIBUTING.md": "contributing.md"}
# What is said above a page that a language does not have.
_NOT_YET: Final = {"es": "Esta página está en inglés."}
# What the site has an own page for.
INSTEAD: Final = {"README.md": "index.md", "README.es.md": "index.md"}

# Of docs/, what is no page: how the site looks.
_NO_PAGE: Final = "theme"
_LINK: Final = re.compile(r"(!?)\[((?:[^\]\\]|\\.)*)\]\(([^)\s]+)\)")


def lay(root: Path, pages: Path) -> None:
    """Lay the pages of a repository into a directory, from which MkDocs builds them."""
    shutil.copytree(root / "docs", pages, ignore=shutil.ignore_patterns(_NO_PAGE))
    site_reference.write(root, pages)
    for path in sorted(pages.rglob("*.md")):
        name = path.relative_to(pages)
        path.write_text(drawn(led(path.read_text("utf-8"), Path("docs") / name, root, pages)), "utf-8")
    for source, called in PAGES.items():
        (pages / called).write_text(led((root / source).read_text("utf-8"), Path(source), root, pages), "utf-8")
    for language, notice in _NOT_YET.items():
        _fill_in(pages, language, notice)


def _fill_in(pages: Path, language: str, notice: str) -> None:
    """Show a page in English where a language has none, and say so."""
    ending = f".{language}.md"
    own = {path.name.removesuffix(ending) for path in pages.glob(f"*{ending}")}

    def to_page(found: re.Match[str]) -> str:
        # The headings of a page in another language are called otherwise.
        return f"{found[1]})" if found[1].removesuffix(".md") in own else found[0]

    for path in sorted(pages.glob("*.md")):
        if "." not in path.stem and path.stem not in own:
            heading, _, text = path.read_text("utf-8").partition("\n")
            shown = re.sub(r"(?<=\]\()([\w-]+\.md)#[^)]*\)", to_page, text)
            path.with_suffix(ending).write_text(f"{heading}\n\n> {notice}\n{shown}", "utf-8")


def led(text: str, document: Path, root: Path, pages: Path) -> str:
    """A document's text with links that lead somewhere on the site.

    ``document`` is its path in the repository. A file of the repository that is no page is copied to the site; a
    directory has no place there, so that its name alone is left.
    """
    here = PAGES.get(document.as_posix(), document.as_posix().removeprefix("docs/"))

    def to(found: re.Match[str]) -> str:
        image, words, target = found.groups()
        path, hash_mark, fragment = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return found[0]
        place = (root / document.parent / path).resolve()
        inside = place.relative_to(root).as_posix()
        if place.is_dir():
            return words if words.startswith("`") else f"{words} (`{inside}`)"
        if inside in INSTEAD:
            return f"{image}[{words}]({_from(here, INSTEAD[inside])})"
        if inside in PAGES or inside.startswith("docs/"):
            page = PAGES.get(inside, inside.removeprefix("docs/"))
            return f"{image}[{words}]({_from(here, page)}{hash_mark}{fragment})"
        copy = pages / "files" / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        # A page is made of no document that is only led to.
        copy = copy.with_suffix(".txt") if copy.suffix == ".md" else copy
        shutil.copy(place, copy)
        return f"{image}[{words}]({_from(here, copy.relative_to(pages).as_posix())})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _LINK.sub(to, part) for part in parts)


def _from(page: str, target: str) -> str:
    """How a page of the site names another one, or a file."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
