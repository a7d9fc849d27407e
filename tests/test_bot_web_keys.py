"""Bearer keys, on a real server with a real registry."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from web_bot import LibraryBot
from web_server import Reply, Site, inside

from bot.sites.changes import add_key, revoke_key
from bot.web.types import WebSettings
from prompts import say

ASKED = {"model": "forum-bot", "messages": [{"role": "user", "content": "관장은 누구인가요?"}]}
FORWARDED = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded",
    "Forwarded",
    "X-Real-IP",
    "CF-Connecting-IP",
    "True-Client-IP",
    "Via",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "registry.sqlite3"


@pytest.fixture(scope="module")
def key(file: Path) -> str:
    return add_key(file, "community")


@pytest.fixture(scope="module")
def guarded(file: Path, key: str) -> Iterator[Site]:
    with inside(LibraryBot(), WebSettings(registry=file)) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = WebSettings(
        registry=tmp_path_factory.mktemp("none") / "r.sqlite3", allowed_hosts=("bot.example.kr",)
    )
    with inside(LibraryBot(), settings) as running:
        running.wait_ready()
        yield running


def both(site: Site, *headers: tuple[str, str]) -> list[Reply]:
    """Both routes, asked with these headers."""
    return [site.get("/v1/models", list(headers)), site.post("/v1/chat/completions", ASKED, list(headers))]


def test_a_good_key_is_let_in(guarded: Site, key: str) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert [reply.status for reply in both(guarded, ("Authorization", f"{scheme} {key}"))] == [200, 200]
    forwarded = both(guarded, ("Authorization", f"Bearer {key}"), ("X-Forwarded-For", "203.0.113.7"))
    assert [reply.status for reply in forwarded] == [200, 200]


def test_the_client_of_openai_sends_the_key(guarded: Site, key: str) -> None:
    with openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=key, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["forum-bot"]
    with (
        openai.OpenAI(base_url=f"{guarded.url}/v1", api_key="fb_wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as wrong,
    ):
        client.models.list()
    assert wrong.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    "shown",
    [
        "Bearer",
        "Bearer ",
        "Bearer fb_wrong",
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key} x",
        "Bearer " + "x" * 5_000,
        "Bearer \xff\xfe",
    ],
)
def test_anything_else_is_401(guarded: Site, key: str, shown: str) -> None:
    for reply in both(guarded, ("Authorization", shown.format(key=key))):
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        assert reply.json["error"]["code"] == "invalid_api_key"
        assert key not in reply.body.decode()


def test_no_key_is_401_and_says_how_one_is_sent(guarded: Site) -> None:
    for reply in both(guarded):
        assert (reply.status, reply.json["error"]["message"]) == (401, say("web.key_missing"))


def test_the_key_is_asked_for_before_the_body_is_judged(guarded: Site) -> None:
    assert guarded.post("/v1/chat/completions", {"messages": 5}).status == 401


def test_a_revoked_key_is_refused_and_does_not_open_the_door_to_all(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    key = add_key(file, "old")
    revoke_key(file, "old")
    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        assert [reply.status for reply in both(site, ("Authorization", f"Bearer {key}"))] == [401, 401]
        assert [reply.status for reply in both(site)] == [401, 401]


def test_while_no_key_was_ever_made_a_program_of_this_machine_is_let_in(unguarded: Site) -> None:
    assert [reply.status for reply in both(unguarded)] == [200, 200]
    for host in ("localhost", f"localhost:{unguarded.port}", "[::1]:80"):
        assert unguarded.get("/v1/models", [("Host", host)]).status == 200
    assert unguarded.get("/v1/models", [("Authorization", "Bearer none")]).status == 200


@pytest.mark.parametrize("name", FORWARDED)
def test_what_comes_by_way_of_a_proxy_is_not(unguarded: Site, name: str) -> None:
    for value in ("127.0.0.1", "203.0.113.7", "", "for=127.0.0.1"):
        assert [reply.status for reply in both(unguarded, (name, value))] == [401, 401]
        assert [reply.status for reply in both(unguarded, (name.lower(), value))] == [401, 401]


def test_nor_is_what_names_another_host(unguarded: Site) -> None:
    assert unguarded.get("/v1/models", [("Host", "bot.example.kr")]).status == 401


def test_a_registry_that_cannot_be_read_lets_nobody_in_and_names_no_file(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    file.write_bytes(b"not a database at all" * 100)
    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        for reply in both(site, ("Authorization", "Bearer fb_x")):
            assert (reply.status, reply.json["error"]["message"]) == (503, say("web.gate_failed"))
            assert "sqlite" not in reply.body.decode()
