"""Feedback: over HTTP on a real server, and the file that it is kept in."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_bot import LibraryBot
from web_server import Site, events, inside
from web_sites import registered, shown

from bot.feedback import Feedback, FeedbackError, entries, feedback_file, keep
from bot.web.types import WebSettings
from prompts import say

HOST = "https://forum.example.kr"
QUESTION = {"question": "관장은 누구인가요? 지금 알려 주세요"}
PATH = "/api/feedback"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "registry.sqlite3"


@pytest.fixture(scope="module")
def key(registry: Path) -> str:
    return registered(registry, "forum", HOST)


@pytest.fixture(scope="module")
def site(registry: Path, key: str) -> Iterator[Site]:
    with inside(LibraryBot(), WebSettings(registry=registry)) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def file(registry: Path) -> Iterator[Path]:
    """The file of the server's feedback, empty at first."""
    path = feedback_file(registry)
    path.unlink(missing_ok=True)
    yield path


def answer(site: Site, key: str | None = None) -> dict:
    """One answer of the chat route."""
    headers = [] if key is None else shown(site, key, HOST)
    return dict(events(site.post("/api/chat", {**QUESTION, "site": key}, headers)))["answer"]


def test_every_answer_has_an_id_of_its_own(site: Site) -> None:
    ids = {answer(site)["id"] for _ in range(5)}
    assert len(ids) == 5 and all(len(id) == 44 for id in ids)


def test_a_verdict_is_kept_with_its_sources_and_its_day_alone(site: Site, file: Path) -> None:
    id = answer(site)["id"]
    body = {
        "id": id,
        "verdict": "down",
        "reason": "source",
        "note": "다른 사람입니다",
        "sources": ["library"],
        "site": None,
    }
    reply = site.post(PATH, body)
    assert (reply.status, reply.body) == (204, b"")
    today = datetime.now(UTC).date().isoformat()
    assert entries(file) == (Feedback(id, "down", "source", None, ("library",), None, today),)
    assert "관장".encode() not in file.read_bytes() and "다른 사람".encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_a_note_is_kept_masked_and_only_with_consent(site: Site, file: Path) -> None:
    body = {
        "id": answer(site)["id"],
        "verdict": "down",
        "note": "제 번호는 010-1234-5678입니다",
        "consent": True,
    }
    assert site.post(PATH, body).status == 204
    assert entries(file)[0].note == "제 번호는 [전화번호]입니다"
    assert site.post(PATH, {**body, "consent": False}).status == 204
    assert entries(file)[0].note is None
    assert "제 번호".encode() not in file.read_bytes()


def test_a_second_verdict_on_an_answer_replaces_the_first(site: Site, file: Path) -> None:
    id = answer(site)["id"]
    for verdict in ("up", "down", "up"):
        assert site.post(PATH, {"id": id, "verdict": verdict}).status == 204
    assert [(kept.id, kept.verdict) for kept in entries(file)] == [(id, "up")]


def test_a_source_that_the_index_does_not_hold_is_not_written_down(site: Site, file: Path) -> None:
    body = {"id": answer(site)["id"], "verdict": "up", "sources": ["library", "my phone: 010", "library"]}
    assert site.post(PATH, body).status == 204
    assert entries(file)[0].sources == ("library",)


def test_feedback_of_a_sites_visitor_names_the_site(site: Site, key: str, file: Path) -> None:
    id = answer(site, key)["id"]
    body = {"id": id, "verdict": "up", "site": key}
    assert site.post(PATH, body).status == 401
    assert site.post(PATH, {**body, "site": "nobody"}).status == 403
    reply = site.post(PATH, body, shown(site, key, HOST))
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (204, HOST)
    assert entries(file)[0].site == "forum"
    assert (
        site.post(PATH, {"id": id, "verdict": "up"}).status == 422
    )  # another site's answer, as if on our page


