"""Who may follow what, as the catalogue says it: its tables, what is wrong with them, which pattern counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sio_server.audience import Identity
from sio_server.catalog import Catalog
from sio_server.catalog.advice import advice_on
from sio_server.catalog.export import as_json, as_typescript
from sio_server.catalog.file import read_catalog
from sio_server.catalog.topics import may_follow, open_to, rule_of
from sio_server.client.known import types_in
from sio_server.errors import CatalogError
from sio_server.event_types import EventTypes
from tests.support.catalogs import MINIMAL, following, load
from tests.support.commands import run

RULES = """
[topics."*"]
follow = "backend"
[topics."tour:*"]
follow = "anyone"
[topics."tour:vip:*"]
follow = ["vip", "admin"]
[topics."tour:vip:abierto"]
follow = "anyone"
"""
ANA, VIP = Identity("ana"), Identity("ana", ("vip",))


def test_file_with_topics_alone_is_a_catalogue(tmp_path: Path) -> None:
    """A file that says who may follow what, and nothing of types, leaves the built-in types as they are."""
    catalog = load(tmp_path, RULES)
    assert catalog.types == Catalog.load().types
    assert catalog.topics == {
        "*": "backend",
        "tour:*": "anyone",
        "tour:vip:*": ("vip", "admin"),
        "tour:vip:abierto": "anyone",
    }
    assert types_in(following(tmp_path)) == {}
    assert Catalog.load().topics == {}


@pytest.mark.parametrize(
    ("topic", "rule", "ana", "vip"),
    [
        ("otro", "backend", False, False),
        ("tour:1", "anyone", True, True),
        ("tour:", "anyone", True, True),
        ("tour:vip:1", ("vip", "admin"), False, True),
        ("tour:vip:abierto", "anyone", True, True),
        ("tour:vip:abierto!", ("vip", "admin"), False, True),
    ],
    ids=str,
)
def test_longest_pattern_counts(tmp_path: Path, topic: str, rule: object, ana: bool, vip: bool) -> None:  # noqa: FBT001 - a row of the table
    """Of the patterns that fit a topic the longest counts, and a whole name before a beginning."""
    rules = load(tmp_path, RULES).topics
    assert rule_of(rules, topic) == rule
    assert (may_follow(rules, ANA, topic), may_follow(rules, VIP, topic)) == (ana, vip)


def test_what_is_not_listed_nobody_follows(tmp_path: Path) -> None:
    """Without a line that fits nobody may follow; guests and who has no name never may."""
    rules = load(tmp_path, RULES.replace('"*"', '"x"')).topics
    assert rule_of(rules, "otro") is rule_of(rules, "tour") is rule_of({}, "tour:1") is None
    for nobody in (Identity(None), Identity(f"guest:{'0' * 16}"), Identity(None, ("vip",), receives=False)):
        assert not may_follow(rules, nobody, "tour:1")
    assert list(open_to(rules, ANA)) == ["tour:*", "tour:vip:abierto"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[topics."a*b"]\nfollow = "anyone"\n', "topics.a*b: Must be the name of a topic"),
        ('[topics." a"]\nfollow = "anyone"\n', "topics. a: Must be the name of a topic"),
        (f'[topics."{"a" * 129}"]\nfollow = "anyone"\n', "Must be the name of a topic"),
        ('[topics."a"]\n', "topics.a.follow: Required. (line 1)"),
        ('[topics."a"]\nfollow = "all"\n', 'topics.a.follow: Not "anyone", "backend" or a list of roles. (line 2)'),
        ('[topics."a"]\nfollow = []\n', "topics.a.follow: Names no role."),
        ('[topics."a"]\nfollow = [""]\n', "topics.a.follow.0: Must be printable text"),
        ('[topics."a"]\nfollow = "anyone"\nrole = "x"\n', "topics.a.role: Unknown field."),
        ("topics = 5\n", "topics: Not an object."),
        (MINIMAL + '[topics."a"]\nfollow = 7\n', "topics.a.follow: Not"),
    ],
    ids=[f"wrong {number}" for number in range(10)],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    """Each mistake is told with its key and its line."""
    file = read_catalog(text, "my.toml", "es")
    with pytest.raises(CatalogError) as error:
        file.check()
    assert told in str(error.value)


async def test_braces_are_worth_a_look(tmp_path: Path) -> None:
    """Who writes a template where a pattern belongs is told."""
    file = read_catalog('[topics."tour:{tour_id}"]\nfollow = "anyone"\n', "my.toml", "es")
    (advice,) = advice_on(file, {}, "es")
    assert advice.told().startswith("topics.tour:{tour_id}: Nothing is filled in here")
    following(tmp_path)
    done = await run("catalog", "check", "topics.toml", cwd=tmp_path)
    assert (done.code, done.out) == (0, "topics.toml: types: 0, topics: 1, warnings: 0\n")


def test_topics_are_exported(tmp_path: Path) -> None:
    """JSON has the topics as the server answers them, and TypeScript a type of their names."""
    catalog = load(tmp_path, RULES + '[topics."a`b"]\nfollow = "anyone"\n')
    document = catalog.as_dict()
    assert EventTypes.of(document["types"], document["topics"]).topics == catalog.topics
    assert '"topic": "tour:vip:*"' in as_json(catalog)
    assert "export type Topic = `${string}` | `tour:${string}` | `tour:vip:${string}` | " in as_typescript(catalog)
    assert "Topic" not in as_typescript(Catalog.load())
