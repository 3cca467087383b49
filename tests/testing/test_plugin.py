"""The pytest plugin, in runs of pytest of their own."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import pytest

from tests.support.documents import Document
from tests.support.servers import ROOT

PLUGIN = "sio_server.testing.plugin"

BACKEND = """
    from sio_server.client import enviar_notificacion, notificar_reserva_creada

    def book(personas=2):
        notificar_reserva_creada(usuario_id="ana", tour_nombre="Colca", personas=personas)

    def misspell():
        enviar_notificacion("reserva_creadas")
"""

SYNC = """
    import pytest
    from backend import book, misspell

    @pytest.mark.parametrize("personas", [1, 2, 3])
    def test_told(notifications, personas):
        book(personas)
        assert len(notifications) == 1
        notifications.assert_notified("ana", "reserva_creada", personas=personas)

    def test_not_told(notifications):
        notifications.assert_none()

    def test_wrong(notifications):
        book()
        notifications.assert_notified("ana", "reserva_creada", personas=7)

    def test_misspelt(notifications):
        misspell()

    def test_misspelt_and_meant(notifications):
        misspell()
        assert [one.code for one in notifications.refused] == ["unknown_type"]
"""

ASYNC = """
    from backend import book

    async def test_told(notifications):
        book()
        notifications.assert_notified("ana", "reserva_creada")
"""

AUTO = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")

ANYIO = """
    import pytest
    from backend import book

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.anyio
    async def test_told(notifications):
        book()
        notifications.assert_notified("ana", "reserva_creada")
"""


@pytest.fixture
def outer(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory with a backend, where pytest loads nothing but what a test names."""
    pytester.makepyfile(backend=BACKEND)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def run(outer: pytest.Pytester, *arguments: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
    """Run pytest as its user does, with these plugins and ours and no other."""
    named = [word for plugin in (PLUGIN, *plugins) for word in ("-p", plugin)]
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *named, *arguments)
    return outer.run("env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", "SIO_SERVER_URL=http://127.0.0.1:9", *command)


def test_each_test_has_a_recorder_of_its_own(outer: pytest.Pytester) -> None:
    """Alone with pytest: what a test publishes is its own, failures say what was there, and mistakes fail a test."""
    outer.makepyfile(SYNC)
    result = run(outer)
    result.assert_outcomes(passed=6, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*Nobody published reserva_creada for user 'ana' with personas=7.",
            "*reserva_creada to role admin, user ana: *personas is 2, not 7",
        ]
    )
    result.stdout.fnmatch_lines(["*unknown_type: Unknown event type 'reserva_creadas'. Did you mean 'reserva_creada'?"])


@pytest.mark.parametrize(
    ("module", "plugins", "arguments"),
    [
        (ASYNC, ("pytest_asyncio.plugin",), AUTO),
        (ASYNC, ("pytest_asyncio.plugin", "pytest_aiohttp.plugin"), AUTO),
        (ANYIO, ("anyio.pytest_plugin",), ()),
        (ASYNC, ("pytest_asyncio.plugin", "xdist.plugin"), (*AUTO, "-n", "2")),
    ],
    ids=["asyncio", "aiohttp", "anyio", "xdist"],
)
def test_it_works_beside_other_plugins(
    outer: pytest.Pytester, module: str, plugins: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Coroutines are recorded whichever plugin runs them, and in the workers of xdist."""
    outer.makepyfile(module)
    run(outer, *arguments, plugins=plugins).assert_outcomes(passed=1)


def test_a_run_that_uses_no_fixture_imports_nothing(outer: pytest.Pytester) -> None:
    """Where no test asks for a fixture, neither the client nor its libraries are imported."""
    outer.makepyfile(
        """
        import sys

        def test_nothing_is_there():
            assert "sio_server.testing.plugin" in sys.modules
            loaded = {"httpx", "orjson", "marshmallow", "sio_server.client", "sio_server.testing.recorder"}
            assert loaded.isdisjoint(sys.modules)
        """
    )
    run(outer).assert_outcomes(passed=1)


SERVER = """
    import httpx, pytest
    from sio_server.client import NotifyClient, NotifyUnavailable, SyncNotifyClient
    from backend import book

    def test_a_booking_arrives(sio_server):
        book()
        assert sio_server.wait_for("ana", "reserva_creada", personas=2)["message"] == "Reserva de Colca creada"
        assert len(sio_server.published()) == 1

    def test_each_test_has_an_empty_log(sio_server):
        assert sio_server.published() == []
        with SyncNotifyClient() as client:
            assert client.publish("test").seq == 1

    @pytest.mark.sio_server(locale="en")
    async def test_in_english(sio_server):
        async with NotifyClient() as client:
            await client.notificar_reserva_creada(usuario_id="ana", tour_nombre="Colca")
        assert sio_server.inbox("ana")[0]["message"] == "Booking of Colca created"

    def test_away_and_back(sio_server):
        with sio_server.down():
            book()
            with SyncNotifyClient(timeout=0.2) as client, pytest.raises(NotifyUnavailable):
                client.publish("test")
        sio_server.wait_for("ana", "reserva_creada")
"""


def test_a_real_server(outer: pytest.Pytester) -> None:
    """The backend publishes to a server that runs, by functions and clients, whose log is empty for each test."""
    outer.makepyfile(SERVER)
    run(outer, "--strict-markers", *AUTO, plugins=("pytest_asyncio.plugin",)).assert_outcomes(passed=4)


def test_pytest_finds_it_by_itself() -> None:
    """The client's distribution names the plugin to pytest, as the module that ``-p`` would name."""
    assert [found.value for found in entry_points(group="pytest11", name=PLUGIN)] == [PLUGIN]


def test_the_page_runs(outer: pytest.Pytester) -> None:
    """Each block of Python of docs/testing.md passes as it stands."""
    blocks = [text for language, text in Document.read(ROOT / "docs/testing.md").fences if language == "python"]
    outer.makepyfile(**{f"test_{number}": block for number, block in enumerate(blocks)})
    # Starlette's client for tests warns of libraries that it stands on, which is not ours to mend.
    run(outer, "-W", "default").assert_outcomes(passed=sum(block.count("def test_") for block in blocks))
