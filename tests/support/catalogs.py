"""Files of event types for tests."""

from pathlib import Path

from sio_server.catalog import Catalog

BUILTIN = Catalog.load()

# A type with everything that is required, to which an example adds what it is about.
TEXTS = 'title = {es = "Uno", en = "One"}\ndescription = {es = "Uno.", en = "One."}\n'
MINIMAL = f"[types.mine]\n{TEXTS}audience = {{all = true}}\n"


def load(tmp_path: Path, text: str) -> Catalog:
    """Load a user's file with this text."""
    file = tmp_path / "my.toml"
    file.write_text(text, "utf-8")
    return Catalog.load(file)


def following(tmp_path: Path, rules: str = '[topics."tour:*"]\nfollow = "anyone"\n') -> Path:
    """A file of the user's that says who may follow what."""
    file = tmp_path / "topics.toml"
    file.write_text(rules, "utf-8")
    return file
