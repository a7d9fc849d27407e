"""Named corpora: stores of their own, which no question, page, site or takedown mixes."""

import gc
import json
import threading
import unicodedata
from pathlib import Path

import pytest
from posts import Lines, article, soon, write
from web_server import events, inside
from web_sites import shown

from bot.bot import Bot
from bot.cli import main
from bot.corpora import Corpora
from bot.feedback import entries, feedback_file
from bot.settings import BotSettings
from bot.sites.changes import add_site, set_disabled
from bot.sites.types import Look
from bot.types import Answer
from bot.web.operation import Operation, watched
from bot.web.types import WebSettings
from ingest.split import prepare
from vectorstore.corpora import CorpusError, at_corpus, good_name, names
from vectorstore.kiwi_encoder import KiwiEncoder

OPENS = "마을 도서관은 몇 시에 여나요?"
ORIGIN = "https://cafe.example.kr"


def library(hour: str, chief: str) -> Lines:
    """The same report in two towns, but for the hour and the name."""
    return (
        ("title", "마을 도서관이 새로 문을 연다"),
        (
            "body",
            f"마을 도서관은 아침 {hour}에 연다. 관장 {chief} 씨는 “누구나 와서 읽으면 좋겠다”고 말했다.",
        ),
    )


@pytest.fixture
def store(tmp_path: Path, encoder: KiwiEncoder) -> Path:
    """A store with two corpora; the id of the article is the same in all three."""
    root = tmp_path / "store"
    towns = {
        root: library("7시", "문서윤"),
        root / "corpora" / "산마을": library("8시", "오지훈"),
        root / "corpora" / "sea-town": library("10시", "배소라"),
    }
    for place, lines in towns.items():
        write(place, encoder, prepare(article("library", lines)))
    return root


@pytest.fixture
def corpora(store: Path) -> Corpora:
    return Corpora(BotSettings(store=store))


def told(bot: Bot, question: str = OPENS) -> str:
    answer = bot.answer(question)
    return answer.answer + " ".join(citation.quote for citation in answer.citations)


def test_the_same_question_is_answered_from_the_corpus_that_is_asked(corpora: Corpora) -> None:
    hours = {None: "7시", "산마을": "8시", "sea-town": "10시"}
    for name, hour in hours.items():
        text = told(corpora.bot(name))
        assert hour in text, name
        assert not any(other in text for other in hours.values() if other != hour), name


def test_an_article_of_the_same_id_is_that_of_its_corpus(corpora: Corpora) -> None:
    texts = [corpora.bot(name).article("library") for name in (None, "산마을", "sea-town")]
    assert len({found.text for found in texts if found is not None}) == 3


def test_a_corpus_is_known_by_its_name_in_any_case_and_form(corpora: Corpora) -> None:
    assert corpora.bot("SEA-Town") is corpora.bot("sea-town")
    assert corpora.bot(unicodedata.normalize("NFD", "산마을")) is corpora.bot("산마을")


def test_an_unknown_corpus_is_one_korean_line_and_nobody_elses_answer(corpora: Corpora) -> None:
    with pytest.raises(CorpusError) as caught:
        corpora.bot("들마을")
    assert "들마을" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value.fields.get("store", "")) == ""


BAD = [
    "",
    ".",
    "..",
    "../산마을",
    "a/b",
    "a\\b",
    "/etc",
    "-x",
    "가" * 41,
    "a b",
    "a\n",
    "a\x00",
    "C:",
    "~",
    "가.나",
]


@pytest.mark.parametrize("name", BAD)
def test_a_name_is_no_path(corpora: Corpora, name: str) -> None:
    with pytest.raises(CorpusError) as caught:
        corpora.bot(name)
    assert len(str(caught.value).splitlines()) == 1


def test_a_name_may_have_letters_digits_hyphens_and_hangul_up_to_40() -> None:
    for name in ("cafe-2", "동네카페", "2024-모임", "가" * 40, "1"):
        assert good_name(name) == name


def test_only_so_many_corpora_are_held_and_each_is_right_after_it_was_let_go(store: Path) -> None:
    corpora = Corpora(BotSettings(store=store), kept=1)
    first = corpora.bot("산마을")
    assert "8시" in told(first)
    assert "10시" in told(corpora.bot("sea-town"))
    assert corpora.bot("산마을") is not first
    assert "8시" in told(corpora.bot("산마을"))
    assert corpora.bot() is corpora.bot()


