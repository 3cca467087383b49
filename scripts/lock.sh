#!/bin/sh
# Writes requirements/*.txt from pyproject.toml: for every platform, with hashes, and without the name of a registry.
#
#     scripts/lock.sh            keep each version that pyproject.toml still allows
#     scripts/lock.sh --upgrade  take the newest that it allows
#
# dev.txt is worked out first and bounds the others, so that a package has one version in all of them.
set -eu
cd "$(dirname "$0")/.."

# compile NAME ARGUMENT...: settings of this machine (a mirror, a folder of wheels) must not reach the lock.
compile() {
    name=$1
    shift
    for variable in $(env | sed -n 's/^\(UV_[A-Z_]*\)=.*/\1/p'); do
        unset "$variable"
    done
    .venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-package sio-server-client --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        --output-file "requirements/$name.txt" "$@"
}

compile dev pyproject.toml --group build --group dev "$@"
for group in bench lock node; do
    compile "$group" --group "$group" --constraints requirements/dev.txt "$@"
done
compile run pyproject.toml --group build --constraints requirements/dev.txt "$@"
