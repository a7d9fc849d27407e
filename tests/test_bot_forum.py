"""The forum's questions on the real article and on the bundled report; skipped where they are not at hand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from posts import ROOT

from bot.batch import answer_batch
from bot.bot import Bot
from bot.settings import BotSettings
from ingest.pipeline import ingest_sources
from vectorstore.cli import read_batch
from vectorstore.kiwi_encoder import KiwiEncoder

SHARED = ROOT.parent / "shared"
GOLD = SHARED / "eval" / "forum_public.jsonl"
CORPUS = SHARED / "corpus"
LEAST = 87.0  # per cent
APART = 8.0  # points between the article and the report in our own words

pytestmark = pytest.mark.skipif(
    not (GOLD.is_file() and CORPUS.is_dir()),
    reason="the forum's article and questions are not beside the checkout",
)


@pytest.fixture(scope="module")
def article_bot(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Bot:
    store = tmp_path_factory.mktemp("forum") / "store"
    ingest_sources([str(CORPUS)], store, encoder)
    return Bot(BotSettings(store=store))


@pytest.fixture(scope="module")
def on_the_article(article_bot: Bot) -> list[dict[str, Any]]:
    return list(answer_batch(article_bot, read_batch(GOLD)))


@pytest.fixture(scope="module")
def on_the_report(report_bot: Bot) -> list[dict[str, Any]]:
    return list(answer_batch(report_bot, read_batch(GOLD)))


def passed(answers: list[dict[str, Any]], path: Path) -> float:
    """Per cent of the questions that the forum's own script passes."""
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in answers), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            str(SHARED / "eval" / "score.py"),
            str(GOLD),
            str(path),
            "--max-chars",
            "400",
            "--quiet",
        ],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return float(done.stdout.splitlines()[-1].partition("(")[2].partition("%")[0])


def test_enough_questions_pass_on_the_article(on_the_article: list[dict[str, Any]], tmp_path: Path) -> None:
    assert passed(on_the_article, tmp_path / "answers.jsonl") >= LEAST


def test_the_report_in_our_own_words_does_as_well(
    on_the_article: list[dict[str, Any]], on_the_report: list[dict[str, Any]], tmp_path: Path
) -> None:
    article = passed(on_the_article, tmp_path / "article.jsonl")
    report = passed(on_the_report, tmp_path / "report.jsonl")
    assert abs(article - report) <= APART


def test_every_citation_is_word_for_word_and_every_answer_has_one(
    article_bot: Bot, on_the_article: list[dict[str, Any]]
) -> None:
    for line in on_the_article:
        assert line["kind"] != "answer" or 1 <= len(line["citations"]) <= 6
        for citation in line["citations"]:
            article = article_bot.article(citation["article"])
            assert article is not None
            assert article.text[citation["start"] : citation["end"]] == citation["quote"]
            assert 0 < len(citation["quote"]) <= 300
