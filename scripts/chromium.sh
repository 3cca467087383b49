#!/bin/sh
# Prints the path of a Chromium or Chrome for the console's tests; where there is none, installs one and says so.
#
# Tried in this order: SIO_TEST_BROWSER in the environment; what is on PATH; Playwright's own download; the distribution's package,
# as root or by sudo.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_one() {
    if [ -n "${SIO_TEST_BROWSER:-}" ]; then
        printf '%s\n' "$SIO_TEST_BROWSER"
        return
    fi
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        if command -v "$name" 2>/dev/null; then
            return
        fi
    done
    for path in "${HOME:-/nonexistent}"/.cache/ms-playwright/chromium-*/chrome-linux*/chrome; do
        if [ -x "$path" ]; then
            printf '%s\n' "$path"
            return
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

find_one && exit
say "No Chromium was found: installing one (Playwright's download)"
scripts/web.sh npm exec --no -- playwright install chromium >&2 2>/dev/null || true
find_one && exit
if command -v apt-get >/dev/null; then
    say "That did not work: installing the package chromium"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >&2 || true
fi
find_one && exit
say "error: the console's tests need Chromium or Chrome: install one (sudo apt-get install chromium), or name it: SIO_TEST_BROWSER=/path make test"
exit 1
