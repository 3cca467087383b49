"""The tests mirror the product: a module of ``sio_server/core`` has its tests in ``tests/core``, under its name.

`sio_server/core/hub.py` is tested by `tests/core/test_hub.py`, or by several that begin so: `test_hub_*.py`. The tests
of the engine's folders stand together in `tests/engine`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.servers import ROOT
from tests.support.sources import PACKAGE, SOURCES

TESTS: Final = ROOT / "tests"

# What is tested elsewhere: a module, or all of a folder that have no tests of their name, and where.
ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    # One thing, which is tested by clients behind a balancer without affinity.
    "between/joining": ("between/test_passing",),
    "between/listener": ("between/test_passing",),
    "between/roads": ("between/test_passing",),
    "between/tunnel": ("between/test_passing",),
    "serving/shared_sockets": ("serving/test_workers",),
    "serving/worker": ("serving/test_workers",),
    "api/nodes": ("core/test_nodes", "between/test_asking", "api/test_openapi"),
    "schemas/nodes": ("between/test_asking", "api/test_openapi"),
    "cli/migrate": ("broker/postgres/test_moving",),
    "api/apart": ("serving/test_listening",),
    "api/elsewhere": ("api/test_operations", "api/test_publish_unread"),
    "api/scheduled": ("functional/test_schedule", "api/test_openapi"),
    "core/schedules": ("functional/test_schedule",),
    "schemas/schedule": ("functional/test_schedule", "api/test_openapi"),
    "api/persons": ("functional/test_erasure", "api/test_openapi"),
    "core/persons": ("functional/test_erasure",),
    "schemas/persons": ("functional/test_erasure", "api/test_openapi"),
    "broker/personal": ("broker/sqlite/test_contract",),
    "broker/sqlite/erasing": ("broker/sqlite/test_contract", "functional/test_erasure"),
    "api/presence": ("functional/test_presence", "api/test_openapi"),
    "core/legs": ("api/test_notifications_trace",),
    "core/attendance": ("functional/test_presence",),
    "schemas/presence": ("functional/test_presence", "schemas/test_frames"),
    "broker/sqlite/attending": ("broker/sqlite/test_contract", "functional/test_presence"),
    "broker/visits": ("broker/sqlite/test_contract", "functional/test_presence"),
    "api/tickets": ("functional/test_tickets", "api/test_openapi"),
    "live/admission": ("functional/test_tickets",),
    "schemas/tickets": ("functional/test_tickets", "api/test_openapi"),
    "api/topics": ("functional/test_follow", "api/test_openapi"),
    "api/stream": ("live/test_sse", "api/test_openapi"),
    "broker": ("broker/sqlite/test_contract", "broker/sqlite/test_broker"),
    "broker/amendments": ("broker/sqlite/test_contract",),
    "broker/nodes": ("broker/sqlite/test_contract",),
    "broker/sqlite/describing": ("broker/sqlite/test_contract",),
    "broker/ages": ("broker/sqlite/test_contract", "broker/sqlite/test_inbox"),
    "broker/offers": ("broker/sqlite/test_contract",),
    "broker/tracing": ("broker/sqlite/test_contract",),
    "broker/wanted": ("broker/sqlite/test_search",),
    "broker/postgres": ("broker/postgres/test_contract",),
    "broker/sqlite/amending": ("broker/sqlite/test_contract",),
    "broker/sqlite/amendments": ("broker/sqlite/test_contract",),
    "broker/sqlite/keeping": ("broker/sqlite/test_contract",),
    "broker/sqlite/pasts": ("broker/sqlite/test_contract",),
    "broker/sqlite/collapse": ("broker/sqlite/test_contract", "broker/sqlite/test_inbox"),
    "broker/deliveries": ("broker/sqlite/test_receipts", "broker/sqlite/test_faults"),
    "broker/sqlite/handing": ("broker/sqlite/test_receipts",),
    "broker/sqlite/history": ("broker/sqlite/test_contract",),
    "broker/sqlite/lanes": ("broker/sqlite/test_inbox",),
    "broker/sqlite/lock": ("broker/sqlite/test_copies", "broker/sqlite/test_faults"),
    "broker/groups": ("broker/sqlite/test_contract",),
    "broker/sqlite/grouping": ("broker/sqlite/test_contract",),
    "broker/sqlite/groups": ("broker/sqlite/test_contract",),
    "broker/schedule": ("broker/sqlite/test_contract",),
    "broker/answers": ("broker/sqlite/test_contract",),
    "broker/sqlite/answering": ("broker/sqlite/test_contract",),
    "broker/sqlite/answers": ("broker/sqlite/test_contract",),
    "broker/follows": ("broker/sqlite/test_contract",),
    "broker/sqlite/following": ("broker/sqlite/test_contract",),
    "broker/sqlite/follows": ("broker/sqlite/test_contract",),
    "broker/sqlite/schedule": ("broker/sqlite/test_contract",),
    "broker/sqlite/scheduling": ("broker/sqlite/test_contract",),
    "broker/sqlite/taking": ("broker/sqlite/test_contract",),
    "broker/sqlite/parts": ("broker/sqlite/test_contract",),
    "broker/sqlite/once": ("broker/sqlite/test_contract",),
    "broker/sqlite/people": ("broker/sqlite/test_contract",),
    "broker/leases": ("broker/sqlite/test_contract",),
    "broker/sqlite/rows": ("broker/sqlite/test_inbox",),
    "broker/sqlite/sights": ("broker/sqlite/test_contract",),
    "broker/states": ("broker/sqlite/test_inbox",),
    "broker/holdings": ("broker/sqlite/test_contract", "broker/postgres/test_contract"),
    "broker/persons": ("broker/sqlite/test_persons", "broker/postgres/test_persons"),
    "broker/sights": ("broker/sqlite/test_contract", "broker/postgres/test_contract"),
    "broker/revoked": ("broker/sqlite/test_contract", "broker/postgres/test_contract"),
    "broker/sqlite/store": ("broker/sqlite/test_files", "broker/sqlite/test_faults"),
    "broker/sqlite/trails": ("broker/sqlite/test_contract",),
    "broker/sqlite/upkeep": ("broker/sqlite/test_contract", "broker/sqlite/test_files"),
    "broker/sqlite/views": ("broker/sqlite/test_inbox",),
    "broker/sqlite/writer": ("broker/sqlite/test_broker", "broker/sqlite/test_power"),
    "broker/copies": ("broker/sqlite/test_copies",),
    "schemas/changes": ("functional/test_mend", "api/test_openapi"),
    "cli/asking": ("cli/test_users",),
    # Tested by what is found at servers and proxies that have one fault each.
    "cli/doctor/examination": ("cli/doctor/test_reach", "cli/doctor/test_machine"),
    "cli/doctor/findings": ("cli/doctor/test_report", "cli/doctor/test_reach"),
    "cli/doctor/site": ("cli/doctor/test_reach", "cli/doctor/test_passage"),
    "client/bodies": ("client/test_clients", "client/test_exchange"),
    "client/field_types": ("client/test_source", "test_distributions"),
    # One thing, which is tested by what becomes of a notification that is handed over.
    "client/courier": ("client/test_notifier",),
    "client/entries": ("client/test_notifier",),
    "client/ledger": ("client/test_notifier",),
    "client/outbox/bells": ("client/outbox/test_relay",),
    "client/outbox/kept": ("client/outbox/test_relay",),
    "client/outbox/mongo_table": ("client/outbox/test_mongo",),
    "client/outbox/reach": ("client/outbox/test_relay",),
    "client/outbox/sql_table": ("client/outbox/test_relay", "client/outbox/test_sql"),
    "client/memory": ("client/test_notifier",),
    "client/rules": ("client/test_strict", "client/test_extras"),
    "client/sender": ("client/test_notifier", "client/test_spool"),
    "client/shared": ("client/test_named",),
    "client/stock": ("client/test_notifier", "client/test_spool"),
    "client/transport": ("client/test_network",),
    "config/checks": ("config/test_settings", "config/test_schema"),
    "config/claim_names": ("auth/test_claims",),
    "config/reading": ("config/test_sources",),
    "catalog/topic_tables": ("catalog/test_topics", "catalog/test_json_schema"),
    "core/arrivals": ("core/test_topics", "functional/test_follow"),
    "core/core": ("core/test_node", "core/test_two_cores"),
    "core/door": ("core/test_drain",),
    "core/drafts": ("core/test_node",),
    "core/pages": ("core/test_replays", "core/test_window"),
    "core/protocols": ("api/test_metrics", "schemas/test_operators"),
    "core/samples": ("api/test_console_stats",),
    "core/traced": ("telemetry/test_tracer",),
    "core/shown": ("api/test_people_connections",),
    "core/traces": ("api/test_notifications_trace",),
    "core/traffic": ("api/test_console_stats",),
    "core/verdicts": ("api/test_notifications_trace",),
    # Tested over the wire alone, by clients that speak it to the byte and by the stock ones.
    "engine": ("engine/test_protocol", "engine/test_hardening", "engine/test_dropin"),
    "engine/eio": ("engine/test_protocol_upgrade", "engine/test_hardening_http"),
    "engine/front": ("engine/test_front", "engine/test_front_backpressure"),
    "engine/sio": ("engine/test_protocol_events", "engine/test_recovery", "engine/test_nodes"),
    "engine/transport": ("engine/test_fanout_paths", "engine/test_hardening_websocket"),
    "engine/wire": ("engine/test_protocol_malformed", "engine/test_hardening_events"),
    "event_types": ("catalog/test_types", "client/test_known"),
    "files": ("config/test_sources",),
    "live/socketio_link": ("live/test_socketio",),
    "live/socketio_refusals": ("live/test_socketio",),
    "live/ws_handshake": ("live/test_websocket",),
    "schemas/catalog": ("api/test_catalog", "api/test_openapi"),
    "schemas/console": ("api/test_console_session", "api/test_console_stats"),
    "schemas/described": ("api/test_openapi", "schemas/test_asyncapi"),
    "schemas/keys": ("api/test_keys", "api/test_openapi"),
    "schemas/loading": ("schemas/test_publish", "schemas/test_inbox"),
    "schemas/passes": ("api/test_passes", "api/test_openapi"),
    "schemas/stream": ("live/test_sse", "api/test_openapi"),
    "schemas/topics": ("api/test_openapi",),
    "schemas/traces": ("api/test_notifications_trace",),
    "serving/running": ("test_serving", "test_reloading"),
    "serving/signals": ("test_reloading", "test_serving"),
    "testing/recorded": ("testing/test_recorder",),
    "testing/wording": ("testing/test_recorder",),
}


def _names() -> Iterator[str]:
    for path in SOURCES:
        if path.stem not in ("__init__", "__main__"):
            yield path.relative_to(PACKAGE).with_suffix("").as_posix()


NAMES: Final = tuple(_names())

# Where tests are named after what they show, end to end.
FREE: Final = ("functional", "engine", "releases")


def place_of(name: str) -> Path:
    """Where the tests of a module stand."""
    return TESTS / "engine" if name.startswith("engine/") else (TESTS / name).parent


def own_tests(name: str) -> list[Path]:
    """The test modules that are named after a module."""
    place, stem = place_of(name), Path(name).name
    return [*place.glob(f"test_{stem}.py"), *place.glob(f"test_{stem}_*.py")]


def test_modules_have_their_tests() -> None:
    """A module has tests of its name in the mirrored place, or is in the list that says which are its tests."""
    untested = [
        f"write {place_of(name).relative_to(ROOT)}/test_{Path(name).name}.py"
        for name in NAMES
        if not {name, Path(name).parent.as_posix()} & ELSEWHERE.keys() and not own_tests(name)
    ]
    assert untested == []


def test_list_is_needed_and_true() -> None:
    """What is in the list is there and has no tests of its own name, and the tests that it names are there."""
    without = [name for name in NAMES if not own_tests(name)]
    needed = {*without, *(Path(name).parent.as_posix() for name in without)}
    assert ELSEWHERE.keys() - needed == set(), "no modules without tests of their own"
    named = [each for tests in ELSEWHERE.values() for each in tests]
    assert [each for each in named if not (TESTS / each).with_suffix(".py").is_file()] == []


def test_tests_stand_where_their_module_does() -> None:
    """A test module that has a module's name stands in that one's place; tests over the wire are named freely."""
    by_stem: dict[str, set[Path]] = {}
    for name in NAMES:
        by_stem.setdefault(Path(name).name, set()).add(place_of(name))
    for path in TESTS.rglob("test_*.py"):
        places = by_stem.get(path.stem.removeprefix("test_"))
        assert places is None or path.parent in places or path.parent.name in FREE, path.relative_to(ROOT)
