"""Whether an address leads to a server at all: its name, its port, its certificate, and who answers there."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from sio_server import __version__
from sio_server.cli.doctor.findings import Finding, fault, ok, warning
from sio_server.cli.doctor.site import Answer, Question, Site, Unreachable, why
from sio_server.config import is_loopback

# OpenSSL's numbers of what is wrong with a certificate (X509_V_ERR_*, openssl-verification-options(1)).
_NOT_YET: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = (18, 19)
_UNKNOWN_ISSUER: Final = (2, 20, 21)
_OTHER_NAME: Final = (62, 64)

# Days before the end of a certificate from which on it is told: it should have been renewed by then.
SOON: Final = 14

# Where a server is by default; looked at when nobody is at the port that was named.
_DEFAULT_PORT: Final = 8080

# Seconds that clocks may differ by: `token_leeway`, by which tokens are judged.
SKEW: Final = 30.0


class Lost(Exception):
    """There is nobody to ask further; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


async def find_address(question: Question) -> Finding:
    """Look the host up. Raises `Lost` with the finding where it leads nowhere."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(question.host, question.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Lost(
            fault(
                "dns",
                f"'{question.host}' leads to no address ({why(error)})",
                "look at its spelling, and at its record in the DNS from this machine: getent hosts " + question.host,
            )
        ) from error
    addresses = list(dict.fromkeys(entry[4][0] for entry in found))
    return ok("dns", f"{question.host} is {', '.join(map(str, addresses[:4]))}")


async def find_port(question: Question) -> Finding:
    """Open a connection. Raises `Lost` with the finding where nobody takes it."""
    where = f"{question.host} port {question.port}"
    try:
        async with asyncio.timeout(question.patience):
            _, writer = await asyncio.open_connection(question.host, question.port)
    except TimeoutError as error:
        mend = "a firewall on the way drops what is sent there, or the machine is off: open the port, or go by another"
        raise Lost(fault("port", f"{where}: no answer within {question.patience:g} s", mend)) from error
    except OSError as error:
        raise Lost(fault("port", f"{where}: {_os_words(error)}", await _where_else(question))) from error
    writer.close()
    return ok("port", f"{where} takes connections")


def _os_words(error: OSError) -> str:
    """What the system says; of several addresses that were tried, asyncio joins the words of each."""
    if error.errno is None:
        return "nobody listens there" if "refused" in str(error).lower() else str(error)
    return f"nobody listens there ({error.strerror})" if isinstance(error, ConnectionRefusedError) else why(error)


async def _where_else(question: Question) -> str:
    start = "start the server there (sio-server serve), have it listen on an address that is reached from here (--host)"
    if question.port != _DEFAULT_PORT:
        try:
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection(question.host, _DEFAULT_PORT)
        except (OSError, TimeoutError):
            pass
        else:
            writer.close()
            return f"somebody listens on port {_DEFAULT_PORT} of it: is that the server? Else {start}"
    return f"{start}, or name the port that it listens on"


# -- TLS --------------------------------------------------------------------------------------------------------------


def find_no_tls(question: Question) -> Finding | None:
    """What there is to say of an address without TLS: nothing where it is this machine's own."""
    if is_loopback(question.host):
        return None
    text = f"no TLS on the way to {question.host}: whoever is on it reads tokens and keys"
    return warning("tls", text, "call it by https: --tls-cert, or a proxy that ends TLS (docs/listening.md)")


async def find_certificate(question: Question) -> tuple[list[Finding], ssl.SSLContext, bool]:
    """Shake hands over TLS: what is found, what to connect by, and whether the certificate is good.

    Raises `Lost` with the finding where no TLS is spoken.
    """
    context = await asyncio.to_thread(_trusting, question)
    try:
        certificate = await _certificate(question, context)
    except ssl.SSLCertVerificationError as error:
        return [_distrusted(question, error)], _blind(), False
    except (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError) as error:
        reason = getattr(error, "reason", None) or why(error)
        raise Lost(
            fault(
                "tls",
                f"no TLS is spoken there ({reason})",
                f"call it as http://{question.address.netloc}, or have the server or a proxy end TLS on this port",
            )
        ) from error
    except (OSError, TimeoutError) as error:
        raise Lost(fault("tls", f"no handshake: {why(error)}", "see whether the proxy that ends TLS is up")) from error
    return [_good(certificate)], context, True


def _trusting(question: Question) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if question.authorities is not None:
        context.load_verify_locations(question.authorities)
    return context


