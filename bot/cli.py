"""`forum-bot ask | chat | serve | mcp | ingest | reindex | takedown | eval | sites | keys | report | …`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prompts import UserError, options, say
from prompts.edge import guarded

Arguments = argparse.Namespace
_DEPLOY = Path(__file__).parent / "web" / "deploy"
EXAMPLES = {"nginx": _DEPLOY / "nginx.conf", "systemd": _DEPLOY / "forum-bot.service"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 good, 1 failed, 2 usage, 75 another ingest, 130 stopped)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["ingest"]:
        from ingest.cli import main as ingest_main

        return ingest_main(words[1:])
    if words[:1] == ["eval"]:
        from bot.evaluation.cli import main as evaluation_main

        return evaluation_main(words[1:])
    if words[:1] and words[0] in ("sites", "keys"):
        from bot.sites.cli import main as sites_main

        return sites_main(words)
    if words[:1] and words[0] in ("search", "show", "info"):
        from vectorstore.cli import main as store_main

        return store_main(words)
    arguments = parser().parse_args(words)
    return guarded(lambda: arguments.run(arguments))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="forum-bot", description=say("cli.description"))
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", type=Path, help=say("cli.store"))
    named = argparse.ArgumentParser(add_help=False, parents=[store])
    named.add_argument("--corpus", metavar="NAME", help=say("store.cli_corpus"))
    ask = commands.add_parser("ask", parents=[named], help=say("cli.ask"))
    ask.add_argument("question", nargs="?", help=say("cli.ask_question"))
    ask.add_argument("--json", action="store_true", help=say("cli.ask_json"))
    ask.add_argument("--batch", type=Path, metavar="FILE", help=say("cli.ask_batch"))
    ask.set_defaults(run=_ask)
    commands.add_parser("chat", parents=[named], help=say("cli.chat")).set_defaults(run=_chat)
    serve = commands.add_parser("serve", parents=[store], help=say("cli.serve"))
    serve.add_argument("--host", help=say("cli.serve_host"))
    serve.add_argument("--port", type=int, help=say("cli.serve_port"))
    serve.add_argument("--example", choices=EXAMPLES, help=say("cli.serve_example"))
    serve.set_defaults(run=_serve)
    tools = commands.add_parser("mcp", parents=[named], help=say("mcp.help"))
    tools.add_argument("--http", action="store_true", help=say("mcp.help_http"))
    tools.add_argument("--host", help=say("mcp.help_host"))
    tools.add_argument("--port", type=int, help=say("mcp.help_port"))
    tools.set_defaults(run=_mcp)
    report = commands.add_parser("report", parents=[store], help=say("report.help"))
    report.add_argument("--days", type=int, default=30, metavar="N", help=say("report.help_days"))
    report.add_argument("--json", action="store_true", help=say("report.help_json"))
    report.set_defaults(run=_report)
    purge = commands.add_parser("purge", parents=[store], help=say("report.help_purge"))
    purge.add_argument("--all", action="store_true", help=say("report.help_all"))
    purge.set_defaults(run=_purge)
    commands.add_parser("reindex", parents=[named], help=say("cli.reindex")).set_defaults(run=_reindex)
    takedown = commands.add_parser("takedown", parents=[named], help=say("takedown.help"))
    takedown.add_argument("what", nargs="?", help=say("takedown.help_what"))
    takedown.add_argument("--undo", action="store_true", help=say("takedown.help_undo"))
    takedown.add_argument("--until", type=int, metavar="DAYS", help=say("takedown.help_until"))
    takedown.add_argument("--list", action="store_true", help=say("takedown.help_list"))
    takedown.set_defaults(run=_takedown)
    doctor = commands.add_parser("doctor", parents=[named], help=say("cli.doctor"))
    doctor.set_defaults(run=_doctor)
    commands.add_parser("eval", help=say("evaluation.cli"))
    for name in ("sites", "keys"):
        commands.add_parser(name, help=say(f"sites.cli_{name}"))
    for name in ("ingest", "search", "show", "info"):  # handed on above; listed here for --help
        commands.add_parser(name, help=say(f"cli.{name}") if name == "ingest" else say(f"store.cli_{name}"))
    return top


def _ask(arguments: Arguments) -> int:
    if (arguments.question is None) == (arguments.batch is None):
        print(say("cli.ask_what"), file=sys.stderr)
        return 2
    from bot.bot import Bot, check_question

    if arguments.batch is not None:
        return _ask_batch(arguments)
    check_question(arguments.question)
    answer = Bot(_settings(arguments)).answer(arguments.question)
    if arguments.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        _show(answer)
    return 0


def _ask_batch(arguments: Arguments) -> int:
    from bot.batch import answer_batch
    from bot.bot import Bot
    from vectorstore.cli import read_batch

    for line in answer_batch(Bot(_settings(arguments)), read_batch(arguments.batch)):
        print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0


def _chat(arguments: Arguments) -> int:
    from bot.bot import Bot
    from bot.types import Turn

    bot = Bot(_settings(arguments))
    bot.warm()
    print(say("cli.chat_hello"))
    history: list[Turn] = []
    while True:
        try:
            question = input(say("cli.chat_prompt"))
        except EOFError:
            break
        if question.strip() in options("cli.chat_quit"):
            break
        try:
            answer = bot.answer(question, history)
        except UserError as error:
            print(error)
            continue
        _show(answer)
        history += [Turn("user", question), Turn("assistant", answer.answer)]
    print(say("cli.chat_bye"))
    return 0


def _show(answer: Any) -> None:
    """Print an answer with its sources as a person reads them."""
    print(answer.answer)
    if answer.fallback is not None:
        print(say("web.fallback", why=answer.fallback))
    for citation in answer.citations:
        publisher = citation.publisher or say("cli.publisher_unknown")
        published = citation.published or say("store.no_date")
        print(
            say("cli.source_line", marker=citation.marker, title=citation.title,
                publisher=publisher, published=published)
        )  # fmt: skip
        if citation.quote not in answer.answer:
            print(say("cli.source_quote", quote=citation.quote))


def _serve(arguments: Arguments) -> int:
    if arguments.example is not None:
        print(EXAMPLES[arguments.example].read_text(encoding="utf-8"), end="")
        return 0
    from bot.corpora import Corpora
    from bot.settings import BotSettings
    from bot.web.serve import serve
    from bot.web.types import WebSettings

    settings: BotSettings = _settings(arguments, host=arguments.host, port=arguments.port)
    frames = ("'self'", *settings.frame_ancestors)
    url = settings.limits_url.get_secret_value() if settings.limits_url else None
    web = WebSettings(
        settings.host, settings.port, settings.allowed_hosts, settings.origins, frames, log=settings.log,
        proxies=settings.proxies, visitor_limit=settings.visitor_limit, site_limit=settings.site_limit,
        key_limit=settings.key_limit, limit=settings.limit, limits_url=url,
        registry=settings.registry_file, openapi=settings.openapi,
        root_path=settings.root_path, admin_port=settings.admin_port, admin_host=settings.admin_host,
        counts=str(settings.counts_file), questions=str(settings.questions_file),
        keep_days=settings.keep_questions,
    )  # fmt: skip
    if settings.llm != "none":
        from bot.llm.factory import check_setting

        check_setting(settings)
        # A question that waits for the model keeps its slot, and costs nothing meanwhile.
        web = replace(web, chats=max(web.chats, settings.llm_calls + settings.llm_waiting))
    corpora = Corpora(settings)
    return serve(corpora.bot(), web, bot_for=corpora.of_site)


def _mcp(arguments: Arguments) -> int:
    from bot.mcp.cli import check, run

    return check(arguments) or run(_settings(arguments), arguments)


def _report(arguments: Arguments) -> int:
    from bot.report import run

    for line in run(_read_settings(arguments), arguments.days, arguments.json):
        print(line)
    return 0


def _purge(arguments: Arguments) -> int:
    from bot.kept import Kept, purge

    settings = _read_settings(arguments)
    file = settings.questions_file
    gone = purge(file) if arguments.all else Kept(file, settings.keep_questions).purge()
    print(say("report.purged", count=gone))
    return 0


def _reindex(arguments: Arguments) -> int:
    from ingest.cli import reindex_main

    return reindex_main(arguments.store, arguments.corpus)


def _takedown(arguments: Arguments) -> int:
    from bot.takedown import run

    for line in run(arguments):
        print(line)
    return 0


def _doctor(arguments: Arguments) -> int:
    from bot.doctor import examine

    good = True
    for finding in examine(arguments.store, arguments.corpus):
        good = good and finding.good
        mark = "✓" if finding.good else "✗"
        print(say("cli.doctor_line", mark=mark, name=finding.name, value=finding.value))
    return 0 if good else 1


def _read_settings(arguments: Arguments) -> Any:
    """The settings, without anything put in."""
    from bot.settings import BotSettings
    from vectorstore.settings import load_settings

    return load_settings(BotSettings, store=arguments.store)


def _settings(arguments: Arguments, **given: Any) -> Any:
    """The settings; where no store is named and none is there yet, the bundled report is put in first."""
    from bot.settings import BotSettings
    from vectorstore.corpora import at_corpus
    from vectorstore.settings import load_settings

    settings = load_settings(BotSettings, store=arguments.store, **given)
    if getattr(arguments, "corpus", None) is not None:
        return at_corpus(settings, arguments.corpus)
    if arguments.store is None and not (settings.store / "CURRENT").exists():
        from ingest.pipeline import ingest_report
        from vectorstore.encoders import load_encoder

        print(say("cli.first_ingest", store=settings.store), file=sys.stderr)
        ingest_report(settings.store, load_encoder(settings))
    return settings
