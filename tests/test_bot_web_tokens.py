"""Sites and visitors' tokens over HTTP: who gets one, what it opens, and which pages may read the answers."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_bot import LibraryBot, cite, library_article
from web_server import Site, events, inside
from web_sites import registered, shown, token

from bot import tokens
from bot.sites.changes import make_secret, rotate, set_disabled
from bot.sites.registry import Registry
from bot.sites.secret import server_secret
from bot.web.gate import TOKEN_LIFE
from bot.web.types import WebSettings
from prompts import say

HOST, OTHER, SECOND = "https://forum.example.kr", "https://other.example.kr", "http://localhost:9001"
KNOWN = "https://configured.example.kr"
QUESTION = {"question": "관장은 누구인가요?"}
FOREIGN = (
    "null",
    "https://forum.example.kr.evil.example",
    "https://evilforum.example.kr",
    "https://a.forum.example.kr",
    "http://forum.example.kr",
    "https://forum.example.kr:8443",
    "https://forum.example.kr:443",
    "https://forum.example.kr.",
    "https://FORUM.example.kr",
    "https://forum.example.kr/",
    "https://xn--forum-xyz.example.kr",
    "https://example.kr",
    "http://localhost:9002",
    "http://127.0.0.1:1",
    "file://",
    "*",
    "",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "registry.sqlite3"


@pytest.fixture(scope="module")
def key(file: Path) -> str:
    return registered(file, "forum", HOST, SECOND)


@pytest.fixture(scope="module")
def other(file: Path) -> str:
    return registered(file, "other", OTHER)


@pytest.fixture(scope="module")
def off(file: Path) -> str:
    id = registered(file, "off", "https://off.example.kr")
    set_disabled(file, "off", True)
    return id


@pytest.fixture(scope="module")
def site(file: Path, key: str, other: str, off: str) -> Iterator[Site]:
    with inside(LibraryBot(), WebSettings(registry=file, origins=(KNOWN,))) as running:
        running.wait_ready()
        yield running


def ask(site: Site, key: str | None, headers: list[tuple[str, str]]):
    return site.post("/api/chat", {**QUESTION, "site": key}, headers)


def evidence(key: str) -> str:
    """The address of one quote's paragraph."""
    quote = cite(library_article(), "설명회에는 주민 140명이 참석했다.")
    return f"/embed/evidence?article=library&start={quote.start}&end={quote.end}&site={key}"


# Who gets a token.


def test_a_page_of_the_site_and_our_own_get_a_token_for_a_quarter_of_an_hour(site: Site, key: str) -> None:
    for origin in (HOST, SECOND, site.url, site.url.replace("http://", "https://")):
        made = token(site, key, origin)
        assert (made.status, list(made.json), made.json["expires_in"]) == (200, ["token", "expires_in"], 900)
        payload = made.json["token"].partition(".")[0]
        visitor, name, bound, issued, expires = json.loads(base64.urlsafe_b64decode(payload + "=="))
        assert (name, bound, expires - issued) == (key, origin, TOKEN_LIFE)
        assert len(visitor) == 22
        assert made.headers["Cache-Control"] == "no-store"


def test_an_unknown_and_a_disabled_site_get_the_same_bytes(site: Site, key: str, off: str) -> None:
    for origin in (HOST, "https://off.example.kr", site.url):
        replies = [token(site, name, origin) for name in (off, "site_unknown", "", "../x")]
        replies += [
            ask(site, name, [*shown(site, key, HOST)[1:], ("Origin", origin)]) for name in (off, "nobody")
        ]
        assert {(reply.status, reply.body) for reply in replies} == {
            (
                403,
                json.dumps(
                    {"error": say("web.site_refused")}, ensure_ascii=False, separators=(",", ":")
                ).encode(),
            )
        }
        assert {reply.headers.get("Access-Control-Allow-Origin") for reply in replies} == {None}


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_that_the_site_does_not_list_gets_none(site: Site, key: str, origin: str) -> None:
    reply = token(site, key, origin) if origin else site.post("/api/token", {"site": key}, [("Origin", "")])
    assert (reply.status, reply.json) == (403, {"error": say("web.site_refused")})
    assert reply.headers.get("Access-Control-Allow-Origin") is None


def test_neither_does_a_request_without_an_origin_or_with_two(site: Site, key: str) -> None:
    assert site.post("/api/token", {"site": key}).status == 403
    assert site.post("/api/token", {"site": key}, [("Origin", HOST), ("Origin", HOST)]).status == 403


@pytest.mark.parametrize(
    "body", [{}, {"site": None}, {"site": 5}, {"site": "x" * 201}, {"site": "x", "y": 1}, [], "x"]
)
def test_a_wrong_body_is_422(site: Site, body: object) -> None:
    assert site.post("/api/token", body, [("Origin", HOST)]).status == 422


