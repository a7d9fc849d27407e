"""The daily counts and `forum-bot report`."""

import json
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from web_bot import LibraryBot
from web_server import inside

from bot.cli import main
from bot.counts import DAYS, MOST_CITED, Count, Counts, read_counts
from bot.ledger import LedgerError
from bot.llm.failures import ModelError
from bot.report import ReportError, run
from bot.settings import BotSettings
from bot.types import Answer, Citation
from bot.web.types import WebSettings
from prompts import say
from vectorstore.catalog import Catalog
from vectorstore.generations import current_generation

DAY = date(2025, 4, 17)
CANARY = "까마귀4417"


def answer(*articles: str, **changes: object) -> Answer:
    cited = tuple(Citation(1, id, "제목", "s", None, None, CANARY, 0, 1) for id in articles)
    made = Answer(CANARY, CANARY, "answer", CANARY, citations=cited)
    return replace(made, **changes)  # type: ignore[arg-type]


def filled(path: Path, day: date = DAY) -> Counts:
    counts = Counts(path, lambda: day)
    counts.answered(answer("report", "report", "notice-7"))
    counts.answered(answer("notice-7", fallback=str(ModelError("stalled"))))
    counts.answered(answer(kind="refusal", reason="no_evidence"))
    counts.answered(answer(kind="refusal", reason="no_evidence"))
    counts.answered(answer(kind="refusal", reason="unsafe"))
    counts.answered(answer(kind="smalltalk"))
    counts.note("failed")
    counts.rated(True)
    counts.rated(False, "wrong")
    counts.rated(False, CANARY)
    counts.flush()
    return counts


@pytest.fixture
def settings(tmp_path: Path) -> BotSettings:
    return BotSettings(store=tmp_path / "store")


def report(settings: BotSettings, days: int = 30, today: date = DAY) -> dict:
    (line,) = run(settings, days, True, today)
    return json.loads(line)


def test_the_report_tells_kinds_reasons_fallbacks_ratings_and_articles(settings: BotSettings) -> None:
    filled(settings.counts_file)
    found = report(settings)
    assert (found["first"], found["last"], found["questions"]) == ("2025-03-19", "2025-04-17", 7)
    assert found["by_kind"] == {"answer": 2, "refusal": 3, "smalltalk": 1, "failed": 1, "left": 0}
    assert found["by_day"] == [{"day": "2025-04-17", **found["by_kind"]}]
    assert found["refusals"] == {"no_evidence": 2, "unsafe": 1}
    assert found["fallbacks"] == {"stalled": 1}
    assert (found["up"], found["down"], found["down_reasons"]) == (1, 2, {"other": 1, "wrong": 1})
    cited = [(one["article"], one["answers"], one["title"]) for one in found["cited"]]
    assert cited == [("notice-7", 2, None), ("report", 1, None)]


def test_the_file_and_the_report_hold_no_text(settings: BotSettings) -> None:
    filled(settings.counts_file)
    assert CANARY.encode() not in settings.counts_file.read_bytes()
    assert CANARY not in "\n".join([*run(settings, 30, False, DAY), *run(settings, 30, True, DAY)])


def test_people_read_it_in_korean(settings: BotSettings) -> None:
    filled(settings.counts_file)
    text = "\n".join(run(settings, 7, False, DAY))
    assert "질문 7건: 답 2, 거절 3, 인사 1, 실패 1" in text
    for part in (
        "근거를 찾지 못함",
        "언어 모델이 답을 쓰다가 멈췄습니다",
        "도움이 안 됨 2",
        "내용이 틀림",
        "notice-7",
    ):
        assert part in text


def test_a_store_without_counts_says_so(settings: BotSettings) -> None:
    assert say("report.none") in list(run(settings, 30, False, DAY))
    assert not settings.counts_file.exists()


def test_only_the_days_that_are_asked_for_are_told(settings: BotSettings) -> None:
    filled(settings.counts_file, DAY - timedelta(days=7))
    filled(settings.counts_file)
    assert [one["day"] for one in report(settings, 7)["by_day"]] == ["2025-04-17"]
    assert [one["day"] for one in report(settings, 8)["by_day"]] == ["2025-04-10", "2025-04-17"]


@pytest.mark.parametrize("days", [0, -1, DAYS + 1])
def test_a_number_of_days_that_cannot_be_is_one_line(settings: BotSettings, days: int) -> None:
    with pytest.raises(ReportError, match=f"{days}일"):
        list(run(settings, days, False, DAY))


def test_counts_of_several_servers_add_up(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite3"
    several = [Counts(path, lambda: DAY) for _ in range(4)]

    def work(counts: Counts) -> None:
        for number in range(100):
            counts.note("answer")
            if number % 10 == 0:
                counts.flush()
        counts.flush()

    threads = [threading.Thread(target=work, args=(counts,)) for counts in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_counts(path, DAY, DAY) == [Count("2025-04-17", "answer", "", 400)]


def test_the_file_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite3"
    old = Counts(path, lambda: DAY - timedelta(days=DAYS))
    old.note("answer")
    old.flush()
    counts = Counts(path, lambda: DAY)
    for number in range(MOST_CITED + 50):
        counts.note("cited", f"글-{number:05}")
    counts.note("cited", "글-99999")
    counts.note("cited", "글-99999")
    counts.flush()
    found = read_counts(path, DAY - timedelta(days=2 * DAYS), DAY)
    assert len(found) == MOST_CITED and Count("2025-04-17", "cited", "글-99999", 2) in found
    assert {one.day for one in found} == {"2025-04-17"}


def test_what_cannot_be_written_is_kept_for_the_next_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "counts.sqlite3"
    path.mkdir()
    counts = Counts(path, lambda: DAY)
    counts.note("answer")
    counts.flush()
    assert "could not be written" in caplog.text
    path.rmdir()
    counts.note("answer")
    counts.flush()
    assert read_counts(path, DAY, DAY) == [Count("2025-04-17", "answer", "", 2)]


def test_a_damaged_file_is_one_korean_line(settings: BotSettings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.counts_file.parent.mkdir()
    settings.counts_file.write_bytes(b"x" * 5000)
    with pytest.raises(LedgerError, match="운영 기록 파일"):
        list(run(settings, 30, False, DAY))
    assert main(["report", "--store", str(settings.store)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_server_counts_what_is_asked_of_it(tmp_path: Path) -> None:
    settings = BotSettings(store=tmp_path)
    with inside(LibraryBot(), WebSettings(counts=str(settings.counts_file))) as site:
        site.wait_ready()
        for question in ("관장은 누구인가요?", f"축구 {CANARY}?", "고장?"):
            site.post("/api/chat", {"question": question})
    found = report(settings, 1, date.today())
    assert found["by_kind"] == {"answer": 1, "refusal": 1, "smalltalk": 0, "failed": 1, "left": 0}
    assert found["cited"][0]["article"] == "library"
    assert not [path for path in tmp_path.rglob("*") if CANARY.encode() in path.read_bytes()]


def test_the_titles_are_those_of_the_index(report_store: Path, tmp_path: Path) -> None:
    settings = BotSettings(store=report_store, registry=tmp_path / "registry.sqlite3")
    catalog = Catalog(current_generation(report_store) / "articles")
    first = next(iter(catalog.articles()))
    catalog.close()
    counts = Counts(settings.counts_file, lambda: DAY)
    counts.note("answer")
    counts.note("cited", first.id)
    counts.note("cited", "gone")
    counts.flush()
    found = {one["article"]: one["title"] for one in report(settings)["cited"]}
    assert found == {first.id: first.title, "gone": None}
