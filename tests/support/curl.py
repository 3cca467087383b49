"""Commands of the documents that begin with ``curl``: by curl itself, or where there is none by this file.

It knows the few options that the documents use, and does with them what curl does.
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import socket
import sys
from typing import Final
from urllib.parse import urlsplit

_FOUND: Final = shutil.which("curl")

#: the words that a command has in place of ``curl``
CURL: Final[tuple[str, ...]] = (_FOUND,) if _FOUND else (sys.executable, __file__)


def main() -> int:
    """Ask as the command line says, print what comes as it comes, and return curl's own exit code."""
    parser = argparse.ArgumentParser()
    for letter, name in (("f", "fail"), ("s", "silent"), ("S", "show-error"), ("N", "no-buffer")):
        parser.add_argument(f"-{letter}", f"--{name}", action="store_true")
    parser.add_argument("-d", "--data")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("--unix-socket")
    parser.add_argument("url")
    options = parser.parse_args()
    parts = urlsplit(options.url)
    assert parts.scheme == "http"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    if options.unix_socket:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(options.unix_socket)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if options.data is not None else {}
    headers.update(tuple(line.split(": ", 1)) for line in options.header)
    method = options.request or ("GET" if options.data is None else "POST")
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    connection.request(method, path, options.data, headers)
    response = connection.getresponse()
    if options.fail and response.status >= http.client.BAD_REQUEST:
        sys.stderr.write(f"curl: (22) The requested URL returned error: {response.status}\n")
        return 22
    while part := response.read1(65_536):
        sys.stdout.buffer.write(part)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
