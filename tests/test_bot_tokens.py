"""Visitor tokens and signed users: what is let in, and above all what is not."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.sites.types import Previous, Site
from bot.tokens import LIFE, Visitor, issue, new_visitor, sign_user, verify, verify_signed

NOW = 1_800_000_000.0
SECRET = bytes(range(32))
HERE = "https://cafe.example.kr"
THERE = "https://other.example.kr"
SITE = Site("site_aaaaaaaaaaaaaaaaaaaaaa", "동네카페", (HERE, THERE))
OTHER = Site("site_bbbbbbbbbbbbbbbbbbbbbb", "다른카페", (HERE,))


def token(site: Site = SITE, origin: str = HERE, now: float = NOW, visitor: str = "visitor") -> str:
    return issue(SECRET, site, origin, now, visitor)


def test_a_token_speaks_for_its_visitor_until_it_expires() -> None:
    made = token()
    expected = Visitor("visitor", SITE.id, HERE, int(NOW), int(NOW) + LIFE)
    for now in (NOW, NOW + 1, NOW + LIFE - 1):
        assert verify(SECRET, made, SITE, HERE, now) == expected
    for now in (NOW + LIFE, NOW + LIFE + 1, NOW + 10 * LIFE):
        assert verify(SECRET, made, SITE, HERE, now) is None


def test_a_token_fits_into_a_header_and_an_address_and_no_two_visitors_are_alike() -> None:
    made = token(origin="https://" + "a" * 253 + ":65535")
    assert len(made) < 1_000
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    visitors = {new_visitor() for _ in range(1_000)}
    assert len(visitors) == 1_000
    assert {len(visitor) for visitor in visitors} == {22}


def test_of_1000_guessed_replayed_or_foreign_tokens_none_is_accepted() -> None:
    chance = random.Random(6)
    ways: list[Callable[[], str]] = [
        lambda: token(OTHER),
        lambda: token(origin=THERE),
        lambda: token(now=NOW - LIFE - chance.randrange(10**6)),
        lambda: token(now=NOW + 61 + chance.randrange(10**6)),
        lambda: issue(chance.randbytes(32), SITE, HERE, NOW, "visitor"),
        lambda: _one_bit_off(token(), chance),
        lambda: _other_payload(token(), chance),
        lambda: token()[: chance.randrange(len(token()))],
        lambda: token() + chance.choice(["=", ".", "A", "\n", " ", "\0", "%00", "가"]),
        lambda: "".join(chance.choices("abcXYZ019-_.=", k=chance.randrange(300))),
    ]
    accepted = [guess for n in range(1_000) if verify(SECRET, guess := ways[n % 10](), SITE, HERE, NOW)]
    assert accepted == []


def _one_bit_off(made: str, chance: random.Random) -> str:
    place = chance.randrange(len(made))
    return made[:place] + chr(ord(made[place]) ^ (1 << chance.randrange(7))) + made[place + 1 :]


def _other_payload(made: str, chance: random.Random) -> str:
    """The signature of one token under what another says."""
    record = [f"visitor{chance.randrange(1_000)}", SITE.id, HERE, int(NOW), int(NOW) + 10**9]
    payload = base64.urlsafe_b64encode(json.dumps(record).encode()).rstrip(b"=").decode()
    return f"{payload}.{made.partition('.')[2]}"


@pytest.mark.parametrize("bad", ["", ".", "..", "a.b.c", "토큰.토큰", "\udcff", "A" * 100_000, "." * 5_000])
def test_what_is_no_token_is_nobody_and_no_error(bad: str) -> None:
    assert verify(SECRET, bad, SITE, HERE, NOW) is None


@pytest.mark.parametrize("origin", [None, "null", "", THERE, HERE + "/", HERE.upper(), HERE + ":443"])
def test_a_token_is_good_for_its_own_origin_only(origin: str | None) -> None:
    assert verify(SECRET, token(), SITE, origin, NOW) is None


def test_a_token_ends_with_its_site() -> None:
    assert verify(SECRET, token(), None, HERE, NOW) is None
    assert verify(SECRET, token(), replace(SITE, disabled=True), HERE, NOW) is None


def test_a_token_outlives_a_rotation_as_long_as_the_old_key_does() -> None:
    rotated = replace(SITE, id="site_new", previous=Previous(SITE.id, NOW + 10))
    assert verify(SECRET, token(), rotated, HERE, NOW + 9) is not None
    assert verify(SECRET, token(), rotated, HERE, NOW + 10) is None
    assert verify(SECRET, token(rotated), rotated, HERE, NOW + 10) is not None


def test_a_clock_set_back_by_an_hour_takes_no_token_of_the_future_and_makes_good_ones() -> None:
    back = NOW - 3_600
    assert verify(SECRET, token(), SITE, HERE, back) is None
    assert verify(SECRET, token(now=back), SITE, HERE, back) is not None
    assert verify(SECRET, token(), SITE, HERE, NOW - 30) is not None  # two servers, half a minute apart


@pytest.mark.parametrize("life", [0, -1, LIFE + 1, 10**9])
def test_no_token_lives_longer_than_an_hour(life: int) -> None:
    with pytest.raises(ValueError, match="lives"):
        issue(SECRET, SITE, HERE, NOW, "visitor", life)


def test_a_user_whom_the_sites_server_signed_is_known() -> None:
    # As any language does it, without our code.
    expires = int(NOW) + 600
    digits = hmac.new(b"site secret", f"{expires}.회원-7".encode(), hashlib.sha256).hexdigest()
    signature = f"{expires}.{digits}"
    assert signature == sign_user("site secret", "회원-7", expires)
    assert verify_signed("site secret", "회원-7", signature, NOW)
    assert verify_signed("site secret", "회원-7", signature, expires - 1)
    assert not verify_signed("site secret", "회원-7", signature, expires)


def test_a_signature_is_good_for_its_user_its_site_and_an_hour_only() -> None:
    good = sign_user("secret", "7", int(NOW) + 600)
    assert not verify_signed("secret", "8", good, NOW)
    assert not verify_signed("other secret", "7", good, NOW)
    assert not verify_signed(None, "7", good, NOW)
    assert not verify_signed("", "7", sign_user("", "7", int(NOW) + 600), NOW)
    assert not verify_signed("secret", "7", sign_user("secret", "7", int(NOW) + 2 * LIFE), NOW)
    # A dot or a digit cannot wander from the expiry into the user id.
    assert not verify_signed("secret", f"{int(NOW)}.7", good, NOW)


def test_of_1000_guessed_signatures_none_is_accepted() -> None:
    chance = random.Random(7)
    good = sign_user("secret", "7", int(NOW) + 600)
    guesses = [_one_bit_off(good, chance) for _ in range(900)]
    guesses += [f"{int(NOW) + 600}.{chance.randbytes(32).hex()}" for _ in range(100)]
    assert [guess for guess in guesses if guess != good and verify_signed("secret", "7", guess, NOW)] == []


@pytest.mark.parametrize("signature", ["", ".", "1", "-1." + "a" * 64, "١." + "a" * 64, "9" * 5_000, "1.가"])
@pytest.mark.parametrize("user", ["7", "", "\udcff", "7\n", "가" * 201])
def test_what_is_no_signature_is_no_error(user: str, signature: str) -> None:
    assert not verify_signed("secret", user, signature, NOW)
