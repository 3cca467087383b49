"""Builds ``sio-server-client``; what it is made of is said in ``parts.py`` and ``pyproject.toml``."""

import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).resolve().parent))
from parts import ClientsFiles, PlatformsPlace, WheelForAll

setup(distclass=PlatformsPlace, cmdclass={"build_py": ClientsFiles, "bdist_wheel": WheelForAll})
