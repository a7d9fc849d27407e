"""What the search finds: `make bench`, or `python benchmarks/retrieval.py [--strict] [--only NAME]`.

All retrievers in one run: KorQuAD A as a corpus of 507 passages, with noise on 300 of its questions; the
paraphrases of tests/data; KorSTS for the encoder alone; and a large model on a GPU where there is one. The
data of KorQuAD and KorSTS is for measuring only and not in the repository: where the folder (`--data`)
is not there, its parts are skipped, which a line says. Figures go to `results/retrieval-<commit>.json`,
the picture to `retrieval.svg`. Settings count: FORUM_BOT_EMBEDDING measures another encoder.
"""

import argparse
import csv
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import encode_gpu  # noqa: E402  # beside this file
import numpy as np  # noqa: E402
from figures import RESULTS, git  # noqa: E402

from bot.evaluation.data import read_data  # noqa: E402
from bot.evaluation.picture import Bar, Panel, draw, panels  # noqa: E402
from bot.evaluation.report import record, table  # noqa: E402
from bot.evaluation.runs import evaluate  # noqa: E402
from bot.evaluation.types import Measures, Report  # noqa: E402
from vectorstore.encoders import load_encoder  # noqa: E402
from vectorstore.settings import StoreSettings, load_settings  # noqa: E402

PICTURE = ROOT / "benchmarks" / "retrieval.svg"
PARAPHRASES = ROOT / "tests" / "data" / "paraphrase.jsonl"
PARAPHRASE_TITLE = "낱말이 겹치지 않는 질문"
PARTS = ("korquad", "paraphrase", "korsts", "gpu")
FALLS = {"nfd": 3, "zero_width": 3, "full_width": 3, "unspaced": 5, "jamo_slip": 10}  # points of R@10


@dataclass(frozen=True, slots=True)
class Target:
    """One figure that the project wants: at least `goal`, or at most where `most` is set."""

    name: str
    value: float
    goal: float
    most: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is there."""
        return self.value <= self.goal if self.most else self.value >= self.goal


def main() -> int:
    """Measure, print, keep the figures and the picture; 1 where a target is missed and --strict is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="exit 1 where a target is missed")
    parser.add_argument("--only", choices=PARTS, help="one part; nothing is kept")
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "eval", help="KorQuAD and KorSTS"
    )
    arguments = parser.parse_args()
    settings = load_settings(StoreSettings)
    wanted = [arguments.only] if arguments.only else PARTS
    reports = {name: report for name in wanted if (report := measured(name, arguments.data, settings))}
    targets = [target for name, report in reports.items() for target in targets_of(name, report)]
    if "korsts" in wanted:
        targets += korsts(arguments.data / "korsts_test.tsv", settings)
    for target in targets:
        print(line(target))
    gpu = list(encode_gpu.figures()) if "gpu" in wanted else []
    for figure in gpu:
        print(figure)
    if not arguments.only:
        keep(reports, targets, gpu)
    return int(arguments.strict and not all(target.reached for target in targets))


def measured(name: str, folder: Path, settings: StoreSettings) -> Report | None:
    """The report of one part that asks an index, printed; None for other parts and for data not there."""
    places = {"korquad": (folder, "KorQuAD A"), "paraphrase": (PARAPHRASES, PARAPHRASE_TITLE)}
    if name not in places:
        return None
    place, title = places[name]
    if not place.exists():
        print(f"{name}: skipped, no data at {place}")
        return None
    report = evaluate(replace(read_data(place), name=title), settings, noise=name == "korquad")
    print("\n".join(table(report)), end="\n\n")
    return report


def targets_of(name: str, report: Report) -> Iterator[Target]:
    """What a report says about the project's targets."""
    hybrid, lexical = (measures(report, retriever) for retriever in ("hybrid", "lexical"))
    if name == "korquad":
        yield Target("KorQuAD A, hybrid R@1", hybrid.recall_1, 0.92)
        yield Target("KorQuAD A, hybrid R@10", hybrid.recall_10, 0.994)
        falls = {run.noise: run.fall for run in report.noise if run.retriever == "hybrid"}
        for noise, most in FALLS.items():
            yield Target(f"points of R@10 lost to {noise}", falls[noise], most, most=True)
    else:
        ratio = hybrid.recall_5 / lexical.recall_5 if lexical.recall_5 else float("inf")
        yield Target("paraphrase, hybrid R@5 / lexical R@5", ratio, 1.25)


def measures(report: Report, retriever: str) -> Measures:
    """The measures of one of our own retrievers, which always run."""
    found = next(run.measures for run in report.runs if run.retriever == retriever)
    assert found is not None
    return found


def korsts(path: Path, settings: StoreSettings) -> Iterator[Target]:
    """Spearman's rank correlation of cosines with people's judgement of how alike two sentences are."""
    if not path.exists():
        print(f"korsts: skipped, no data at {path}")
        return
    from scipy.stats import spearmanr

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    encoder = load_encoder(settings)
    left, right = (
        encoder.encode_documents([row[side] for row in rows]) for side in ("sentence1", "sentence2")
    )
    cosines = np.sum(left * right, axis=1)
    correlation = spearmanr(cosines, [float(row["score"]) for row in rows]).statistic
    yield Target("KorSTS test, Spearman", float(correlation), 0.66)


def line(target: Target) -> str:
    """One line of the targets."""
    sign, mark = "<=" if target.most else ">=", "ok" if target.reached else "MISSED"
    return f"{target.name:40} {target.value:8.3f} {sign} {target.goal:<6g} {mark}"


def keep(reports: dict[str, Report], targets: Sequence[Target], gpu: Sequence[str]) -> None:
    """Write the figures beside the commit that they were measured on, and draw the picture."""
    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    figures = {
        "commit": commit,
        "changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "targets": [asdict(target) | {"reached": target.reached} for target in targets],
        "reports": {name: record(report) for name, report in reports.items()},
        "gpu": list(gpu),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"retrieval-{commit}.json"
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    charts = [chart for name in PARTS if name in reports for chart in charts_of(name, reports[name])]
    PICTURE.write_text(draw(charts), encoding="utf-8")
    print(f"-> {path.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")


def charts_of(name: str, report: Report) -> list[Panel]:
    """The charts of a report; paraphrases are judged by R@5."""
    charts = panels(report)
    if name != "paraphrase":
        return charts
    bars = tuple(
        bar if run.measures is None else Bar(bar.label, (run.measures.recall_5,))
        for bar, run in zip(charts[0].bars, report.runs, strict=True)
    )
    return [Panel(charts[0].title, ("R@5",), bars)]


if __name__ == "__main__":
    sys.exit(main())
