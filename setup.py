"""Builds ``sio-server`` without what is in ``sio-server-client``, which it requires; see ``pyproject.toml``.

With ``SIO_BUILD_PURE=1`` in the environment it is built without its part in C, for machines that have no wheel of
their own: the same version, with a tag that pip takes where it finds no better one.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

sys.path.insert(0, str(Path(__file__).resolve().parent / "client"))
from parts import PlatformsPlace, ServersFiles, WheelForAll

# Optional: without a compiler the server is built without it and works the same, a little slower.
IN_C = Extension(
    "sio_server.engine.transport._sendmany",
    ["sio_server/engine/transport/_sendmany.c"],
    optional=True,
    py_limited_api=True,
)

if os.environ.get("SIO_BUILD_PURE") == "1":
    setup(distclass=PlatformsPlace, cmdclass={"build_py": ServersFiles, "bdist_wheel": WheelForAll})
else:
    # The part in C keeps to the stable interface, so one wheel is for every Python from this one on.
    setup(ext_modules=[IN_C], cmdclass={"build_py": ServersFiles}, options={"bdist_wheel": {"py_limited_api": "cp311"}})
