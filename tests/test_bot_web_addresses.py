"""Who a visitor is: nobody is somebody else by writing a header."""

import random

import pytest
from starlette.requests import Request

from bot.web.addresses import Visitors

DIRECT = Visitors()
ONE = Visitors(("127.0.0.1",))
TWO = Visitors(("127.0.0.1", "10.1.0.0/24"))
NAMES = ("x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip")


def request(peer: str | None, *headers: tuple[str, str]) -> Request:
    client = None if peer is None else (peer, 50_000)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "client": client})


def forged(count: int = 200) -> list[tuple[tuple[str, str], ...]]:
    """That many requests' headers, each with addresses that no other one has."""
    chance = random.Random(7)
    addresses = chance.sample(range(2**24, 2**31), count)
    texts = [".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) for number in addresses]
    return [tuple((name, f"for={text}" if name == "forwarded" else text) for name in NAMES) for text in texts]


def with_hops(headers: tuple[tuple[str, str], ...], *hops: str) -> tuple[tuple[str, str], ...]:
    """What proxies make of the headers: each appends whom it was called by."""
    return tuple(
        (name, ", ".join((value, *hops)) if name == "x-forwarded-for" else value) for name, value in headers
    )


def test_200_forged_headers_directly_are_one_visitor() -> None:
    assert {DIRECT.of(request("203.0.113.9", *headers)) for headers in forged()} == {"203.0.113.9"}


def test_200_forged_headers_through_one_proxy_are_one_visitor() -> None:
    seen = {ONE.of(request("127.0.0.1", *with_hops(headers, "203.0.113.9"))) for headers in forged()}
    assert seen == {"203.0.113.9"}


def test_200_forged_headers_through_two_proxies_are_one_visitor() -> None:
    seen = {
        TWO.of(request("127.0.0.1", *with_hops(headers, "203.0.113.9", "10.1.0.7"))) for headers in forged()
    }
    assert seen == {"203.0.113.9"}


def test_headers_of_somebody_who_is_no_proxy_of_ours_are_not_read() -> None:
    seen = {ONE.of(request("198.51.100.4", *with_hops(headers, "203.0.113.9"))) for headers in forged(20)}
    assert seen == {"198.51.100.4"}


def test_real_clients_behind_a_proxy_differ() -> None:
    clients = [f"203.0.113.{number}" for number in range(1, 201)]
    seen = [ONE.of(request("127.0.0.1", ("x-forwarded-for", client))) for client in clients]
    assert seen == clients


def test_other_headers_are_not_believed_from_a_proxy_either() -> None:
    other = [(name, "203.0.113.9") for name in NAMES if name != "x-forwarded-for"]
    assert ONE.of(request("127.0.0.1", *other)) == "127.0.0.1"


def test_several_forwarded_lines_are_read_as_one() -> None:
    lines = (("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9"))
    assert ONE.of(request("127.0.0.1", *lines)) == "203.0.113.9"


def test_a_chain_of_our_own_proxies_only_names_the_first() -> None:
    assert TWO.of(request("127.0.0.1", ("x-forwarded-for", "10.1.0.3, 10.1.0.7"))) == "10.1.0.3"


@pytest.mark.parametrize("told", ["", "unknown", "_hidden", "203.0.113.9, ", "<script>", "1.2.3", "가나다"])
def test_a_hop_that_is_no_address_leaves_the_proxy(told: str) -> None:
    assert ONE.named("127.0.0.1", [told]) == "127.0.0.1"


def test_thousands_of_hops_are_not_walked() -> None:
    hops = ", ".join(["203.0.113.9", *["10.1.0.7"] * 5_000])
    assert TWO.named("127.0.0.1", [hops]) == "10.1.0.7"


@pytest.mark.parametrize(
    ("told", "visitor"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(told: str, visitor: str) -> None:
    assert ONE.named("127.0.0.1", [told]) == visitor


def test_the_addresses_of_one_ipv6_network_are_one_visitor() -> None:
    chance = random.Random(3)
    mine = {DIRECT.named(f"2001:db8:7:1::{chance.randrange(65536):x}") for _ in range(100)}
    assert mine == {"2001:db8:7:1::/64"}
    assert DIRECT.named("2001:db8:7:2::1") == "2001:db8:7:2::/64"
    assert DIRECT.named("fe80::1%eth0") == "fe80::/64"


def test_an_ipv4_address_in_ipv6_clothes_is_the_same_visitor_and_proxy() -> None:
    assert DIRECT.named("::ffff:203.0.113.9") == "203.0.113.9"
    assert ONE.named("::ffff:127.0.0.1", ["203.0.113.9"]) == "203.0.113.9"


def test_a_connection_without_an_address_is_one_visitor() -> None:
    assert DIRECT.of(request(None, ("x-forwarded-for", "203.0.113.9"))) == "local"


@pytest.mark.parametrize("proxy", ["", "*", "0.0.0.0/0", "::/0", "proxy.example.kr", "10.0.0.0/33", "1.2.3"])
def test_what_is_no_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(ValueError):
        Visitors((proxy,))
