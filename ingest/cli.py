"""`python -m ingest SOURCE… [--store PATH] [--json]`: bring articles into the index, a verdict for each."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.types import Verdict
from prompts import say
from prompts.edge import guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code (0 good, 1 nothing went in, 2 usage, 75 another ingest runs)."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments), "ingest.interrupted")


def reindex_main(store: Path | None, corpus: str | None = None) -> int:
    """Build the index anew from its stored articles; returns the exit code. Raises UserError."""
    from ingest.pipeline import reindex, stored_articles
    from vectorstore.corpora import at_corpus
    from vectorstore.encoders import load_encoder
    from vectorstore.settings import StoreSettings, load_settings

    settings = at_corpus(load_settings(StoreSettings, store=store), corpus)
    with _progress(lambda: stored_articles(settings.store)) as tick:
        count = reindex(settings.store, load_encoder(settings), tick)
    if not count:
        print(say("ingest.reindex_nothing", store=settings.store), file=sys.stderr)
        return 1
    _print(say("ingest.reindexed", count=count, store=settings.store))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=say("ingest.help"))
    parser.add_argument("source", nargs="*", metavar="SOURCE", help=say("ingest.help_source"))
    parser.add_argument("--store", type=Path, metavar="PATH", help=say("ingest.help_store"))
    parser.add_argument("--corpus", metavar="NAME", help=say("ingest.help_corpus"))
    parser.add_argument("--json", action="store_true", help=say("ingest.help_json"))
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from ingest.extent import documents_of
    from ingest.pipeline import ingest_sources
    from vectorstore.corpora import at_corpus
    from vectorstore.encoders import load_encoder
    from vectorstore.settings import StoreSettings, load_settings

    sources, as_json = arguments.source, arguments.json
    settings = at_corpus(load_settings(StoreSettings, store=arguments.store), arguments.corpus, new=True)
    encoder = load_encoder(settings)
    with _progress(lambda: documents_of(sources)) as tick:

        def hear(verdict: Verdict) -> None:
            tick(verdict.source)
            _print(json.dumps(verdict.to_json(), ensure_ascii=False) if as_json else _line(verdict))

        verdicts = ingest_sources(sources, settings.store, encoder, hear)
    return _ended(verdicts, settings.store, as_json)


def _print(line: str) -> None:
    """Print at once; a reader that went away (`| head`) does not end the work."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end


def _line(verdict: Verdict) -> str:
    text = say(f"ingest.{verdict.status}", source=verdict.source)
    if verdict.article is not None:
        text = say("ingest.with_id", verdict=text, id=verdict.article)
    return say("ingest.with_reason", verdict=text, reason=verdict.reason) if verdict.reason else text


def _ended(verdicts: Sequence[Verdict], store: Path, as_json: bool) -> int:
    """The closing line and the exit code: 1 where nothing went in or a failure was ours."""
    went_in = sum(verdict.status != "skipped" for verdict in verdicts)
    if went_in and not as_json:
        _print(say("ingest.summary", count=went_in, skipped=len(verdicts) - went_in, store=store))
    if not went_in:
        print(say("ingest.nothing", reason=_first_reason(verdicts)), file=sys.stderr)
    faults = [verdict.source for verdict in verdicts if verdict.fault]
    if faults and went_in:
        print(say("ingest.faults", source=faults[0], count=len(faults)), file=sys.stderr)
    return 0 if went_in and not faults else 1


def _first_reason(verdicts: Sequence[Verdict]) -> str:
    return next((f"{verdict.source}: {verdict.reason}" for verdict in verdicts if verdict.reason), "-")


@contextmanager
def _progress(total: Callable[[], int]) -> Iterator[Callable[[str], None]]:
    """A bar on standard error with rate and time left, where that is a terminal; called with each source."""
    if not sys.stderr.isatty():
        yield lambda source: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    # Verdicts that go into a file or a pipe stay out of rich's hands.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(say("ingest.working"), total=total(), rate="")

        def tick(source: str) -> None:
            speed = bar.tasks[task].speed
            rate = say("ingest.rate", rate=f"{speed:,.0f}") if speed else ""
            bar.update(task, advance=1, rate=rate)

        yield tick
