"""What is taken down is gone from every way out within a second, and comes back when it is put back."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from llm_stub import Stub
from posts import ROOT, post, town, write

from bot.bot import Bot
from bot.cli import main
from bot.settings import BotSettings
from bot.types import Answer, Sources
from bot.web.evidence import evidence_html
from ingest.pipeline import reindex
from vectorstore import takedowns
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.takedowns import Hidden, effective, name_form, plain_name, put, read, undo

MARKET = "야시장은 몇 시에 여나요?"
SAID = "상인회장은 무슨 말을 했나요?"


@pytest.fixture
def store(tmp_path: Path, encoder: KiwiEncoder) -> Path:
    write(tmp_path / "store", encoder, *town())
    return tmp_path / "store"


@pytest.fixture
def bot(store: Path) -> Bot:
    made = Bot(BotSettings(store=store))
    made.warm()
    return made


def soon(found: object) -> bool:
    """Whether it comes true within two seconds."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if found():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def ids(index: Index, question: str) -> set[str]:
    return {hit.chunk.article for hit in index.search(question, 10)}


def test_a_running_bot_answers_from_no_article_that_is_taken_down_and_again_when_it_is_put_back(
    bot: Bot, store: Path
) -> None:
    assert {cited.article for cited in bot.answer(MARKET).citations} == {"market"}
    market_questions = bot.follow_ups(bot.answer(MARKET))
    entry = put(store, "article", "market")
    assert soon(lambda: bot.article("market") is None)
    after = bot.answer(MARKET)
    assert after.refused or {cited.article for cited in after.citations} <= {"river", "baduk"}
    assert "야시장" not in " ".join(bot.suggestions())
    assert all(cited.article != "market" for q in market_questions for cited in bot.answer(q).citations)
    undo(store, entry)
    assert soon(lambda: bot.article("market") is not None)
    assert {cited.article for cited in bot.answer(MARKET).citations} == {"market"}


def test_a_name_that_is_taken_down_is_nowhere_in_what_the_bot_gives_out(bot: Bot, store: Path) -> None:
    before = bot.answer(SAID)
    assert "오지훈" in before.answer + "".join(cited.quote for cited in before.citations)
    put(store, "name", "오지훈")
    assert soon(lambda: "오지훈" not in str(bot.article("market")))
    asked = [
        SAID,
        "오지훈은 누구인가요?",
        "오 지훈 씨가 뭐라고 했나요?",
        "기사를 요약해 주세요.",
        MARKET,
        *bot.suggestions(),
    ]
    for question in asked:
        answer = bot.answer(question)
        shown = answer.answer + str(answer.citations) + evidence_html(answer, bot.article)
        assert "오지훈" not in shown.replace(question, ""), question
        assert "손님이 다시 찾는" not in str(answer.citations), question
    assert bot.answer("오지훈은 누구인가요?").refused
    assert bot.answer(SAID).refused  # and not answered with the next best sentence
    assert not bot.answer(MARKET).refused
    assert "오지훈" not in " ".join(bot.suggestions())


def test_a_language_model_is_never_shown_what_is_taken_down(store: Path) -> None:
    with Stub() as stub:
        settings = BotSettings(store=store, llm="openai:stub", llm_url=stub.url + "/v1")
        bot = Bot(settings)
        bot.warm()
        put(store, "name", "오지훈")
        assert soon(lambda: "오지훈" not in str(bot.article("market")))
        del stub.requests[:]
        assert bot.answer(SAID).refused
        bot.answer("기사를 요약해 주세요.")
        told = str([request.body for request in stub.requests])
        assert "오지훈" not in told and "손님이 다시 찾는" not in told
        assert bot._model is not None
        bot._model.close()


def test_no_event_of_a_stream_shows_a_sentence_that_is_taken_down(bot: Bot, store: Path) -> None:
    put(store, "name", "오지훈")
    assert soon(lambda: "오지훈" not in str(bot.article("market")))
    events = list(bot.stream(SAID))
    assert isinstance(events[-1], Answer) and events[-1].refused
    assert not any(isinstance(event, Sources) for event in events)
    assert "손님이 다시 찾는" not in str(events)


