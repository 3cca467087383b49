"""The header ``Authorization``, as every transport reads it."""

import pytest

from sio_server.auth.bearer import bearer_of


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
    ],
)
def test_credential_is_what_follows_bearer(header: str | None, credential: str | None) -> None:
    """The scheme is read without regard to case, and any other scheme is no credential."""
    assert bearer_of(header) == credential
