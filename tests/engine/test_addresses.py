"""Addresses as values: spelt however they are, one peer is one peer."""

import pytest

from sio_server.engine.eio.addresses import AddressGroups, TrustedProxies, canonical, is_loopback


@pytest.mark.parametrize(
    ("spelt", "one"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:0201", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        (' "192.0.2.1" ', "192.0.2.1"),
        ("2001:DB8:0:0:0::1", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
        ("unknown", "unknown"),
        ("010.0.0.1", "010.0.0.1"),
    ],
)
def test_one_address_has_one_spelling(spelt: str, one: str) -> None:
    """Ports, brackets, quotes, spaces, zones, capitals and mapping into IPv6 are no part of an address."""
    assert canonical(spelt) == one


def test_network_of_ipv6_is_one_peer() -> None:
    """IPv6 counts by /64 or by what is set; IPv4, mapped or translated (RFC 6052), by single addresses."""
    of = AddressGroups().of
    assert of("2001:db8::1") == of("2001:DB8:0:0:ffff::2") != of("2001:db8:0:1::1")
    assert of("::ffff:192.0.2.1") == of("192.0.2.1") != of("192.0.2.2")
    assert of("64:ff9b::192.0.2.1") != of("64:ff9b::192.0.2.2")
    assert AddressGroups(128).of("2001:db8::1") != AddressGroups(128).of("2001:db8::2")
    assert AddressGroups(48).of("2001:db8::1") == AddressGroups(48).of("2001:db8:0:1::1")
    for wrong in (0, 129):
        with pytest.raises(ValueError, match="ipv6_prefix"):
            AddressGroups(wrong)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:1234", "198.51.100.7"),
        ('"[2001:DB8::7]:1234"', "2001:db8::7"),
        ("203.0.113.9, ::ffff:198.51.100.7 , 10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (None, "10.0.0.1"),
    ],
)
def test_client_behind_proxies(forwarded: str | None, client: str) -> None:
    """From the right, the first address that is no trusted proxy, in its one spelling."""
    assert TrustedProxies("10.0.0.0/8").client("10.0.0.1", forwarded) == client
    assert TrustedProxies("::ffff:10.0.0.0/104").client("::ffff:10.0.0.1", forwarded) == client


def test_nobody_is_believed_by_default() -> None:
    """Without trusted proxies the peer is the client, whatever it says; in one spelling, too."""
    assert TrustedProxies(None).client("::ffff:10.0.0.1", "198.51.100.7") == "10.0.0.1"


@pytest.mark.parametrize(
    ("text", "own"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("", True), ("192.0.2.1", False), ("x", False)],
)
def test_address_of_this_machine(text: str, own: bool) -> None:  # noqa: FBT001  a parameter of the test
    """Loopback in each spelling, and the peer of a Unix socket, which has no address."""
    assert is_loopback(text) is own
