#!/bin/sh
# Installs what web/ needs and builds it: the console into sio_server/static/console/, and nothing anywhere else.
#
#     scripts/web.sh build           the console, if its sources have changed since it was built
#     scripts/web.sh check           format, lint, dead code, types, the kit's size and gallery, its types against the server's
#     scripts/web.sh test [ARGS]     the tests without a browser (Vitest), against a server of this checkout
#     scripts/web.sh e2e [ARGS]      the tests in a browser (Playwright) of kit, console and example, against a server of this checkout
#     scripts/web.sh ready           what both need and only one at a time may make, so that they can run beside each other
#     scripts/web.sh example         the pages of examples/tourism, if their sources have changed since they were built
#     scripts/web.sh npm ARGS        npm in web/, with the Node that the rest is run with
#
# The system's Node is used if it is new enough and comes with npm, else the one that requirements/node.txt puts into
# .venv/; that one needs `scripts/setup.sh run` before it.
set -eu
cd "$(dirname "$0")/.."
umask 022

VENV=.venv
WEB=web
MODULES=$WEB/node_modules
OUT=sio_server/static/console
EXAMPLE=examples/tourism/web

. scripts/node.sh

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 1
}

# No package runs a script of its own on install.
in_web() { (cd "$WEB" && npm --loglevel=error --ignore-scripts "$@"); }

# A stamp is renamed into place when all is done, so that an interrupted install or build leaves none.
install() {
    find_node
    locked=$("$node" --version && cat "$WEB/package-lock.json")
    if [ -e "$MODULES/.stamp" ] && printf '%s\n' "$locked" | cmp -s - "$MODULES/.stamp"; then
        return
    fi
    cache_npm_in "$MODULES.cache"
    say "Installing $WEB/package-lock.json with Node $("$node" --version)"
    in_web ci --no-progress >&2
    printf '%s\n' "$locked" >"$MODULES/.stamp.new"
    mv -f "$MODULES/.stamp.new" "$MODULES/.stamp"
}

# Of everything that the built console is made of; a checksum by POSIX's own means.
sources() {
    find "$WEB/hooks/src" "$WEB/console/src" "$WEB/console/public" "$WEB/console/index.html" "$WEB/console/vite.config.ts" \
        "$WEB/console/mantineStyles.ts" \
        "$WEB/hooks/package.json" "$WEB/console/package.json" "$WEB/package-lock.json" -type f |
        LC_ALL=C sort | xargs cksum | cksum
}

# The example is no workspace, so that it can be copied; here it is built with what is installed for them.
link_example() { ln -sfn "../../../$WEB/node_modules" "$EXAMPLE/node_modules"; }

example() {
    stamp=$EXAMPLE/dist/.stamp
    wanted=$(find "$WEB/hooks/src" "$WEB/package-lock.json" "$EXAMPLE/src" "$EXAMPLE/index.html" "$EXAMPLE/vite.config.ts" -type f |
        LC_ALL=C sort | xargs cksum | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    install
    say "Building the pages of the example"
    link_example
    in_web run build -w hooks --silent >&2
    (cd "$EXAMPLE" && PATH="$(cd "../../../$WEB" && pwd -P)/node_modules/.bin:$PATH" &&
        tsc -p . && vite build --logLevel error) >&2
    printf '%s\n' "$wanted" >"$stamp"
}

build() {
    stamp=$WEB/.stamp-console
    wanted=$(sources)
    if [ -f "$OUT/index.html" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    install
    say "Building the console"
    rm -f "$stamp"
    in_web run build -w console --silent -- --logLevel error >&2
    printf '%s\n' "$wanted" >"$stamp"
}

# Where the kit's scripts and tests find the server of this checkout.
with_server() {
    if [ -x "$VENV/bin/python" ]; then
        SIO_TEST_PYTHON=${SIO_TEST_PYTHON:-$(pwd -P)/$VENV/bin/python}
        export SIO_TEST_PYTHON
    fi
}

# Playwright's own Chromium starts here; a download alone does not bring the libraries it needs.
starts() {
    (cd "$WEB/console" && "$node" --input-type=module \
        -e 'import { chromium } from "@playwright/test"; await (await chromium.launch()).close();') 2>/dev/null
}

has() { command -v "$1" >/dev/null; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

debian() {
    set -- env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
    as_root "$@" >/dev/null 2>&1 || { as_root apt-get update -qq >/dev/null && as_root "$@" >/dev/null; }
}

# What e2e/browser.ts finds on PATH, else Playwright's download, else Debian's packages: the browser, and its shell, in
# which pages cost half as much. For that one alone nobody is asked for a password: only root installs it.
find_browser() {
    [ -z "${SIO_TEST_BROWSER:-}" ] || return 0
    if has chromium || has chromium-browser || has google-chrome-stable || has google-chrome || has chrome; then
        if [ -n "${CI:-}" ] && [ "$(id -u)" -eq 0 ] && has apt-get && ! has chromium-headless-shell; then
            debian chromium-headless-shell || say "No chromium-headless-shell to be had: the tests take longer."
        fi
        return
    fi
    if starts; then return; fi
    say "No Chromium or Chrome was found: downloading Playwright's"
    in_web exec -w console -- playwright install chromium >&2 || say "That failed."
    if starts; then return; fi
    say "It does not start here: installing the system's packages (chromium, chromium-headless-shell)"
    debian chromium chromium-headless-shell || debian chromium ||
        fail "no browser for the tests: install Chromium or Chrome, or name one: SIO_TEST_BROWSER=/path/to/chrome"
}

command=${1:-build}
[ $# -eq 0 ] || shift
case $command in
build) build ;;
check)
    install
    with_server
    in_web run --silent format:check
    in_web run --silent lint
    in_web run --silent unused
    (cd "$WEB" && "$node" scripts/tidy-lock.js --check)
    link_example
    in_web run --silent build -w hooks
    in_web run --silent types
    in_web run --silent size -w hooks
    in_web run --silent gallery:build -w hooks
    in_web run --silent generate -- --check
    ;;
test)
    install
    with_server
    in_web run --silent build -w hooks
    in_web run --silent test -w hooks -- "$@"
    in_web run --silent test -w console -- "$@"
    ;;
ready)
    build
    example
    install
    find_browser
    ;;
e2e)
    build
    example
    install
    with_server
    find_browser
    in_web run --silent e2e -- "$@"
    ;;
example) example ;;
npm)
    install
    with_server
    in_web "$@"
    ;;
*) fail "no such command: $command" ;;
esac
