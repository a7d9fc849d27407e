"""`forum-bot sites | keys`: who may show the chat in a page, and who may call the API."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.sites.changes import (
    GRACE,
    add_key,
    add_site,
    good_name,
    make_secret,
    remove_site,
    revoke_key,
    rotate,
    set_disabled,
)
from bot.sites.errors import SiteError, shown
from bot.sites.registry import Registry
from bot.sites.snippet import snippet
from bot.sites.types import LANGUAGES, LIMIT, THEMES, Key, Look, Site
from prompts import say
from prompts.edge import guarded

Arguments = argparse.Namespace


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code (0 good, 1 failed, 2 usage, 130 stopped)."""
    arguments = parser().parse_args(list(argv))
    return guarded(lambda: arguments.run(arguments))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="forum-bot", description=say("cli.description"))
    halves = top.add_subparsers(required=True, metavar="COMMAND")
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", type=Path, help=say("cli.store"))
    named = argparse.ArgumentParser(add_help=False, parents=[store])
    named.add_argument("name", metavar="NAME", help=say("sites.cli_name"))
    _add_sites(
        halves.add_parser("sites", help=say("sites.cli_sites"), description=say("sites.cli_sites")),
        store,
        named,
    )
    _add_keys(
        halves.add_parser("keys", help=say("sites.cli_keys"), description=say("sites.cli_keys")), store, named
    )
    return top


def _add_sites(
    half: argparse.ArgumentParser, store: argparse.ArgumentParser, named: argparse.ArgumentParser
) -> None:
    kinds = half.add_subparsers(required=True, metavar="WHAT")
    add = kinds.add_parser("add", parents=[named], help=say("sites.cli_add"))
    add.add_argument("--origin", action="append", default=[], metavar="URL", help=say("sites.cli_origin"))
    add.add_argument("--limit", default=str(LIMIT), metavar="N", help=say("sites.cli_limit", default=LIMIT))
    add.add_argument("--theme", default=THEMES[0], metavar="|".join(THEMES), help=say("sites.cli_theme"))
    add.add_argument("--lang", default=LANGUAGES[0], metavar="|".join(LANGUAGES), help=say("sites.cli_lang"))
    add.add_argument("--corpus", metavar="CORPUS", help=say("sites.cli_corpus"))
    add.set_defaults(run=_add)
    listing = kinds.add_parser("list", parents=[store], help=say("sites.cli_list"))
    listing.add_argument("--json", action="store_true", help=say("sites.cli_json"))
    listing.set_defaults(run=_list)
    for name, disabled in (("disable", True), ("enable", False)):
        switch = kinds.add_parser(name, parents=[named], help=say(f"sites.cli_{name}"))
        switch.set_defaults(run=_switch, disabled=disabled)
    turn = kinds.add_parser("rotate", parents=[named], help=say("sites.cli_rotate"))
    turn.add_argument(
        "--grace", default=f"{GRACE:g}", metavar="HOURS", help=say("sites.cli_grace", default=f"{GRACE:g}")
    )
    turn.set_defaults(run=_rotate)
    kinds.add_parser("secret", parents=[named], help=say("sites.cli_secret")).set_defaults(run=_secret)
    tag = kinds.add_parser("snippet", parents=[named], help=say("sites.cli_snippet"))
    tag.add_argument("--url", required=True, metavar="URL", help=say("sites.cli_url"))
    tag.set_defaults(run=_snippet)
    kinds.add_parser("remove", parents=[named], help=say("sites.cli_remove")).set_defaults(run=_remove)


def _add_keys(
    half: argparse.ArgumentParser, store: argparse.ArgumentParser, named: argparse.ArgumentParser
) -> None:
    kinds = half.add_subparsers(required=True, metavar="WHAT")
    kinds.add_parser("add", parents=[named], help=say("sites.cli_key_add")).set_defaults(run=_add_key)
    listing = kinds.add_parser("list", parents=[store], help=say("sites.cli_key_list"))
    listing.add_argument("--json", action="store_true", help=say("sites.cli_json"))
    listing.set_defaults(run=_list_keys)
    kinds.add_parser("revoke", parents=[named], help=say("sites.cli_key_revoke")).set_defaults(run=_revoke)