def _blind() -> ssl.SSLContext:
    """A context that trusts everybody: to go on looking, with nothing secret."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _certificate(question: Question, context: ssl.SSLContext) -> dict[str, Any]:
    async with asyncio.timeout(question.patience):
        _, writer = await asyncio.open_connection(
            question.host, question.port, ssl=context, server_hostname=question.host
        )
    try:
        return writer.get_extra_info("peercert") or {}
    finally:
        writer.close()


def _distrusted(question: Question, error: ssl.SSLCertVerificationError) -> Finding:
    number, words = error.verify_code, error.verify_message
    if number == _EXPIRED:
        return fault("tls", "the certificate has expired", "renew it, and have whoever ends TLS read the new one")
    if number == _NOT_YET:
        mend = "set the clock of this machine, or of the one that made it: timedatectl"
        return fault("tls", "the certificate is not valid yet", mend)
    if number in _OTHER_NAME:
        mend = f"get one that names {question.host}, or call the server by a name that is in it"
        return fault("tls", f"the certificate is for another name ({words})", mend)
    if number in _SELF_SIGNED:
        mend = "get one of an authority that clients trust (Let's Encrypt), or give --ca FILE where it is your own"
        return fault("tls", "the certificate is signed by nobody that is trusted here (self-signed)", mend)
    if number in _UNKNOWN_ISSUER:
        mend = "serve the whole chain (fullchain.pem), or give --ca FILE where the authority is your own"
        return fault("tls", f"who signed the certificate is not known here ({words})", mend)
    return fault("tls", f"the certificate is not accepted ({words})", "get one of an authority that clients trust")


def _good(certificate: dict[str, Any]) -> Finding:
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = (ends - time.time()) / 86400
    until = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d")
    if days < SOON:
        return warning("tls", f"the certificate ends in {days:.0f} days, on {until}", "renew it, or see why nobody did")
    return ok("tls", f"the certificate is good until {until}")


# -- who answers ------------------------------------------------------------------------------------------------------


async def find_server(site: Site) -> AsyncIterator[Finding]:
    """Ask who is there, and keep what the server says of itself. Raises `Lost` where it is no sio-server."""
    question = site.question
    try:
        answer = await site.ask("/v1/session")
    except Unreachable as error:
        raise Lost(await _silent(question, error)) from error
    if answer.status != 200 or "server_time" not in answer.members:  # noqa: PLR2004 - OK
        raise Lost(await _stranger(site, answer))
    site.session, site.fronted = answer.members, answer.fronted
    mode = ", in development mode" if answer.members.get("development") else ""
    yield ok("server", f"sio-server {answer.members.get('version')} answers at {question.url}{mode}")
    yield _version(answer)
    for finding in _clock(answer):
        yield finding


async def _silent(question: Question, error: Unreachable) -> Finding:
    if not question.secure:
        try:
            await _certificate(question, _blind())
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        else:
            mend = f"call it as https://{question.address.netloc}"
            return fault("server", "TLS is spoken there, and this address says http", mend)
    mend = "see whether it is sio-server that listens there, and what its log says"
    return fault("server", f"{question.url} takes connections and does not answer: {error}", mend)


async def _stranger(site: Site, answer: Answer) -> Finding:
    """Who answers in the server's place, and what that tells."""
    question, code = site.question, answer.code
    if code == "host_not_allowed":
        mend = f"SIO_SERVER_ALLOWED_HOSTS={question.host}; a proxy has to pass the name on (Host)"
        return fault("server", answer.detail, mend)
    if code == "proxy_not_allowed":
        return fault("server", answer.detail, "serve without --dev, with secrets: sio-server init")
    if question.address.path.strip("/") and await _is_server_at_the_root(site):
        mend = f"call it without '{question.address.path}', or set SIO_SERVER_BASE_PATH, or have the proxy take it away"
        return fault("server", f"there is no sio-server below {question.address.path}, but one above it", mend)
    if code:
        return fault("server", f"{code}: {answer.detail}", "see what the server's log says")
    if answer.status in (301, 302, 303, 307, 308):
        return fault("server", f"redirects to {answer.headers.get('Location')}", "call it by that address")
    if answer.status in (502, 503, 504):
        mend = "start the server, and see that the proxy passes to the address that it prints"
        return fault("server", f"a proxy answers, and reaches no server behind it ({answer.who})", mend)
    if answer.status == 401:  # noqa: PLR2004 - Unauthorized
        mend = "let the proxy ask for no password of its own on the server's paths"
        return fault("server", f"a proxy asks for a password ({answer.who})", mend)
    if answer.status == 400 and "plain HTTP request was sent to HTTPS port" in answer.text:  # noqa: PLR2004
        mend = f"call it as https://{question.address.netloc}"
        return fault("server", "TLS is spoken there, and this address says http", mend)
    mend = "look at the address and the port; where a proxy serves it below a path, name that, too"
    return fault("server", f"what answers is no sio-server ({answer.who})", mend)


async def _is_server_at_the_root(site: Site) -> bool:
    root = f"{site.question.address.scheme}://{site.question.address.netloc}/v1/session"
    try:
        async with site.http.get(root, allow_redirects=False) as response:
            return response.status == 200 and "server_time" in await response.text()  # noqa: PLR2004 - OK
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False


def _version(answer: Answer) -> Finding:
    theirs = str(answer.members.get("version"))
    if theirs == __version__:
        return ok("version", f"it is the version of this program, {__version__}")
    return warning("version", f"it is {theirs}, and this program {__version__}", "install the same version for both")


def _clock(answer: Answer) -> list[Finding]:
    """The clock of the server, and that of whoever answers in front of it, against the one here."""
    told = {"server's": _moment(str(answer.members["server_time"])), "proxy's": _date(answer.headers.get("Date"))}
    apart = {whose: at - time.time() for whose, at in told.items() if at is not None}
    wrong = {whose: seconds for whose, seconds in apart.items() if abs(seconds) > SKEW}
    mend = "set the clocks by NTP (timedatectl set-ntp true): tokens are refused as expired, or as not valid yet"
    if wrong:
        text = "; ".join(
            f"the {whose} clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the one here"
            for whose, seconds in wrong.items()
        )
        return [fault("clock", text, mend)]
    return [ok("clock", "its clock agrees with the one here")]


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
