#!/bin/sh
# From nothing to the first event over TLS, with Python and the files of a release alone; says when each step was done.
#
#     scripts/first-event.sh [DIST]     the directory with the files (default: dist)
#
# PYTHON names the Python to begin with. Everything is made in a directory of its own and gone afterwards. The commands
# are those of docs/install.md and of what `sio-server init` prints; the certificate is one that signs itself, and what
# publishes is Python's own library, which takes it from SSL_CERT_FILE.
set -eu

dist=$(cd "${1:-dist}" && pwd)
place=$(mktemp -d)
server='' listener=''
leave() {
    for process in $server $listener; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$place"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM
cd "$place"

# Read by Python, which there is: `date` knows parts of a second on Linux alone.
python=$(command -v "${PYTHON:-python3}")
now() { "$python" -c 'import time; print(time.monotonic())'; }
began=$(now)
step() { "$python" -c 'import sys; a, b, what = sys.argv[1:]; print(f"{float(b) - float(a):6.1f} s  {what}")' "$began" "$(now)" "$1"; }
fail() {
    printf 'error: %s\n' "$1" >&2
    cat "$2" >&2
    exit 1
}

# until_there PROCESS FILE COMMAND...: wait until a command succeeds, as long as a process lives.
until_there() {
    process=$1 file=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        kill -0 "$process" 2>/dev/null || fail "it ended before it was there" "$file"
        sleep 0.1
    done
}

"$python" -m venv sio-server
# shellcheck source=/dev/null
. sio-server/bin/activate
# The wheel with the part in C is for one kind of machine, the other one for all.
wheel=none-any
if [ "$(uname -sm)" = "Linux x86_64" ] && getconf GNU_LIBC_VERSION >/dev/null 2>&1; then wheel=manylinux; fi
pip install --quiet --disable-pip-version-check "$dist"/sio_server_client-*.whl "$dist"/sio_server-*"$wheel"*.whl
step "installed"

sio-server init avisos --origin https://app.example.org >/dev/null
python - <<'END'
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sio-server")])
now = datetime.now(UTC)
certificate = (
    x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=90))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(key, hashes.SHA256())
)
form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
Path("key.pem").touch(0o600)
Path("key.pem").write_bytes(key.private_bytes(*form))
Path("cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
END
step "set up"

port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
SIO_SERVER_URL=https://127.0.0.1:$port
SSL_CERT_FILE=$place/cert.pem
export SIO_SERVER_URL SSL_CERT_FILE
sio-server serve --config avisos/sio-server.toml --port "$port" --tls-cert cert.pem --tls-key key.pem >serve.log 2>&1 &
server=$!
until_there $server serve.log python -c "import urllib.request as r; r.urlopen('$SIO_SERVER_URL/health/ready')"
step "serving on TLS"

SIO_SERVER_TOKEN="$(sio-server token --user 1 --role admin --config avisos/sio-server.toml)" \
    PYTHONUNBUFFERED=1 sio-server listen --lang en >listen.log 2>&1 &
listener=$!
until_there $listener listen.log grep -q "connected to" listen.log
KEY=$(cat avisos/secrets/backend.key) python - <<'END' >send.log 2>&1 || fail "it was not published" send.log
import os
from urllib.request import Request, urlopen

body = b'{"type":"test","message":"Hola mundo"}'
urlopen(Request(os.environ["SIO_SERVER_URL"] + "/notify", body, {"Authorization": f"Bearer {os.environ['KEY']}"}))
END
until_there $listener listen.log grep -q "Hola mundo" listen.log
step "first event"