def _add(arguments: Arguments) -> int:
    if not arguments.origin:
        print(say("sites.no_origin"), file=sys.stderr)
        return 2
    limit = int(_number(arguments.limit, "--limit", int))
    look = Look(limit, arguments.theme, arguments.lang, arguments.corpus)
    site = add_site(_file(arguments), arguments.name, arguments.origin, look)
    print(say("sites.added", name=site.name, id=site.id, origins=" ".join(site.origins)))
    print(say("sites.added_next", name=site.name))
    return 0


def _list(arguments: Arguments) -> int:
    sites = Registry(_file(arguments)).all_sites()
    if arguments.json:
        for site in sites:
            print(json.dumps(site.to_json(), ensure_ascii=False))
    elif not sites:
        print(say("sites.none"))
    else:
        heads = say("sites.public_key"), say("sites.site")
        print(f"{say('sites.state')}  {say('sites.limit'):>4}  {heads[0]:<24}  {heads[1]}")
        print("\n".join(map(_site_line, sites)))
    return 0


def _site_line(site: Site) -> str:
    """One line of the table; what has a fixed width first, as Hangul has no one width in terminals."""
    state = say("sites.state_off" if site.disabled else "sites.state_on")
    more = [site.name, " ".join(site.origins), f"{site.look.theme}/{site.look.lang}"]
    if site.look.corpus is not None:
        more.append(say("sites.line_corpus", corpus=site.look.corpus))
    if site.secret is not None:
        more.append(say("sites.line_secret"))
    if site.previous is not None and time.time() < site.previous.until:
        more.append(say("sites.line_previous", id=site.previous.id, until=_when(site.previous.until)))
    return f"{state}  {site.look.limit:>6}  {site.id}  {' · '.join(more)}"


def _switch(arguments: Arguments) -> int:
    set_disabled(_file(arguments), arguments.name, arguments.disabled)
    print(say("sites.disabled" if arguments.disabled else "sites.enabled", name=arguments.name))
    return 0


def _rotate(arguments: Arguments) -> int:
    grace = _number(arguments.grace, "--grace", float)
    new, previous = rotate(_file(arguments), arguments.name, grace)
    names = {"name": arguments.name, "id": new, "previous": previous.id}
    print(
        say("sites.rotated", until=_when(previous.until), **names)
        if grace
        else say("sites.rotated_now", **names)
    )
    return 0


def _secret(arguments: Arguments) -> int:
    print(make_secret(_file(arguments), arguments.name))
    print(say("sites.secret_once"), file=sys.stderr)
    return 0


def _snippet(arguments: Arguments) -> int:
    name = good_name(arguments.name)
    found = next((site for site in Registry(_file(arguments)).all_sites() if site.name == name), None)
    if found is None:
        raise SiteError("sites.site_unknown", name=name)
    from bot.web.embedded import assets, integrity

    launcher = assets()["widget.js"].version, integrity("widget.js")
    print(snippet(arguments.url, found.id, *launcher, found.look))
    return 0


def _remove(arguments: Arguments) -> int:
    remove_site(_file(arguments), arguments.name)
    print(say("sites.removed", name=arguments.name))
    return 0


def _add_key(arguments: Arguments) -> int:
    print(add_key(_file(arguments), arguments.name))
    print(say("sites.key_once"), file=sys.stderr)
    return 0


def _list_keys(arguments: Arguments) -> int:
    keys = Registry(_file(arguments)).all_keys()
    if arguments.json:
        for key in keys:
            print(json.dumps(key.to_json(), ensure_ascii=False))
    elif not keys:
        print(say("sites.no_keys"))
    else:
        print("\n".join(map(_key_line, keys)))
    return 0


def _key_line(key: Key) -> str:
    state = say("sites.state_off" if key.revoked else "sites.state_on")
    used = say("sites.key_unused") if key.used is None else say("sites.key_used", day=key.used)
    return " · ".join((f"{state}  {key.name}", say("sites.key_made", day=key.created[:10]), used))


def _revoke(arguments: Arguments) -> int:
    revoke_key(_file(arguments), arguments.name)
    print(say("sites.key_revoked", name=arguments.name))
    return 0


def _number(text: str, option: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError as exc:
        raise SiteError("sites.number_bad", option=option, value=shown(text)) from exc


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="minutes")


def _file(arguments: Arguments) -> Path:
    """Where the registry is, without loading anything of the bot."""
    from bot.settings import BotSettings
    from vectorstore.settings import load_settings

    return load_settings(BotSettings, store=arguments.store).registry_file
