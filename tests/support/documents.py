"""The READMEs taken apart: what they show, name and link to."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.servers import ROOT


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file, taken apart."""

    path: Path
    tokens: tuple[Token, ...] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Document:
        """The document in a file."""
        return cls(path, tuple(MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))))

    @property
    def fences(self) -> list[tuple[str, str]]:
        """Each code block: its language and its text."""
        return [(token.info, token.content) for token in self.tokens if token.type == "fence"]

    def fence(self, language: str, mark: str) -> str:
        """The one code block of a language that holds ``mark``."""
        (found,) = [text for info, text in self.fences if info == language and mark in text]
        return found

    @property
    def inline(self) -> list[Token]:
        """Code spans, links, images and text, in order."""
        return [child for token in self.tokens for child in token.children or ()]

    @property
    def spans(self) -> list[str]:
        """What stands in backticks."""
        return [token.content for token in self.inline if token.type == "code_inline"]

    @property
    def links(self) -> list[str]:
        """Where links and images lead."""
        found = [token.attrs.get("href") or token.attrs.get("src") for token in self.inline]
        return [str(target) for target in found if target]

    @property
    def headings(self) -> list[tuple[str, str]]:
        """Each heading: its level (``h1``) and its text."""
        following = zip(self.tokens, self.tokens[1:], strict=False)
        return [(token.tag, text.content) for token, text in following if token.type == "heading_open"]

    @property
    def tables(self) -> list[list[tuple[str, ...]]]:
        """Each table: its rows of cells in Markdown, the head first."""
        tables: list[list[tuple[str, ...]]] = []
        for opening, inside in zip(self.tokens, self.tokens[1:], strict=False):
            if opening.type == "table_open":
                tables.append([])
            elif opening.type == "tr_open":
                tables[-1].append(())
            elif opening.type in ("th_open", "td_open"):
                tables[-1][-1] += (inside.content,)
        return tables

    def table(self, mark: str) -> list[tuple[str, ...]]:
        """The rows, head left out, of the one table with a cell that is ``mark``."""
        (found,) = [table for table in self.tables if any(mark in row for row in table)]
        return found[1:]

    def commands(self) -> list[list[str]]:
        """Each ``sio-server COMMAND …`` in code, as a shell would part it; "a | b" names both."""
        shell = "".join(text for info, text in self.fences if info == "sh").replace("\\\n", " ")
        code = [*self.spans, *(line.split(" # ")[0] for line in shell.splitlines())]
        found = [re.fullmatch(r"(?:\S*/)?sio-server +(\S.*)", line.strip()) for line in code]
        return [shlex.split(part) for match in found if match for part in match[1].split(" | ")]


ENGLISH = Document.read(ROOT / "README.md")
SPANISH = Document.read(ROOT / "README.es.md")
READMES = pytest.mark.parametrize("readme", [ENGLISH, SPANISH], ids=["en", "es"])