def test_an_id_that_we_did_not_make_is_422(site: Site, file: Path) -> None:
    id = answer(site)["id"]
    for wrong in ("", "x", id[:-1], id + "x", id[::-1], "가" * 44, "A" * 44, id.swapcase()):
        reply = site.post(PATH, {"id": wrong, "verdict": "up"})
        assert (reply.status, reply.json) == (422, {"error": say("web.request_invalid", field="id")}), wrong
    assert entries(file) == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "x" * 101}, "id"),
        ({"verdict": "sideways"}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"reason": "boring"}, "reason"),
        ({"note": "x" * 501}, "note"),
        ({"note": 5}, "note"),
        ({"consent": "yes"}, "consent"),
        ({"consent": 1}, "consent"),
        ({"sources": ["x"] * 11}, "sources"),
        ({"sources": ["x" * 201]}, "sources"),
        ({"sources": "library"}, "sources"),
        ({"site": 5}, "site"),
        ({"question": "관장은?"}, say("web.request_body")),
    ],
)
def test_a_wrong_field_is_a_short_korean_422(site: Site, change: dict, field: str) -> None:
    reply = site.post(PATH, {"id": "x", "verdict": "up", **change})
    assert (reply.status, reply.json) == (422, {"error": say("web.request_invalid", field=field)})


def test_without_a_registry_there_is_no_such_path() -> None:
    with inside(LibraryBot()) as bare:
        bare.wait_ready()
        assert bare.post(PATH, {"id": answer(bare)["id"], "verdict": "up"}).status == 404


def test_an_id_holds_after_the_server_has_started_again(tmp_path: Path) -> None:
    made = WebSettings(registry=tmp_path / "registry.sqlite3")
    with inside(LibraryBot(), made) as first:
        first.wait_ready()
        id = answer(first)["id"]
    with inside(LibraryBot(), made) as second:
        assert second.post(PATH, {"id": id, "verdict": "up"}).status == 204


def test_where_nothing_can_be_written_answers_go_on_and_feedback_is_503(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with inside(LibraryBot(), WebSettings(registry=blocked / "registry.sqlite3")) as site:
        site.wait_ready()
        reply = site.post(PATH, {"id": answer(site)["id"], "verdict": "up"})
        assert (reply.status, reply.json) == (503, {"error": say("web.feedback_closed")})


def test_random_bodies_get_no_server_error(site: Site, file: Path) -> None:
    text = st.text(st.characters(exclude_categories=()), max_size=30)
    anything = st.none() | st.booleans() | st.integers() | text | st.lists(text, max_size=2)
    id = answer(site)["id"]
    body = st.fixed_dictionaries(
        {"id": st.just(id) | anything, "verdict": st.sampled_from(["up", "down"]) | anything},
        optional=dict.fromkeys(("reason", "note", "consent", "sources", "site", "more"), anything),
    )

    @settings(
        max_examples=200,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(body)
    def send(sent: object) -> None:
        assert site.post(PATH, sent).status in (204, 403, 422)

    send()
    assert len(entries(file)) <= 1


# The file.


def test_the_oldest_entries_go_first(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite3"
    for number in range(8):
        keep(file, Feedback(f"a{number}", "up", day="2026-01-01"), most=5)
    assert [kept.id for kept in entries(file)] == ["a3", "a4", "a5", "a6", "a7"]


def test_threads_write_without_losing_an_entry(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite3"
    threads = [
        threading.Thread(
            target=lambda number=number: [keep(file, Feedback(f"{number}-{n}", "up")) for n in range(10)]
        )
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(file)) == 40


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite3"
    assert entries(file) == ()
    file.write_bytes(b"no database" * 200)
    with pytest.raises(FeedbackError, match="의견 파일"):
        keep(file, Feedback("a", "up"))


def test_the_file_has_no_column_for_a_question_or_a_visitor(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite3"
    keep(file, Feedback("a", "up"))
    with sqlite3.connect(file) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(feedback)")]
    assert columns == ["number", "id", "verdict", "reason", "note", "sources", "site", "day"]
    db.close()