def test_many_threads_that_ask_several_corpora_get_one_bot_each_and_its_own_answers(store: Path) -> None:
    corpora = Corpora(BotSettings(store=store))
    hours = {None: "7시", "산마을": "8시", "sea-town": "10시"}
    wrong: list[str] = []

    def ask(name: str | None) -> None:
        for _ in range(5):
            text = told(corpora.bot(name))
            if hours[name] not in text:
                wrong.append(f"{name}: {text}")

    threads = [threading.Thread(target=ask, args=(name,)) for name in (*hours, *hours, *hours)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert wrong == []


def test_all_bots_share_one_encoder(corpora: Corpora) -> None:
    bots = [corpora.bot(name) for name in (None, "산마을", "sea-town")]
    assert len({id(bot._engines.encoder) for bot in bots}) == 1


def test_an_article_taken_down_in_one_corpus_stays_in_the_others(
    corpora: Corpora, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bots = {name: corpora.bot(name) for name in (None, "산마을", "sea-town")}
    for bot in bots.values():
        bot.warm()
    assert main(["takedown", "library", "--store", str(store), "--corpus", "산마을"]) == 0
    assert soon(lambda: bots["산마을"].article("library") is None)
    assert bots["산마을"].answer(OPENS).citations == ()
    assert "7시" in told(bots[None])
    assert "10시" in told(bots["sea-town"])
    assert main(["takedown", "--list", "--store", str(store)]) == 0
    assert "library" not in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("ordered", [[], ["--corpus", "산마을"], ["--corpus", "sea-town"]])
def test_a_name_taken_down_anywhere_is_so_everywhere_and_comes_back_everywhere(
    store: Path, encoder: KiwiEncoder, capsys: pytest.CaptureFixture[str], ordered: list[str]
) -> None:
    for place in (store, store / "corpora" / "산마을", store / "corpora" / "sea-town"):
        write(place, encoder, prepare(article("again", library("9시", "홍나래"))))
    corpora = Corpora(BotSettings(store=store))
    bots = [corpora.bot(name) for name in (None, "산마을", "sea-town")]
    assert all("홍나래" in str(bot.article("again")) for bot in bots)
    assert main(["takedown", "홍나래", "--store", str(store), *ordered]) == 0
    assert soon(lambda: not any("홍나래" in str(bot.article("again")) for bot in bots))
    for place in ([], ["--corpus", "산마을"]):
        capsys.readouterr()
        assert main(["takedown", "--list", "--store", str(store), *place]) == 0
        assert "홍나래" in capsys.readouterr().out
    assert main(["takedown", "홍나래", "--undo", "--store", str(store), "--corpus", "sea-town"]) == 0
    assert soon(lambda: all("홍나래" in str(bot.article("again")) for bot in bots))


def test_the_command_line_keeps_corpora_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--store", str(tmp_path / "store")]
    for corpus, hour in (("산마을", "8시"), ("sea-town", "10시")):
        source = tmp_path / f"{corpus}.jsonl"
        record = {"id": "library", "title": "마을 도서관", "text": f"마을 도서관은 아침 {hour}에 연다."}
        source.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        assert main(["ingest", str(source), "--corpus", corpus, *at]) == 0
    assert list(names(tmp_path / "store")) == ["sea-town", "산마을"]
    capsys.readouterr()
    for corpus, hour, other in (("산마을", "8시", "10시"), ("Sea-Town", "10시", "8시")):
        commands: list[list[str]] = [
            ["ask", OPENS, "--json"],
            ["search", OPENS, "--json"],
            ["show", "library"],
        ]
        for argv in commands:
            assert main([*argv, "--corpus", corpus, *at]) == 0
            out = capsys.readouterr().out
            assert hour in out, argv
            assert other not in out, argv
        assert main(["reindex", "--corpus", corpus, *at]) == 0
        assert main(["info", "--json", "--corpus", corpus, *at]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["articles"] == 1
    assert main(["doctor", "--corpus", "산마을", *at]) == 0


def test_the_list_of_corpora_tells_of_each_and_of_a_broken_one(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--store", str(store)]
    assert main(["info", "--corpora", *at]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["sea-town", "산마을"]
    assert main(["info", "--corpora", "--json", *at]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(record["corpus"], record["articles"]) for record in records] == [("sea-town", 1), ("산마을", 1)]
    (store / "corpora" / "sea-town" / "CURRENT").write_text("엉망", encoding="utf-8")
    assert main(["info", "--corpora", "--json", *at]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "error" in records[0]
    assert records[1]["articles"] == 1
    assert main(["info", "--corpora", "--store", str(tmp_path / "없음")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    "command", ["ask", "chat", "search", "show", "info", "reindex", "doctor", "takedown"]
)
def test_every_command_refuses_an_unknown_or_bad_corpus_in_one_line(
    store: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    wanted = {"ask": [OPENS], "search": [OPENS], "show": ["library"], "takedown": ["library"]}.get(
        command, []
    )
    for name in ("들마을", "../산마을"):
        assert main([command, *wanted, "--corpus", name, "--store", str(store)]) == 1
        out, err = capsys.readouterr()
        told = [line for line in (out + err).splitlines() if name in line]
        assert len(told) == 1, out + err
    assert not (store / "corpora" / "들마을").exists()


def test_a_new_corpus_does_not_need_the_store_above_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--store", str(tmp_path / "store")]
    assert main(["ingest", "--corpus", "동네", *at]) == 0
    assert main(["ask", "2부 사회는 누가 봤나요?", "--corpus", "동네", *at]) == 0
    assert "임한필" in capsys.readouterr().out
    assert not (tmp_path / "store" / "CURRENT").exists()
    assert main(["ask", OPENS, *at]) == 1


def test_a_site_is_answered_suggested_shown_and_rated_from_its_corpus(
    store: Path, encoder: KiwiEncoder
) -> None:
    hill = store / "corpora" / "산마을"
    write(hill, encoder, prepare(article("hill", library("9시", "홍나래"))))
    settings = BotSettings(store=store)
    path = settings.registry_file
    corpora, look = Corpora(settings), {"7시": None, "8시": "산마을", "10시": "Sea-Town"}
    sites = {
        hour: add_site(path, f"모임 {name}", [ORIGIN], Look(corpus=name)).id for hour, name in look.items()
    }
    with inside(corpora.bot(), WebSettings(registry=path), corpora.of_site) as running:
        running.wait_ready()
        for hour, site in sites.items():
            visitor = shown(running, site, ORIGIN)
            asked = {
                "question": OPENS if hour != "8시" else "오지훈 관장의 도서관은 몇 시에 여나요?",
                "site": site,
            }
            answer = dict(events(running.post("/api/chat", asked, visitor)))["answer"]
            assert hour in answer["answer"] + str(answer["citations"])
            cited = answer["citations"][0]
            where = f"article={cited['article']}&start={cited['start']}&end={cited['end']}&site={site}"
            assert running.get(f"/embed/evidence?{where}", visitor).json["quote"] == cited["quote"]
            assert running.get(f"/embed/suggestions?site={site}").json["questions"]
            rated = {"id": answer["id"], "verdict": "up", "sources": ["library", "hill"], "site": site}
            assert running.post("/api/feedback", rated, visitor).status == 204
        assert "7시" in dict(events(running.post("/api/chat", {"question": OPENS})))["answer"]["answer"]
    kept = {one.site: set(one.sources) for one in entries(feedback_file(path))}
    assert kept == {
        "모임 None": {"library"}, "모임 산마을": {"library", "hill"}, "모임 Sea-Town": {"library"}
    }  # fmt: skip


def test_a_site_whose_corpus_is_not_there_gets_one_line_and_nobody_elses_answer(store: Path) -> None:
    settings = BotSettings(store=store)
    path = settings.registry_file
    lost = add_site(path, "잃은 곳", [ORIGIN], Look(corpus="들마을")).id
    corpora = Corpora(settings)
    with inside(corpora.bot(), WebSettings(registry=path), corpora.of_site) as running:
        running.wait_ready()
        visitor = shown(running, lost, ORIGIN)
        for reply in (
            running.post("/api/chat", {"question": OPENS, "site": lost}, visitor),
            running.get(f"/embed/suggestions?site={lost}"),
            running.get(f"/embed/evidence?article=library&start=0&end=5&site={lost}", visitor),
        ):
            assert reply.status == 503
            assert "들마을" in reply.json["error"]
            assert len(reply.json["error"].splitlines()) == 1
        set_disabled(path, "잃은 곳", True)
        asked = {"question": OPENS, "site": lost}
        assert soon(lambda: running.post("/api/chat", asked, visitor).status == 403)


def test_questions_to_every_corpus_are_counted(store: Path) -> None:
    settings = BotSettings(store=store)
    site = add_site(settings.registry_file, "모임", [ORIGIN], Look(corpus="산마을"))
    corpora = Corpora(settings)
    operation = Operation.of(WebSettings())
    own, chosen = watched(corpora.bot(), corpora.of_site, operation)
    assert chosen(None) is own
    for bot in (own, chosen(site)):
        assert any(isinstance(event, Answer) for event in bot.stream(OPENS, (), lambda: False))
    assert sum(operation.meters.ended().values()) == 2


def open_files() -> int:
    """How many there are once what nobody needs any longer is collected."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_a_corpus_that_was_let_go_keeps_no_files_open(store: Path) -> None:
    corpora = Corpora(BotSettings(store=store), kept=1)
    for _ in range(2):
        told(corpora.bot("산마을"))
        told(corpora.bot("sea-town"))
    before = open_files()
    for _ in range(4):
        told(corpora.bot("산마을"))
        told(corpora.bot("sea-town"))
    assert open_files() <= before + 4


def test_the_settings_of_a_corpus_differ_in_the_store_alone(store: Path) -> None:
    settings = BotSettings(store=store, port=1234)
    inner = at_corpus(settings, "산마을")
    assert inner.store == store / "corpora" / "산마을"
    assert inner.model_copy(update={"store": store}) == settings
    assert at_corpus(settings, None) is settings
