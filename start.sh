#!/bin/sh
# Starts the server: an installed `sio-server` where there is one, else this checkout's, once what it needs is there.
#
#     ./start.sh [ARGS of `sio-server serve`]
#
# It is in development mode where nothing configures secrets (scripts/mode.sh). Paths are relative to this directory.
set -eu
cd "$(dirname "$0")"

if command -v sio-server >/dev/null; then
    server=sio-server
else
    server=.venv/bin/sio-server
    make --no-print-directory setup-run
    make --no-print-directory web || echo "The console could not be built; / shows a plain page instead." >&2
fi
mode=$(scripts/mode.sh "$@")
exec "$server" serve ${mode:+"$mode"} "$@"
