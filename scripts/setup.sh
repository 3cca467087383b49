#!/bin/sh
# Puts what a make target needs into .venv/ and tests/node/node_modules/, and nothing anywhere else.
#
#     scripts/setup.sh [run] [dev] [bench] [lock] [node] [node-wheel] [proxies]
#
# Each word is one step; `run` (which makes the environment) comes before any other. A step that was done for the
# same lock file is skipped: its stamp is a copy of what it was done for, written last, so that an interrupted
# install leaves none. As pip takes a package that it wrote by half for installed, such an environment is made anew.
#
# PYTHON=/path/to/python  the Python to build the environment with (default: the newest found on PATH)
set -eu
cd "$(dirname "$0")/.."
umask 022

VENV=.venv
NODE_DIR=tests/node
MODULES=$NODE_DIR/node_modules
PROXIES=$VENV/proxies
OLDEST_PYTHON=3.11 # `requires-python` in pyproject.toml

. scripts/node.sh

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 1
}

# done_for STAMP WORDS FILE...: was this step finished for these words and these files' contents?
done_for() {
    stamp=$1 words=$2
    shift 2
    { printf '%s\n' "$words" && cat "$@"; } 2>/dev/null | cmp -s - "$stamp"
}

# mark STAMP WORDS FILE...: it is now; renamed into place, so that a stamp is whole or absent.
mark() {
    stamp=$1 words=$2
    shift 2
    { printf '%s\n' "$words" && cat /dev/null "$@"; } >"$stamp.new"
    mv -f "$stamp.new" "$stamp"
}

new_enough() {
    "$1" -c "import sys; raise SystemExit(sys.version_info < (${OLDEST_PYTHON%.*}, ${OLDEST_PYTHON#*.}))" 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not Python $OLDEST_PYTHON or newer"
        printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    fail "Python $OLDEST_PYTHON or newer is needed and none was found: install one, or name it: make PYTHON=/path/to/python"
}

# Debian and Ubuntu keep the part of Python that makes environments in a package of its own.
install_ensurepip() {
    package=python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
    command -v apt-get >/dev/null ||
        fail "this Python cannot make an environment (it lacks ensurepip): install your system's package for Python's venv"
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif command -v sudo >/dev/null; then
        sudo=sudo
    else
        fail "this Python cannot make an environment: as root, run: apt-get install $package"
    fi
    say "This Python cannot make an environment yet: installing the system's package $package (${sudo:+sudo }apt-get install $package)"
    install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $package"
    $install >/dev/null 2>&1 || { $sudo apt-get update -qq >/dev/null && $install >/dev/null; } ||
        fail "that failed; as root, run: apt-get update && apt-get install $package"
}

# Whether the environment is of the Python that was asked for, if one was.
as_asked() {
    which='import sys; print(sys.version, sys.base_prefix)'
    [ -z "${PYTHON:-}" ] || [ "$("$VENV/bin/python" -c "$which")" = "$("$PYTHON" -c "$which" 2>/dev/null)" ]
}

# The scripts in an environment name its place, so one that was moved or copied, or whose Python went, is made anew.
make_venv() {
    if [ ! -e "$VENV/.unfinished" ] && done_for "$VENV/.stamp-venv" "$(pwd -P)" &&
        "$VENV/bin/python" -c '' 2>/dev/null && as_asked; then
        return
    fi
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_ensurepip "$python"
    say "Making $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV"
    mark "$VENV/.stamp-venv" "$(pwd -P)"
}

# The locks are whole, so pip resolves nothing; what comes without a wheel is built by the setuptools of the lock.
pip_install() {
    : >"$VENV/.unfinished"
    "$VENV/bin/python" -m pip --disable-pip-version-check install --quiet --no-input --no-deps --no-build-isolation "$@"
    rm "$VENV/.unfinished"
}

# install_lock NAME: the packages of requirements/NAME.txt, each one's file checked against its hash.
install_lock() {
    lock=requirements/$1.txt
    if done_for "$VENV/.stamp-$1" '' "$lock"; then
        return
    fi
    say "Installing $lock ($(grep -c '==' "$lock") packages)"
    rm -f "$VENV/.stamp-$1"
    pip_install --require-hashes --use-pep517 --requirement "$lock"
    mark "$VENV/.stamp-$1" '' "$lock"
}

# Both distributions are of this tree: the client's, and the server's, which requires it.
# shellcheck disable=SC2086 # a list of files
install_project() {
    project="pyproject.toml setup.py client/pyproject.toml client/parts.py client/setup.py sio_server/__init__.py"
    if done_for "$VENV/.stamp-project" '' $project; then
        return
    fi
    rm -f "$VENV/.stamp-project"
    pip_install --editable . --editable client
    mark "$VENV/.stamp-project" '' $project
}

setup_node() {
    find_node
    words="$node $("$node" --version)"
    if done_for "$MODULES/.stamp" "$words" "$NODE_DIR/package-lock.json"; then
        return
    fi
    cache_npm_in "$VENV/npm-cache"
    say "Installing $NODE_DIR/package-lock.json with Node $("$node" --version)"
    (cd "$NODE_DIR" && npm ci --no-progress --loglevel=error >&2)
    mark "$MODULES/.stamp" "$words" "$NODE_DIR/package-lock.json"
}

# The proxies of deploy/ that come from no registry of Python's: the system's own where it has them, else Debian's
# packages, unpacked and not installed, which needs no password and changes nothing of the machine. A machine that can
# have neither tries the other proxies.
setup_proxies() {
    for name in nginx haproxy; do
        PATH="$PATH:/usr/sbin:/usr/local/sbin:$PWD/$PROXIES/usr/sbin" command -v "$name" >/dev/null || unpack "$name" ||
            say "There is no $name here, and none could be had: its tests are left out."
    done
}

# unpack NAME: a package of Debian's, with the libraries of its that the system has not.
# shellcheck disable=SC2086 # lists of names
unpack() (
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit 1
    [ -n "$(apt-cache policy "$1" 2>/dev/null)" ] || [ "$(id -u)" -ne 0 ] || apt-get update -qq >/dev/null 2>&1
    needed=$1 # and what that needs, and so on
    for _ in 1 2 3; do
        needed="$needed $(apt-cache depends $needed 2>/dev/null | sed -n 's/^  Depends: \(lib[a-z0-9.+-]*\)$/\1/p')"
    done
    missing=
    for library in $(printf '%s\n' $needed | grep '^lib' | sort -u); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$library" 2>/dev/null)" = installed ] || missing="$missing $library"
    done
    say "Unpacking Debian's $1 into $PROXIES"
    rm -rf "$PROXIES/packages"
    mkdir -p "$PROXIES/packages" && cd "$PROXIES/packages" || exit 1
    apt-get download -qq "$1" $missing >/dev/null 2>&1 || exit 1
    for package in *.deb; do dpkg -x "$package" .. || exit 1; done
    cd .. && rm -rf packages
)

for step in "$@"; do
    case $step in
    run) # one after the other and not with `&&`, under which `set -e` would not hold in them
        make_venv
        install_lock run
        install_project
        ;;
    dev | bench | lock) install_lock "$step" ;;
    node-wheel) install_lock node ;;
    node) setup_node ;;
    proxies) setup_proxies ;;
    *) fail "no such step: $step" ;;
    esac
done
