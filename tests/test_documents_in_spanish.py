"""The pages of ``docs/`` in Spanish: each says what the English one says, in another language."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.documents import Document
from tests.support.servers import ROOT

DOCS = ROOT / "docs"
PAGES = [path.relative_to(DOCS).as_posix().removesuffix(".es.md") for path in sorted(DOCS.rglob("*.es.md"))]

# Of a comment in code the words are a language's; what it stands beside is not.
_COMMENT = re.compile(r"\s*(#|//|<!--) .*$", re.MULTILINE)
# The words of a diagram: what is in brackets or between bars, and what comes after a colon, "as" or a note's place.
_WORDS = re.compile(r"\[.*?\]|\|.*?\||: .*$| as .*$", re.MULTILINE)


def both(page: str) -> tuple[Document, Document]:
    """A page in English and in Spanish."""
    return Document.read(DOCS / f"{page}.md"), Document.read(DOCS / f"{page}.es.md")


def led(document: Document) -> list[str]:
    """Where the links of a page lead, but for the heading there, and for the language of a picture."""
    links = [urlsplit(link)._replace(fragment="").geturl() for link in document.links]
    return sorted(link.replace("-en-", "-") if "screenshots/" in link else link for link in links)


def coded(document: Document) -> list[tuple[str, str]]:
    """Each code block without what is a language's: comments, and in a diagram the words in it."""
    return [
        (kind, _WORDS.sub("", text) if kind == "mermaid" else _COMMENT.sub("", text)) for kind, text in document.fences
    ]


@pytest.mark.parametrize("page", PAGES)
def test_page_says_the_same_in_spanish(page: str) -> None:
    """A page in Spanish has the headings, tables, pictures, links and code of the English one, comments aside."""
    english, spanish = both(page)
    assert [level for level, _ in spanish.headings] == [level for level, _ in english.headings]
    shapes = [[[len(row) for row in table] for table in document.tables] for document in (english, spanish)]
    assert shapes[1] == shapes[0]
    assert led(spanish) == led(english)
    assert coded(spanish) == coded(english)


def test_pages_are_whole() -> None:
    """There is an English page for each Spanish one."""
    assert PAGES
    assert not [page for page in PAGES if not Path(DOCS, f"{page}.md").is_file()]
