"""The file of keys: the owner's alone, whole at every moment, edited by one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sio_server.auth import KeyFile, StoredKey
from sio_server.config import KEY_FILE
from sio_server.errors import ConfigError
from tests.support.keys import add, made, write
from tests.support.servers import ROOT


def refusal(file: KeyFile) -> str:
    """How the file is refused: in one line that names it."""
    with pytest.raises(ConfigError) as caught:
        file.read()
    assert str(file.path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_file_is_no_keys(tmp_path: Path) -> None:
    """A data directory that is not there yet, or has no keys, is no error; the first edit makes both."""
    file = KeyFile(tmp_path / "new" / "data")
    assert file.read() == ()
    assert file.mark() is None
    add(tmp_path / "new" / "data")
    assert [key.name for key in file.read()] == ["reservas"]
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


def test_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody else reads or writes what is made, and nothing is left beside it."""
    before = os.umask(0)
    try:
        file = write(tmp_path, made()[0])
        write(tmp_path, made()[0], made("b")[0])
    finally:
        os.umask(before)
    assert {path.name for path in tmp_path.iterdir()} == {KEY_FILE, "keys.lock"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(file.read()) == 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666, 0o777], ids=oct)
def test_file_that_others_may_use_is_refused(mode: int, tmp_path: Path) -> None:
    """A file that others may read or write is refused with the mend: whoever writes it gives themselves a key."""
    file = write(tmp_path, made()[0])
    file.path.chmod(mode)
    assert f"chmod 600 {file.path}" in refusal(file)
    with pytest.raises(ConfigError):
        file.edit(lambda known: known)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b'{"version":1}', b"\xff\xfe", b'{"version":1,"keys":[{}]}', b"[" * 100_000],
    ids=["empty", "cut", "null", "half", "bytes", "hollow", "deep"],
)
def test_damaged_file_is_refused_and_not_overwritten(content: bytes, tmp_path: Path) -> None:
    """What cannot be read is told, and no edit makes an empty file of it."""
    file = write(tmp_path, made()[0])
    file.path.write_bytes(content)
    assert "restore a copy" in refusal(file)
    with pytest.raises(ConfigError):
        file.edit(lambda known: known)
    assert file.path.read_bytes() == content


def test_file_without_an_end_is_refused(tmp_path: Path) -> None:
    """A huge file is not read into memory."""
    file = write(tmp_path, made()[0])
    os.truncate(file.path, 10**10)
    assert "larger than" in refusal(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A directory of that name is told."""
    (tmp_path / KEY_FILE).mkdir(mode=0o700)
    assert "cannot be read" in refusal(KeyFile(tmp_path))


def test_edit_that_fails_changes_nothing(tmp_path: Path) -> None:
    """Where the change raises, the file is what it was, and the next edit is not kept waiting."""
    file = write(tmp_path, made()[0])
    before = file.path.read_bytes()

    def fail(_: tuple[StoredKey, ...]) -> Sequence[StoredKey]:
        raise ConfigError("no")

    with pytest.raises(ConfigError, match="no"):
        file.edit(fail)
    assert file.path.read_bytes() == before
    add(tmp_path, "b")
    assert len(file.read()) == 2


def test_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without space leaves the keys of before whole, and no half of the new ones."""
    file = write(tmp_path, made()[0])
    before = file.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="cannot be written: No space left"):
        file.edit(lambda known: known)
    assert file.path.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {KEY_FILE, "keys.lock"}


def test_leftover_of_a_kill_is_in_nobodys_way(tmp_path: Path) -> None:
    """What an edit left behind that was killed half way does not keep the next one from writing."""
    file = write(tmp_path, made()[0])
    (tmp_path / f"{KEY_FILE}.{os.getpid()}.new").write_bytes(b"half")
    add(tmp_path, "b")
    assert len(file.read()) == 2


_ADD = """
import sys
from pathlib import Path
from tests.support.keys import add
for number in range(10):
    add(Path(sys.argv[1]), f"{sys.argv[2]}{number}")
"""


def test_several_who_edit_lose_nothing(tmp_path: Path) -> None:
    """Programs that add keys at the same time add all of them, and whoever reads meanwhile finds a whole file."""
    file = KeyFile(tmp_path)
    programs = [
        subprocess.Popen([sys.executable, "-c", _ADD, str(tmp_path), name], cwd=ROOT) for name in ("a", "b", "c")
    ]
    seen = 0
    while any(program.poll() is None for program in programs):
        found = len(file.read())
        assert found >= seen
        seen = found
    assert [program.wait() for program in programs] == [0, 0, 0]
    assert len(file.read()) == 30


def test_use_is_kept_and_is_nothing_where_it_is_damaged(tmp_path: Path) -> None:
    """When keys were used is read back; what cannot be read is no reason to fail."""
    file = write(tmp_path, made()[0])
    assert file.read_use() == {}
    file.write_use({"ab": 5.0})
    assert KeyFile(tmp_path).read_use() == {"ab": 5.0}
    for content in (b"[1]", b"{", b'{"a":"x"}', b'{"a":null}'):
        (tmp_path / "keys-used.json").write_bytes(content)
        assert file.read_use() == {}
