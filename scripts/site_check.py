"""What is wrong with a built site of documents: links that lead nowhere, and what a page would load from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

# Where the server puts the site, and what else a page may lead to there.
_MOUNT: Final = "http://server/help/"
_BESIDE: Final = ("/", "/docs", "/openapi.json", "/asyncapi.json")

# An attribute of one of these is fetched without a click.
_FETCHED: Final = {"script": "src", "img": "src", "link": "href", "source": "src", "iframe": "src"}
# Names of what is elsewhere, which nothing fetches.
_NAMED: Final = ("canonical", "alternate", "next", "prev")


class _Page(HTMLParser):
    """What a page links to, what it loads, what it can be linked to by, and the scripts that stand in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        found = {name: value or "" for name, value in attrs}
        self.ids.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        target = found.get(_FETCHED.get(tag, ""))
        if target is not None and not (tag == "link" and found.get("rel") in _NAMED):
            self.loads.append(target)
        if tag == "script" and "src" not in found and found.get("type") != "application/json":
            self.scripts += 1


def problems(site: Path) -> list[str]:
    """A line for each fault of the site in a directory."""
    pages = {path.relative_to(site).as_posix(): _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for name, page in pages.items():
        address = urljoin(_MOUNT, name.removesuffix("index.html"))
        if page.scripts:
            found.append(f"{name}: a script stands in the page, which the server's policy forbids")
        found += [
            f"{name}: loads {target}, which is not of this site"
            for target in page.loads
            if not _is_file(site, urljoin(address, target))
        ]
        found += [f"{name}: {why}" for link in page.links if (why := _wrong(site, pages, urljoin(address, link)))]
    return found


def _file(site: Path, address: str) -> Path | None:
    """The file of an address below the mount."""
    path = unquote(urlsplit(address).path)
    if not address.startswith(_MOUNT):
        return None
    inside = path.removeprefix("/help/")
    return site / (inside + "index.html" if inside == "" or inside.endswith("/") else inside)


def _is_file(site: Path, address: str) -> bool:
    file = _file(site, address)
    return address.startswith("data:") or (file is not None and file.is_file())


def _wrong(site: Path, pages: dict[str, _Page], address: str) -> str | None:
    """What is wrong with a link, if anything is."""
    plain, fragment = urldefrag(address)
    parts = urlsplit(plain)
    if parts.netloc != "server" or parts.path in _BESIDE:
        return None  # somebody else's, or the server's own
    file = _file(site, plain)
    if file is None or not file.is_file():
        return f"{plain.removeprefix('http://server')} is not there"
    page = pages.get(file.relative_to(site).as_posix())
    if fragment and page is not None and unquote(fragment) not in page.ids:
        return f"{plain.removeprefix('http://server')} has no #{fragment}"
    return None
