"""Which files are the client's distribution, and which the server's: no file is in both, and none in neither.

``sio-server-client`` owns the package and what a backend imports of it; ``sio-server`` requires it and adds the rest.
So pip can install, renew and take away either of them, and touches no file of the other.
"""

from pathlib import Path
from typing import Any, Final

from setuptools import Distribution
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

PACKAGE: Final = Path(__file__).resolve().parent.parent / "sio_server"

# Files, and directories with all that is in them, below the package.
CLIENT: Final = (
    "__init__.py",
    "py.typed",
    "audience.py",
    "errors.py",
    "event_types.py",
    "translations.py",
    "client",
    "testing",
    "catalog/builtin.toml",
)


def is_clients(file: str) -> bool:
    """Whether a file of the package is the client's."""
    path = Path(file).resolve().relative_to(PACKAGE)
    return any(path.is_relative_to(place) for place in CLIENT)


class ServersFiles(build_py):
    """Puts into the server's wheel what is not the client's."""

    def find_package_modules(self, package: str, package_dir: Any) -> list[tuple[str, str, str]]:
        """Modules of a package, as setuptools asks for them."""
        return [found for found in super().find_package_modules(package, package_dir) if self.is_wanted(found[2])]

    def find_data_files(self, package: str, src_dir: str) -> list[str]:
        """Files of a package that are no modules, as setuptools asks for them."""
        return [file for file in super().find_data_files(package, src_dir) if self.is_wanted(file)]

    def is_wanted(self, file: str) -> bool:
        """Whether the wheel has this file."""
        return not is_clients(file)


class ClientsFiles(ServersFiles):
    """Puts into the client's wheel what is the client's."""

    def is_wanted(self, file: str) -> bool:
        """Whether the wheel has this file."""
        return is_clients(file)


class PlatformsPlace(Distribution):
    """Is installed where a part in C goes, whether it has one or not.

    Some systems have a directory of their own for such (``lib64``), and one package cannot lie in two directories.
    """

    def has_ext_modules(self) -> bool:
        """Whether it goes where parts in C go."""
        return True


class WheelForAll(bdist_wheel):
    """A wheel for every Python and machine."""

    def get_tag(self) -> tuple[str, str, str]:
        """Which Pythons and machines it is for."""
        return "py3", "none", "any"
