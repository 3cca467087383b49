"""Builds ``sio-server`` without what is in ``sio-server-client``, which it requires; see ``pyproject.toml``."""

import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).resolve().parent / "client"))
from parts import ServersFiles

setup(cmdclass={"build_py": ServersFiles})
