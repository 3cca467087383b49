"""What is wrong with a token or a publisher key: as far as it can be seen here, and as the server says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sio_server.auth.claims import bare_token, no_jwt, token_part
from sio_server.auth.key_text import is_ours, is_whole
from sio_server.auth.tokens import ACCEPTED_ALGORITHMS, MAX_TOKEN_LENGTH, MILLISECONDS
from sio_server.cli.doctor.findings import Finding, fault, ok, skipped, warning
from sio_server.cli.doctor.site import Answer, Observer, Site, Unreachable
from sio_server.cli.keys import may, reaches

_OK: Final = 200

_UNTRUSTED: Final = "not sent: the certificate is not trusted, so anybody could be reading along"


async def examine_credentials(site: Site) -> tuple[list[Finding], Observer | None]:
    """What is found of the token and of the key; and what may observe, None where nothing here may."""
    found: list[Finding] = []
    observer = Observer(None, site.session["way"]) if "way" in site.session else None
    for check, credential, judge in (("token", site.question.token, _token), ("key", site.question.key, _key)):
        if credential is None:
            found.append(skipped(check, f"none was given (--{check})"))
            continue
        credential = bare_token(credential)  # noqa: PLW2901 - as the server takes it
        seen = _own_faults(check, credential)
        if not site.trusted:
            found.append(seen or skipped(check, _UNTRUSTED))
            continue
        try:
            answer = await site.ask("/v1/session", credential=credential)
        except (Unreachable, ValueError) as error:
            found.append(seen or fault(check, f"no answer to a request with it: {error}", "see the server's log"))
            continue
        found += [seen] if seen is not None and answer.status != _OK else judge(answer, credential)
        if answer.status != _OK:
            continue
        if check == "token":
            site.token = credential
        if "way" in answer.members:
            observer = observer or Observer(credential, answer.members["way"])
    return found, observer


def _own_faults(check: str, credential: str) -> Finding | None:
    """What can be seen without asking anybody."""
    if not credential.isascii() or not credential.isprintable():
        return fault(check, "it has characters that no header carries", "copy it once more, whole and alone")
    return _jwt_faults(credential) if check == "token" else _key_faults(credential)


# -- a token ----------------------------------------------------------------------------------------------------------


def _jwt_faults(token: str) -> Finding | None:
    if len(token) > MAX_TOKEN_LENGTH:
        text = f"it has {len(token)} characters, and more than {MAX_TOKEN_LENGTH} are not taken"
        return fault("token", text, "leave out claims that are not needed here")
    header, claims = token_part(token, 0), token_part(token, 1)
    if header is None or claims is None:
        return fault("token", str(no_jwt(token)), "give the token alone, as the backend signs it")
    algorithm = header.get("alg")
    if algorithm not in ACCEPTED_ALGORITHMS:
        text = f"it is signed with '{algorithm}', which is not accepted"
        return fault("token", text, f"sign it with one of {', '.join(ACCEPTED_ALGORITHMS)}")
    return _moments(claims)


def _moments(claims: Mapping[str, Any]) -> Finding | None:
    now, expires, begins = time.time(), claims.get("exp"), claims.get("nbf") or claims.get("iat")
    if expires is None:
        return fault("token", "it lacks 'exp'", "have the backend say when it ends, in seconds of Unix time")
    if isinstance(expires, int | float) and expires < now:
        at = datetime.fromtimestamp(max(expires, 0), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return fault("token", f"it has expired, at {at}", "get a new one; the kit asks for one by getToken")
    if isinstance(begins, int | float) and MILLISECONDS > begins > now + 1:
        text = f"it is not valid before {begins - now:.0f} s from now, by the clock here ('iat', 'nbf')"
        return fault("token", text, "set the clocks by NTP, or raise SIO_SERVER_TOKEN_LEEWAY a little")
    return None


def _token(answer: Answer, token: str) -> list[Finding]:
    if answer.status != _OK:
        return [_refused("token", answer, token)]
    members = answer.members
    if members.get("credential") is None:
        return [_lost("token")]
    if members.get("credential") == "development":
        return [warning("token", "the server is in development mode, and checks no token", "serve without --dev")]
    found = [warning("token", str(hint.get("detail")), "") for hint in members.get("warnings", ())]
    who, roles = members.get("user"), ", ".join(members.get("roles", ()))
    if roles:
        found.append(ok("token", f"it is taken: user '{who}', roles {roles}"))
    elif not found:
        mend = "put them into 'role', 'roles' or 'rol', or name their claim: SIO_SERVER_ROLES_CLAIM (docs/claims.md)"
        found.append(warning("token", f"it is taken, for user '{who}' without any role", mend))
    return found


def _refused(check: str, answer: Answer, credential: str) -> Finding:
    code, detail = answer.code, answer.detail
    if not code:
        return fault(check, f"what answers is no sio-server ({answer.who})", "see `server` and `authorization`")
    return fault(check, f"{code}: {detail}", _mend(code, detail, credential))


def _mend(code: str, detail: str, credential: str) -> str:
    """What to do about a refusal of a token or a key."""
    if code == "token_expired":
        return "get a new one; see `clock` where it should be good yet"
    if code == "token_revoked":
        return "log in anew: an operator has ended this user's tokens"
    if code == "keys_unavailable":
        return "see that the server reaches SIO_SERVER_JWKS_URL: sio-server check-config"
    if code == "unauthorized" and "Nothing verifies" in detail:
        return "SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL"
    if code == "unauthorized":
        return "give the key as `sio-server keys add` printed it, made in the data directory of this very server"
    if "signature" in detail:
        algorithm = (token_part(credential, 0) or {}).get("alg")
        if algorithm == "HS256":
            return "the backend signs with another secret: SIO_SERVER_JWT_SECRET has to be the very same text"
        return "the token's issuer has other keys than SIO_SERVER_JWKS_URL: compare its 'iss' with that address"
    if "algorithm" in detail:
        return "HS256 needs SIO_SERVER_JWT_SECRET, RS256, ES256 and EdDSA need SIO_SERVER_JWKS_URL"
    claims = {"aud": "SIO_SERVER_TOKEN_AUDIENCE", "iss": "SIO_SERVER_TOKEN_ISSUER", "sub": "SIO_SERVER_USER_CLAIM"}
    return next(
        (f"compare it with {name}" for claim, name in claims.items() if f"'{claim}'" in detail), "see docs/claims.md"
    )


def _lost(check: str) -> Finding:
    text = "the header Authorization does not come to the server"
    return fault(check, text, "have the proxy pass it on; Apache with CGI and some balancers take it away")


# -- a key ------------------------------------------------------------------------------------------------------------


def _key_faults(key: str) -> Finding | None:
    if is_ours(key) and not is_whole(key):
        return fault("key", "it was cut off or mistyped: its checksum is wrong", "copy it once more, whole")
    return None


def _key(answer: Answer, key: str) -> list[Finding]:
    if answer.status != _OK:
        return [_refused("key", answer, key)]
    members = answer.members
    if members.get("credential") is None:
        return [_lost("key")]
    if members.get("credential") == "development":
        return [warning("key", "the server is in development mode, and needs no key", "serve without --dev")]
    scope = members.get("scope", {})
    if not scope.get("publish"):
        mend = "publish with another one: sio-server keys add NAME"
        return [warning("key", f"it is taken, and may not publish, only {may(scope)}", mend)]
    return [ok("key", f"it is taken: {members.get('publisher')}, may {may(scope)}, to {reaches(scope)}")]
