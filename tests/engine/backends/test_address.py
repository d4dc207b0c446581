"""HTTP address: request URL, cache identity, and text for messages."""

from __future__ import annotations

import pytest

from promptwire.backends.address import Address, loopback
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.errors import UsageError
from promptwire.security.secrets import hide_credentials, secrets_in_address

TOKEN = "a1b2c3d4e5f6a7b8c9d0e1f2"


@pytest.mark.parametrize(
    ("address", "sent", "identity"),
    [
        ("http://h/v1", "http://h/v1/x", "http://h/v1"),
        ("http://h:1/v1/", "http://h:1/v1/x", "http://h:1/v1"),
        ("http://h", "http://h/x", "http://h"),
        ("http://h/v1?api-version=1", "http://h/v1/x?api-version=1", "http://h/v1?api-version=1"),
        ("http://h/v1/?api-version=1", "http://h/v1/x?api-version=1", "http://h/v1?api-version=1"),
        ("http://h?a=1&b=2", "http://h/x?a=1&b=2", "http://h?a=1&b=2"),
        ("http://h/v1?flag", "http://h/v1/x?flag", "http://h/v1?flag"),
        ("http://u:pw@h/v1", "http://h/v1/x", "http://h/v1"),
        ("http://h/v1?key=abc&v=2", "http://h/v1/x?key=abc&v=2", "http://h/v1?v=2"),
        ("http://h/v1?subscription-key=abc", "http://h/v1/x?subscription-key=abc", "http://h/v1"),
        ("http://h/v1#part", "http://h/v1/x", "http://h/v1"),
        ("http://[::1]:8/v1?v=1", "http://[::1]:8/v1/x?v=1", "http://[::1]:8/v1?v=1"),
        ("http://h/run/@cf/m", "http://h/run/@cf/m/x", "http://h/run/@cf/m"),
        ("http://127.1:8/v1", "http://127.0.0.1:8/v1/x", "http://127.1:8/v1"),
        ("http://localhost.:8/v1", "http://localhost:8/v1/x", "http://localhost.:8/v1"),
    ],
)
def test_the_identity_has_the_query_and_no_secret(address: str, sent: str, identity: str) -> None:
    assert Address(address).url("/x") == sent
    assert OpenAICompatible("m", address).identity == f"m at {identity}"


def test_the_identity_has_the_hash_of_a_value_that_looks_like_a_key() -> None:
    one, other = (Address(f"http://h/v1?tenant={value}").identity for value in (TOKEN, TOKEN[::-1]))
    assert one != other and TOKEN not in one
    assert Address("http://h/v1?deployment=gpt-4o-mini-2024-07-18-fine").identity.endswith("=gpt-4o-mini-2024-07-18-fine")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("http://h/v1?api-version=2024-10-21", set()),
        ("http://me:hunter2222@h", {"hunter2222", "me:hunter2222", "bWU6aHVudGVyMjIyMg"}),
        ("http://me:p%40ss-w0rd@h", {"p%40ss-w0rd", "p@ss-w0rd", "me:p%40ss-w0rd", "me:p@ss-w0rd", "bWU6cEBzcy13MHJk"}),
        ("http://sk-12345678@h", {"sk-12345678", "c2stMTIzNDU2Nzg6"}),
        ("http://h?key=abc%2Bdef&x=1", {"abc%2Bdef", "abc+def"}),
        ("http://h?code=abcd1234&api-version=1", {"abcd1234"}),
        (f"http://h?tenant={TOKEN}", {TOKEN}),
        ("ftp://u:pw@h", {"u:pw", "dTpwdw"}),
    ],
)
def test_secrets_of_an_address_are_found_in_all_forms(address: str, found: set[str]) -> None:
    assert set(secrets_in_address(address)) == found


@pytest.mark.parametrize(
    "address",
    [
        "ftp://u:pw-planted@h",
        "u:pw-planted@h:80",
        "//u:pw-planted@h",
        "http://u:pw-planted@",
        "http://u:pw-planted@:80",
        "http://u:pw-planted@h:port/v1",
        "http://u:pw-planted@h:99999/v1",
        "http://u:pw/planted@h/v1",
        "http://u:pw-planted@[::1/v1",
        "http://u:pw-planted@h h/v1",
        "localhost:80?key=pw-planted",
        "HTTP:/u:pw-planted@h",
    ],
)
def test_an_invalid_address_is_refused_without_its_secrets(address: str) -> None:
    with pytest.raises(UsageError, match="not an address") as caught:
        Address.checked(address, "--api-base")
    assert "planted" not in str(caught.value) and "u:pw" not in str(caught.value)
    assert "planted" not in hide_credentials(address)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("127.255.255.254", True),
        ("127.1", True),
        ("0x7f.1", True),
        ("2130706433", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("api.localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0:0:0:0:0:0:0:1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", True),  # noqa: S104 - a name to judge, nothing is bound
        ("::", True),
        ("", False),
        ("128.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("mylocalhost", False),
    ],
)
def test_loopback_hosts_are_this_machine(host: str, own: bool) -> None:
    assert loopback(host) is own