def test_every_command_that_shows_articles_leaves_them_out(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, "article", "river")
    put(store, "name", "오지훈")
    at = ("--store", str(store))
    assert main(["search", "산책로 공사비는 얼마인가요?", "-k", "50", *at]) == 0
    assert main(["search", "상인회장", *at]) == 0
    assert main(["show", "market", *at]) == 0
    assert main(["info", *at]) == 0
    assert main(["ask", "산책로 공사비는 얼마인가요?", "--json", *at]) == 0
    out = capsys.readouterr().out
    assert "산책로 정비" not in out and "river" not in out and "오지훈" not in out
    assert "상인회장 ○○○ 씨는" in out
    assert main(["show", "river", *at]) == 1
    assert "그런 기사가 없습니다" in capsys.readouterr().err
    assert main(["search", "오지훈", *at]) == 0
    assert capsys.readouterr().out == ""


def test_offsets_stay_true_where_a_name_is_unreadable(store: Path, encoder: KiwiEncoder) -> None:
    before = Index(store, encoder).article("market")
    put(store, "name", "오지훈")
    index = Index(store, encoder)
    after = index.article("market")
    assert before is not None and after is not None
    assert len(before.text) == len(after.text)
    assert [(one.start, one.end) for one in index.sentences("market")] == [
        (one.start, one.end) for one in Index(store, encoder).generation.catalog.sentences("market")
    ]
    assert [after.text[one.start : one.end] for one in index.sentences("market") if one.hidden] == [
        before.text[one.start : one.end].replace("오지훈", "○○○")
        for one in index.sentences("market")
        if "오지훈" in before.text[one.start : one.end]
    ]
    for hit in index.search("상인회장은 무슨 말을 했나요?", 10):
        article = index.article(hit.chunk.article)
        assert article is not None
        assert article.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_a_takedown_outlives_an_ingest_a_reindex_and_a_restart(store: Path, encoder: KiwiEncoder) -> None:
    put(store, "article", "market")
    put(store, "name", "배소라")
    write(store, encoder, *town(), post("duck", "배소라 과장은 오리 축제에 왔다."))
    assert reindex(store, encoder) == 4
    index = Index(store, encoder)
    assert index.article_ids() == ["baduk", "duck", "river"]
    assert "market" not in ids(index, MARKET)
    assert "배소라" not in str([index.article(id) for id in index.article_ids()])
    assert "market" not in index.newest_articles(9)


