"""The header ``Authorization: Bearer …`` (RFC 6750 §2.1), read in one way for every transport. Pure."""


def bearer_of(authorization: str | None) -> str | None:
    """The credential in the value of the header ``Authorization``; None where there is none, or another scheme."""
    scheme, _, credential = (authorization or "").partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None
