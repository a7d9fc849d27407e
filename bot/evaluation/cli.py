"""`forum-bot eval`: how often each retriever finds the right article, how often the bot answers right."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from prompts import UserError, say
from prompts.edge import guarded


def main(argv: Sequence[str]) -> int:
    """Run one measurement; returns the exit code (0 good, 1 failed, 2 usage, 130 stopped)."""
    arguments = parser().parse_args(list(argv))
    return guarded(lambda: arguments.run(arguments))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="forum-bot eval", description=say("evaluation.cli"))
    kinds = top.add_subparsers(required=True, metavar="KIND")
    retrieval = kinds.add_parser(
        "retrieval", help=say("evaluation.cli_retrieval"), description=say("evaluation.cli_retrieval")
    )
    retrieval.add_argument("data", type=Path, metavar="DATA", help=say("evaluation.cli_data"))
    retrieval.add_argument("--store", type=Path, help=say("cli.store"))
    retrieval.add_argument("--noise", action="store_true", help=say("evaluation.cli_noise"))
    retrieval.add_argument("--json", action="store_true", help=say("evaluation.cli_json"))
    retrieval.add_argument("--save", type=Path, metavar="FILE", help=say("evaluation.cli_save"))
    retrieval.add_argument("--picture", type=Path, metavar="FILE", help=say("evaluation.cli_picture"))
    retrieval.set_defaults(run=_retrieval)
    answers = kinds.add_parser(
        "answers", help=say("evaluation.cli_answers"), description=say("evaluation.cli_answers")
    )
    answers.add_argument("gold", type=Path, metavar="GOLD", help=say("evaluation.cli_gold"))
    answers.add_argument("--store", type=Path, help=say("cli.store"))
    answers.add_argument(
        "--max-chars", type=int, default=0, metavar="N", help=say("evaluation.cli_max_chars")
    )
    answers.add_argument("--json", action="store_true", help=say("evaluation.cli_json"))
    answers.add_argument("--save", type=Path, metavar="FILE", help=say("evaluation.cli_save"))
    answers.add_argument("--picture", type=Path, metavar="FILE", help=say("evaluation.cli_picture"))
    answers.set_defaults(run=_answers)
    grounding = kinds.add_parser(
        "grounding", help=say("evaluation.cli_grounding"), description=say("evaluation.cli_grounding")
    )
    grounding.add_argument("cases", type=Path, metavar="CASES", help=say("evaluation.cli_cases"))
    grounding.add_argument("--json", action="store_true", help=say("evaluation.cli_json"))
    grounding.add_argument("--save", type=Path, metavar="FILE", help=say("evaluation.cli_save"))
    grounding.set_defaults(run=_grounding, picture=None)
    return top


def _retrieval(arguments: argparse.Namespace) -> int:
    from bot.evaluation.data import read_data
    from bot.evaluation.picture import draw, panels
    from bot.evaluation.report import record, table
    from bot.evaluation.runs import evaluate
    from vectorstore.settings import StoreSettings, load_settings

    data = read_data(arguments.data)
    settings = load_settings(StoreSettings, store=arguments.store)
    report = evaluate(data, settings, arguments.noise, _announce)
    _deliver(arguments, record(report), table(report), draw(panels(report)))
    return 0


def _answers(arguments: argparse.Namespace) -> int:
    from bot.bot import Bot
    from bot.evaluation.answers import evaluate_answers, read_gold
    from bot.evaluation.picture import answer_panels, draw
    from bot.evaluation.report import answer_table, record
    from bot.settings import BotSettings
    from vectorstore.settings import load_settings

    gold = read_gold(arguments.gold)
    bot = Bot(load_settings(BotSettings, store=arguments.store))
    found = evaluate_answers(bot, arguments.gold.name, gold, arguments.max_chars, _count)
    _deliver(arguments, record(found), answer_table(found), draw(answer_panels(found)))
    return 0


def _grounding(arguments: argparse.Namespace) -> int:
    from bot.evaluation.grounding import check_cases, grounding_record, grounding_table, read_cases

    found = check_cases(read_cases(arguments.cases))
    _deliver(arguments, grounding_record(found), grounding_table(found), "")
    return 0


def _deliver(
    arguments: argparse.Namespace, found: dict[str, Any], lines: Iterable[str], picture: str
) -> None:
    """To the terminal, and to the files that were named."""
    text = json.dumps(found, ensure_ascii=False, indent=1)
    print(text if arguments.json else "\n".join(lines))
    if arguments.save is not None:
        _write(arguments.save, text + "\n")
    if arguments.picture is not None:
        _write(arguments.picture, picture)


def _count(done: int, of: int) -> None:
    if done % 20 == 0:
        print(say("evaluation.asking", done=done, of=of), file=sys.stderr)


def _announce(name: str) -> None:
    print(say("evaluation.measuring", name=say(f"evaluation.retriever_{name}")), file=sys.stderr)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise UserError("evaluation.not_written", path=path, problem=exc.strerror) from exc