def test_the_newest_article_that_is_left_is_the_newest(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    for id in ("baduk", "market"):
        assert index.newest_articles(1) == [id]
        put(store, "article", id)
        assert soon(lambda id=id: index.newest_articles(1) != [id])
    assert index.newest_articles(1) == ["river"]


def test_a_takedown_of_some_days_ends_by_itself(store: Path, encoder: KiwiEncoder) -> None:
    entry = put(store, "article", "market", days=30)
    assert entry.until is not None and entry.holds(entry.since) and not entry.holds(entry.until)
    index = Index(store, encoder)
    assert index.article("market") is None
    records = json.loads((store / takedowns.FILE).read_text(encoding="utf-8"))
    records[0]["until"] = entry.since  # thirty days have passed
    (store / takedowns.FILE).write_text(json.dumps(records), encoding="utf-8")
    assert soon(lambda: index.article("market") is not None)
    assert effective(store) == ()


def test_the_log_tells_who_did_what_and_when(store: Path) -> None:
    undo(store, put(store, "name", "오지훈", days=7))
    lines = [json.loads(line) for line in (store / takedowns.LOG).read_text(encoding="utf-8").splitlines()]
    assert [(line["action"], line["kind"], line["what"]) for line in lines] == [
        ("takedown", "name", "오지훈"),
        ("undo", "name", "오지훈"),
    ]
    assert all(line["by"] and line["time"].endswith("+00:00") for line in lines)


def test_the_command_takes_down_lists_and_puts_back(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--store", str(store))
    assert main(["takedown", "market", "--until", "30", *at]) == 0
    assert main(["takedown", "오 지훈", *at]) == 0
    capsys.readouterr()
    assert main(["takedown", "--list", *at]) == 0
    listed = capsys.readouterr().out
    assert "기사  market" in listed and "까지)" in listed and "이름  오지훈" in listed
    for what in ("market", "오지훈"):
        assert main(["takedown", what, "--undo", *at]) == 0
    assert main(["takedown", "--list", *at]) == 0
    assert "내려 둔 기사나 이름이 없습니다" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-article"], "그런 기사가 없고"),
        (["market", "--undo"], "내려 둔 것이 아닙니다"),
        (["market", "--until", "0"], "날수"),
        ([], "적어 주세요"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    store: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["takedown", *words, "--store", str(store)]) == 1
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_list_that_cannot_be_read_shows_nothing_at_all(store: Path, encoder: KiwiEncoder) -> None:
    index = Index(store, encoder)
    for text in ("엉망", "{}", '[{"kind": "place", "what": "광주", "since": ""}]', '["market"]'):
        (store / takedowns.FILE).write_text(text, encoding="utf-8")
        with pytest.raises(StoreError, match="게시 중단 목록"):
            read(store)
    with pytest.raises(StoreError, match="게시 중단 목록"):
        time.sleep(takedowns.EVERY)
        index.search(MARKET)


LOOP = """
import sys
from pathlib import Path
from vectorstore.takedowns import put, undo
store = Path(sys.argv[1])
print("ready", flush=True)
while True:
    undo(store, put(store, "article", "market"))
"""


def test_a_kill_in_the_middle_of_a_write_leaves_a_whole_list(tmp_path: Path) -> None:
    put(tmp_path, "name", "오지훈")
    dice = random.Random(7)
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            time.sleep(dice.uniform(0.0, 0.08))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
        entries = {(entry.kind, entry.what) for entry in read(tmp_path)}
        assert entries in ({("name", "오지훈")}, {("name", "오지훈"), ("article", "market")})
        for line in (tmp_path / takedowns.LOG).read_text(encoding="utf-8").splitlines():
            json.loads(line)
    put(tmp_path, "article", "river")  # no lock is left behind
    assert "river" in {entry.what for entry in read(tmp_path)}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("홍길동", "홍길동은 왔다", True),
        ("홍길동", "홍 길동 씨", True),
        ("홍길동", "홍 길 동", True),
        ("홍길동", "의원홍길동", True),
        ("홍길동", "홍길순", False),
        ("허준", "허준은 왔다", True),
        ("허준", "허준 의원", True),
        ("허준", "허준의원", True),
        ("허준", "허준호", False),
        ("허준", "박허준", False),
        ("John Doe", "by john  doe.", True),
        ("John Doe", "Johnny Doe", False),
    ],
)
def test_a_name_is_known_as_it_is_written(name: str, text: str, found: bool) -> None:
    assert Hidden(names=(name,)).asked(text) is found
    assert name_form(name)


def test_a_name_is_kept_in_one_form() -> None:
    assert plain_name("  홍  길동 ") == "홍길동"
    assert plain_name("\u1112\u1169\u11bc길동") == "홍길동"
    assert plain_name("John   Doe") == "John Doe"


def test_an_empty_list_costs_a_search_nothing_that_can_be_measured(store: Path, encoder: Encoder) -> None:
    index = Index(store, encoder)
    started = time.perf_counter()
    for _ in range(10_000):
        index._takedowns.now()
    assert time.perf_counter() - started < 0.1  # 10 µs each; a search takes milliseconds


def test_the_list_is_kept_from_others_in_the_log(store: Path) -> None:
    put(store, "article", "market")
    if os.name != "nt":
        assert (store / takedowns.LOG).stat().st_mode & 0o077 == 0
