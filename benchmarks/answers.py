"""How well the bot answers: `make bench`, or `python benchmarks/answers.py [--questions N]`.

The gold questions of the forum (where `../shared` is there), of `tests/data/second` and `tests/data/village`,
each of these two by halves: that whose failures were looked at, and that which was not. Then KorQuAD A with
all its passages brought in, for measuring only: F1 of the short answer over letters, how often a quoted
sentence holds an answer, the AUROC of telling these questions from the same ones with their passage left out
of what is found, and how many are refused where the bundled report is all that there is. Figures go to
`results/answers-<commit>.json`, the picture to `answers.svg`.
"""

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from figures import RESULTS, git  # noqa: E402  # beside this file

from bot.answerable import holding, probability, signals  # noqa: E402
from bot.bot import Bot  # noqa: E402
from bot.chain import READ_CHUNKS, READ_SENTENCES  # noqa: E402
from bot.evaluation.answers import Answers, Gold, evaluate_answers, read_gold  # noqa: E402
from bot.evaluation.picture import Bar, Panel, draw  # noqa: E402
from bot.evaluation.report import answer_table, record  # noqa: E402
from bot.evidence import Asked, rank  # noqa: E402
from bot.passages import Pages  # noqa: E402
from bot.question import understand  # noqa: E402
from bot.reader.model import read  # noqa: E402
from bot.settings import BotSettings  # noqa: E402
from ingest.pipeline import ingest_sources  # noqa: E402
from vectorstore.kiwi_encoder import KiwiEncoder  # noqa: E402
from vectorstore.reader import Index  # noqa: E402
from vectorstore.types import Hit  # noqa: E402

DATA, SHARED = ROOT / "tests" / "data", ROOT.parent / "shared"
PICTURE = ROOT / "benchmarks" / "answers.svg"
MAX_CHARS = 400
QUESTIONS = 600  # of KorQuAD
SEED = 7
GOALS = {"f1": 0.50, "quoted": 0.75, "auroc": 0.85}


def main() -> int:
    """Measure, print, keep the figures and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="of KorQuAD")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="forum-bot-answers-") as folder:
        for name, sources, gold in sets():
            store = Path(folder) / str(len(found))
            ingest_sources(sources, store, KiwiEncoder())
            found.append(evaluate_answers(Bot(BotSettings(store=store)), name, gold, MAX_CHARS))
            print("\n".join(list(answer_table(found[-1]))[-len(found[-1].categories) - 4 :]), flush=True)
        korquad = open_domain(Path(folder), arguments.questions)
    for name, value in korquad.items():
        goal = f">= {GOALS[name]}" if name in GOALS else ""
        print(f"KorQuAD A, open domain: {name:10} {value:8.3f} {goal}")
    keep(found, korquad)
    return 0


def sets() -> Iterator[tuple[str, list[str], list[Gold]]]:
    """(name, what to bring in, questions) of each gold set that is there."""
    public = SHARED / "eval" / "forum_public.jsonl"
    if public.is_file():
        yield "forum, the article", [str(SHARED / "corpus")], read_gold(public)
        yield "forum, the bundled report", [], read_gold(public)
    else:
        print("forum: not measured, ../shared is not there")
    for name, source in (("second", "article.txt"), ("village", "articles.jsonl")):
        gold = read_gold(DATA / name / "gold.jsonl")
        for half, start in (("looked at", 0), ("held out", 1)):
            yield f"{name}, {half}", [str(DATA / name / source)], gold[start::2]


def open_domain(folder: Path, count: int) -> dict[str, float]:
    """The figures over KorQuAD A; none where it is not there."""
    passages, questions = (SHARED / "eval" / f"korquad_a_{name}.jsonl" for name in ("passages", "questions"))
    if not (passages.is_file() and questions.is_file()):
        print("KorQuAD A: not measured, ../shared is not there")
        return {}
    store, encoder = folder / "korquad", KiwiEncoder()
    ingest_sources([str(passages)], store, encoder)
    bot, index = Bot(BotSettings(store=store)), Index(store, encoder)
    pages = Pages(index)
    asked = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    some = random.Random(SEED).sample(asked, min(count, len(asked)))
    answers = [bot.answer(item["question"]) for item in some]
    f1 = [best_f1(answer.short or "", item["answers"]) for answer, item in zip(answers, some, strict=True)]
    quoted = [
        any(squeezed(gold) in squeezed(cited.quote) for cited in answer.citations for gold in item["answers"])
        for answer, item in zip(answers, some, strict=True)
    ]
    with_it, without = [], []
    for item in some:
        hits = index.search(item["question"], READ_CHUNKS + 3)
        others = [hit for hit in hits if hit.chunk.article != item["passage"]]
        with_it.append(confidence(pages, item["question"], hits[:READ_CHUNKS]))
        without.append(confidence(pages, item["question"], others[:READ_CHUNKS]))
    return {
        "questions": len(some), "f1": statistics.fmean(f1), "quoted": statistics.fmean(quoted),
        "refused": statistics.fmean(answer.kind == "refusal" for answer in answers),
        "stated": statistics.fmean(answer.short is not None for answer in answers),
        "auroc": auroc(with_it, without), "elsewhere": elsewhere(folder, [item["question"] for item in some]),
    }  # fmt: skip


def elsewhere(folder: Path, questions: Sequence[str]) -> float:
    """The share of questions about other things that the bundled report alone does not answer."""
    store = folder / "elsewhere"
    ingest_sources([], store, KiwiEncoder())
    bot = Bot(BotSettings(store=store))
    return statistics.fmean(bot.answer(question).refused for question in questions)


def confidence(pages: Pages, question: str, hits: Sequence[Hit]) -> float:
    """How sure the bot is that these chunks answer the question, 0 to 1."""
    asked = Asked.of(understand(question), pages.words)
    ranked = rank(asked, pages.candidates(hits))[:READ_SENTENCES]
    if not ranked or not holding(asked.question, ranked):
        return 0.0
    return probability(signals(asked, ranked, read(asked, ranked)))


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The chance that a right one scores above a wrong one (Fawcett 2006), by scikit-learn."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(right) + [0] * len(wrong), [*right, *wrong]))


def squeezed(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[^\w]", "", text)


def best_f1(found: str, gold: Sequence[str]) -> float:
    """F1 over letters against the nearest of the right answers, as KorQuAD counts it."""
    letters = Counter(squeezed(found))
    best = 0.0
    for answer in gold:
        other = Counter(squeezed(answer))
        common = sum((letters & other).values())
        best = max(best, 2 * common / max(letters.total() + other.total(), 1))
    return best


def failed(answers: Answers) -> list[str]:
    """The ids of the questions that were answered wrongly."""
    return [one.id for one in answers.judged if one.problems]


def keep(found: Sequence[Answers], korquad: dict[str, float]) -> None:
    """Write the figures beside the commit that they were measured on, and draw the picture."""
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    figures: dict[str, Any] = {
        "commit": commit,
        "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "sets": [
            {**record(each), "judged": [one.id for one in each.judged if one.problems]} for each in found
        ],
        "korquad_open_domain": {name: round(value, 4) for name, value in korquad.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"answers-{commit}.json"
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    bars = [Bar(f"{each.data} ({each.whole.questions})", (each.whole.right,)) for each in found]
    charts = [Panel("gold questions answered right", (), tuple(bars))]
    for each in found[:1]:
        parts = (Bar(f"{name} ({one.questions})", (one.right,)) for name, one in each.categories.items())
        charts.append(Panel(each.data, (), tuple(parts)))
    PICTURE.write_text(draw(charts), encoding="utf-8")
    print(f"-> {path.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