def test_a_site_without_a_registry_is_an_unknown_one() -> None:
    with inside(LibraryBot()) as bare:
        assert token(bare, "site_any").status == 403
        assert ask(bare, "site_any", []).status == 403


def test_a_user_whom_the_sites_server_vouches_for_is_one_visitor_without_a_name(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    key = registered(file, "forum", HOST)
    secret = make_secret(file, "forum")
    signature = tokens.sign_user(secret, "kim@example.kr", int(time.time()) + 600)

    def ask(**more: str):
        return site.post("/api/token", {"site": key, **more}, [("Origin", HOST)])

    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        good = [ask(user="kim@example.kr", signature=signature).json["token"] for _ in range(2)]
        payloads = [base64.urlsafe_b64decode(one.partition(".")[0] + "==") for one in good]
        assert json.loads(payloads[0])[0] == json.loads(payloads[1])[0]
        assert b"kim" not in payloads[0]
        over = tokens.sign_user(secret, "kim@example.kr", int(time.time()) - 1)
        wrong = [{"user": "lee", "signature": signature}, {"user": "kim@example.kr"}]
        wrong += [{"user": "kim@example.kr", "signature": over}, {"user": "", "signature": "x"}]
        for body in wrong:
            reply = ask(**body)
            assert (reply.status, reply.json) == (401, {"error": say("web.user_unknown")})


# What it opens.


def test_a_visitor_with_a_token_is_answered(site: Site, key: str) -> None:
    for origin in (HOST, SECOND, site.url):
        assert events(ask(site, key, shown(site, key, origin)))[-1][0] == "done"
    assert site.get(evidence(key), shown(site, key, HOST)).status == 200


def test_our_own_page_sends_no_origin_where_it_reads(site: Site, key: str) -> None:
    (_, proof) = shown(site, key)
    assert site.get(evidence(key), [proof]).status == 200
    assert site.get(evidence(key), shown(site, key, HOST)[1:]).status == 401


def test_without_a_site_everything_is_as_before(site: Site) -> None:
    assert site.post("/api/chat", QUESTION).status == 200
    assert site.get(evidence("x").partition("&site")[0]).status == 200


@pytest.mark.parametrize(
    "proof", ["", "Bearer", "Bearer x", "Bearer a.b", "Basic {0}", "Bearer {0}x", "Bearer " + "x" * 9_000]
)
def test_without_a_good_token_it_is_401(site: Site, key: str, proof: str) -> None:
    (origin, (_, good)) = shown(site, key, HOST)
    bad = [origin, ("Authorization", proof.format(good.removeprefix("Bearer ")))] if proof else [origin]
    body = {"id": "x", "verdict": "up", "site": key}
    for reply in (ask(site, key, bad), site.get(evidence(key), bad), site.post("/api/feedback", body, bad)):
        assert (reply.status, reply.json) == (401, {"error": say("web.visitor_unknown")})
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        # The page's script must see that it is to fetch another one.
        assert reply.headers["Access-Control-Allow-Origin"] == HOST


def test_a_token_is_good_for_its_site_and_its_origin_only(site: Site, key: str, other: str) -> None:
    (_, proof) = shown(site, key, HOST)
    assert ask(site, key, [("Origin", SECOND), proof]).status == 401
    assert ask(site, key, [("Origin", site.url), proof]).status == 401
    assert ask(site, other, [("Origin", OTHER), proof]).status == 401
    assert ask(site, other, [("Origin", HOST), proof]).status == 403
    assert ask(site, key, [proof]).status == 401


def test_a_token_that_is_over_is_401(site: Site, file: Path, key: str) -> None:
    found = Registry(file).site(key)
    assert found is not None
    old = tokens.issue(server_secret(file), found, HOST, time.time() - 901, tokens.new_visitor(), 900)
    new = tokens.issue(server_secret(file), found, HOST, time.time() - 899, tokens.new_visitor(), 900)
    forged = tokens.issue(b"x" * 32, found, HOST, time.time(), tokens.new_visitor(), 900)
    statuses = [
        ask(site, key, [("Origin", HOST), ("Authorization", f"Bearer {t}")]).status
        for t in (old, new, forged)
    ]
    assert statuses == [401, 200, 401]


def test_1000_guessed_tokens_open_nothing(site: Site, key: str) -> None:
    (origin, (_, good)) = shown(site, key, HOST)
    payload, _, signature = good.removeprefix("Bearer ").partition(".")

    @settings(
        max_examples=1000,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(st.text("abcXYZ019-_=.", max_size=60))
    def guess(text: str) -> None:
        for made in (f"{payload}.{text}", f"{payload}{text}.{signature}", text):
            if made != f"{payload}.{signature}":
                assert tokens.verify(b"k" * 32, made, None, HOST, 0) is None
        proof = ("Authorization", f"Bearer {payload}.{text}")
        if text != signature and len(text) % 10 == 0:
            assert site.get(evidence(key), [origin, proof]).status == 401

    guess()


def test_a_rotated_key_works_on_and_a_disabled_site_ends_at_once(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    old = registered(file, "forum", HOST)
    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        site.wait_ready()
        proof = shown(site, old, HOST)
        new, _ = rotate(file, "forum")
        time.sleep(0.6)
        assert ask(site, new, proof).status == ask(site, old, proof).status == 200
        set_disabled(file, "forum", True)
        time.sleep(0.6)
        assert ask(site, new, proof).status == ask(site, old, proof).status == 403


def test_a_registry_that_cannot_be_read_is_503_and_names_no_file(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    file.write_bytes(b"no database" * 100)
    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        site.wait_ready()
        reply = token(site, "site_any", HOST)
        assert (reply.status, reply.json) == (503, {"error": say("web.gate_failed")})
        assert site.post("/api/chat", QUESTION).status == 200
        assert (
            site.get("/embed?site=any").headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        )


# Which pages may read the answers.


def preflight(site: Site, path: str, origin: str, headers: str = "authorization,content-type"):
    asked = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", headers),
    ]
    return site.send("OPTIONS", path, headers=asked)


def test_a_listed_page_may_ask_and_read(site: Site, key: str) -> None:
    for origin in (HOST, SECOND, OTHER):
        for path in ("/api/chat", "/api/token", "/api/feedback", "/embed/evidence"):
            asked = preflight(site, path, origin)
            assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (200, origin)
            assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
            assert asked.headers.get("Access-Control-Allow-Credentials") is None
            assert "Origin" in asked.headers["Vary"]
    reply = ask(site, key, shown(site, key, HOST))
    assert reply.headers["Access-Control-Allow-Origin"] == HOST
    assert reply.headers.get("Access-Control-Allow-Credentials") is None
    assert "Origin" in reply.headers["Vary"]


def test_nothing_else_is_open_to_it(site: Site) -> None:
    for path in ("/", "/healthz", "/embed", "/v1/models", "/v1/chat/completions", "/embed/suggestions"):
        assert preflight(site, path, HOST).headers.get("Access-Control-Allow-Origin") is None
        assert site.get(path, [("Origin", HOST)]).headers.get("Access-Control-Allow-Origin") is None
    assert preflight(site, "/api/chat", HOST, "x-secret").status == 400


def test_a_page_may_not_read_in_the_name_of_another_site_or_of_none(site: Site, key: str) -> None:
    assert ask(site, key, [("Origin", OTHER)]).headers.get("Access-Control-Allow-Origin") is None
    assert ask(site, None, [("Origin", OTHER)]).headers.get("Access-Control-Allow-Origin") is None
    assert ask(site, None, [("Origin", KNOWN)]).headers["Access-Control-Allow-Origin"] == KNOWN


@pytest.mark.parametrize("origin", [origin for origin in FOREIGN if origin])
def test_a_page_that_no_site_lists_may_not_even_ask(site: Site, key: str, origin: str) -> None:
    for path in ("/api/chat", "/api/token", "/api/feedback", "/embed/evidence"):
        asked = preflight(site, path, origin)
        assert (asked.status, asked.headers.get("Access-Control-Allow-Origin")) == (400, None)
        assert "Origin" in asked.headers["Vary"]
    (_, proof) = shown(site, key, HOST)
    reply = ask(site, key, [("Origin", origin), proof])
    assert (reply.status, reply.headers.get("Access-Control-Allow-Origin")) == (403, None)


def test_a_body_that_needs_no_preflight_is_415(site: Site, key: str) -> None:
    for path in ("/api/chat", "/api/token", "/api/feedback"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            body = json.dumps({**QUESTION, "site": key}).encode()
            assert site.send("POST", path, body, [("Content-Type", kind), ("Origin", HOST)]).status == 415


# The frame.


def test_the_page_may_be_framed_by_the_pages_of_its_site_only(site: Site, key: str, off: str) -> None:
    def frames(query: str) -> str:
        return site.get(f"/embed{query}").headers["Content-Security-Policy"].partition("frame-ancestors ")[2]

    assert frames(f"?site={key}") == f"{HOST} {SECOND}"
    assert frames("") == "'self'"
    assert {frames(f"?site={name}") for name in (off, "nobody", "%22%3E", "a%20b", "x" * 300)} == {"'none'"}
    unknown, disabled = site.get("/embed?site=nobody"), site.get(f"/embed?site={off}")
    assert unknown.body == disabled.body


def test_random_bodies_get_no_server_error(site: Site, key: str) -> None:
    anything = (
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=30)
    )
    good = shown(site, key, HOST)

    @settings(
        max_examples=200,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(
        st.fixed_dictionaries(
            {"site": anything | st.just(key)}, optional={"question": anything, "x": anything}
        )
    )
    def send(body: object) -> None:
        for path in ("/api/token", "/api/chat"):
            assert site.post(path, body, good).status in (200, 400, 401, 403, 413, 422)

    send()
