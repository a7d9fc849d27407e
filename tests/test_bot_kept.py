"""Questions that visitors agree to leave with the operator: masked, for some days, and then nowhere."""

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from web_bot import LibraryBot
from web_server import events, inside

from bot import kept
from bot.cli import main
from bot.kept import Kept, purge
from bot.settings import BotSettings
from bot.types import Answer, Citation
from bot.web.types import WebSettings
from prompts import UserError
from vectorstore.settings import load_settings

DAY = date(2025, 4, 17)
CANARY = "까마귀4417"
CITED = Citation(1, "a-1", "제목", "s", None, None, "답", 0, 1)
ANSWER = Answer("?", "?", "answer", "답", citations=(CITED, CITED))


def store(path: Path, days: int, today: Callable[[], date] = lambda: DAY) -> Kept:
    return Kept(path, days, today)


def found(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT * FROM question").fetchall()


def canaries(folder: Path) -> list[Path]:
    """Every file under a folder that holds the canary, in any of the forms that it may have."""
    forms = [CANARY.encode(), CANARY.encode("utf-16-le"), json.dumps(CANARY).strip('"').encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


def test_a_question_is_kept_masked_with_its_day_kind_and_sources(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    store(path, 30).keep("010-1234-5678로 물어봐도 되나요?", ANSWER)
    assert found(path) == [("2025-04-17", "[전화번호]로 물어봐도 되나요?", "answer", None, '["a-1"]')]
    assert path.stat().st_mode & 0o077 == 0


def test_by_default_nothing_is_kept_whatever_the_visitor_says(tmp_path: Path) -> None:
    assert BotSettings(store=tmp_path).keep_questions == 0
    path = tmp_path / "questions.sqlite3"
    store(path, 0).keep(CANARY, ANSWER)
    assert not path.exists()
    with inside(LibraryBot(), WebSettings(questions=str(path), keep_days=0)) as site:
        site.wait_ready()
        site.post("/api/chat", {"question": f"{CANARY} 관장은 누구인가요?", "consent": True})
    assert canaries(tmp_path) == [] and not path.exists()


def test_a_server_keeps_the_question_of_a_visitor_who_consents_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    with inside(LibraryBot(), WebSettings(questions=str(path), keep_days=7)) as site:
        site.wait_ready()
        for question, consent in (
            ("관장은 누구인가요?", True),
            ("축구?", False),
            ("도서관은 언제 여나요?", None),
        ):
            more = {} if consent is None else {"consent": consent}
            assert events(site.post("/api/chat", {"question": question, **more}))[-1][0] == "done"
        assert site.post("/api/chat", {"question": "축구?", "consent": "yes"}).status == 422
    assert [row[1:3] for row in found(path)] == [("관장은 누구인가요?", "answer")]


def test_a_file_that_cannot_be_written_costs_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "questions.sqlite3"
    path.mkdir()
    with inside(LibraryBot(), WebSettings(questions=str(path), keep_days=7)) as site:
        site.wait_ready()
        told = events(site.post("/api/chat", {"question": f"{CANARY} 관장은?", "consent": True}))
    assert [name for name, _ in told][-2:] == ["answer", "done"]
    assert CANARY not in caplog.text


@pytest.mark.parametrize(("days", "left"), [(1, 1), (7, 7), (30, 30)])
def test_a_purge_leaves_as_many_days_as_are_set(tmp_path: Path, days: int, left: int) -> None:
    path = tmp_path / "questions.sqlite3"
    for age in range(40):
        store(path, 30, lambda age=age: DAY - timedelta(days=age)).keep(f"질문 {age}", ANSWER)  # type: ignore[misc]
    assert store(path, days).purge() == 40 - left
    assert sorted(str(row[0]) for row in found(path))[0] == str(DAY - timedelta(days=days - 1))


def test_after_a_purge_no_file_of_the_folder_holds_a_canary(tmp_path: Path) -> None:
    path = tmp_path / "store" / "questions.sqlite3"
    old = store(path, 30, lambda: DAY - timedelta(days=30))
    new = store(path, 30)
    for number in range(300):
        old.keep(f"{CANARY} {number} " + "긴 질문 " * (number % 200), ANSWER)
        new.keep(f"남는 질문 {number}", ANSWER)
    assert canaries(tmp_path) == [path]
    assert new.purge() == 300
    assert canaries(tmp_path) == []
    assert len(found(path)) == 300
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]


def test_questions_that_are_purged_while_others_come_are_gone_too(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    store(path, 30, lambda: DAY - timedelta(days=30)).keep(CANARY, ANSWER)
    threads = [
        threading.Thread(target=lambda: [store(path, 30).keep(f"질문 {n}", ANSWER) for n in range(20)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    store(path, 30).purge()
    for thread in threads:
        thread.join()
    assert canaries(tmp_path) == [] and len(found(path)) == 60


def test_the_command_purges_what_is_over_or_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORUM_BOT_KEEP_QUESTIONS", "7")
    path = BotSettings(store=tmp_path).questions_file
    store(path, 7, lambda: date.today() - timedelta(days=7)).keep(f"{CANARY} 옛 질문", ANSWER)
    store(path, 7, date.today).keep("오늘 질문", ANSWER)
    assert main(["purge", "--store", str(tmp_path)]) == 0
    assert "1건" in capsys.readouterr().out
    assert canaries(tmp_path) == [] and len(found(path)) == 1
    store(path, 7, date.today).keep(CANARY, ANSWER)
    assert main(["purge", "--all", "--store", str(tmp_path)]) == 0
    assert "2건" in capsys.readouterr().out
    assert canaries(tmp_path) == [] and found(path) == []


def test_a_store_that_keeps_no_more_still_forgets_after_the_most_days(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    store(path, 30, lambda: DAY - timedelta(days=kept.MOST_DAYS)).keep(CANARY, ANSWER)
    with inside(LibraryBot(), WebSettings(questions=str(path), keep_days=0)) as site:
        site.wait_ready()
        site.get("/healthz")
    assert canaries(tmp_path) == []


def test_more_than_the_most_questions_push_the_oldest_out(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    keeper = store(path, 30)
    keeper.keep("하나", ANSWER)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE question SET rowid = ?", (1,))
        columns = "rowid, day, text, kind, sources"
        row = (kept.MOST, "2025-04-17", "둘", "answer", "[]")
        db.execute(f"INSERT INTO question ({columns}) VALUES (?, ?, ?, ?, ?)", row)
        db.commit()
    keeper.keep("셋", ANSWER)
    assert [row[1] for row in found(path)] == ["둘", "셋"]


@pytest.mark.parametrize("days", [-1, 31, "x"])
def test_more_than_thirty_days_cannot_be_set(tmp_path: Path, days: object) -> None:
    with pytest.raises(ValidationError):
        BotSettings(store=tmp_path, keep_questions=days)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="FORUM_BOT_KEEP_QUESTIONS"):
        load_settings(BotSettings, store=tmp_path, keep_questions=days)


def test_a_purge_without_a_file_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "questions.sqlite3"
    assert purge(path) == 0 and store(path, 7).purge() == 0
    assert not path.exists()
