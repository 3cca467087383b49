#!/bin/sh
# Says `--dev` where nothing configures secrets, and nothing where something does: `make run` and `make dev` start in
# development mode on a fresh checkout, and as what the settings say once there are any.
#
#     scripts/mode.sh [ARGS of `sio-server serve`]
#
# Settings are looked for in the environment, in .env, and in the arguments; a settings file decides for itself.
set -eu
cd "$(dirname "$0")/.."

NAMES='SIO_SERVER_(JWT_SECRET(_PREVIOUS)?|JWKS_URL|PUBLISH_KEYS|CONFIG|DEV)(_FILE)?'

if env | grep -Eq "^$NAMES=."; then exit 0; fi
if [ -f .env ] && grep -Eq "^[[:space:]]*(export[[:space:]]+)?${NAMES}[[:space:]]*=[[:space:]]*[^[:space:]]" .env; then exit 0; fi
for argument; do
    case $argument in
        --config | --config=* | --jwks-url | --jwks-url=* | --dev) exit 0 ;;
    esac
done
echo --dev
