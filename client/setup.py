"""Builds ``sio-server-client``; what it is made of is said in ``parts.py`` and ``pyproject.toml``."""

import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).resolve().parent))
from parts import ClientsDistribution, ClientsFiles, ClientsWheel

setup(distclass=ClientsDistribution, cmdclass={"build_py": ClientsFiles, "bdist_wheel": ClientsWheel})
