"""`python -m vectorstore show | search | info`: look into an index."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prompts import UserError, say
from prompts.edge import guarded
from vectorstore.corpora import at_corpus, corpus_store, names
from vectorstore.encoders import load_encoder
from vectorstore.errors import StoreError
from vectorstore.generations import current_generation, read_manifest
from vectorstore.reader import Index
from vectorstore.reranker import load_reranker
from vectorstore.settings import StoreSettings, load_settings
from vectorstore.types import Hit

DEFAULT_K = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 good, 1 failed, 2 usage)."""
    arguments = parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    settings = at_corpus(load_settings(StoreSettings, store=arguments.store), arguments.corpus)
    if getattr(arguments, "corpora", False):
        return _corpora(settings.store, arguments.json)
    index = Index(settings.store, load_encoder(settings), load_reranker(settings))
    code: int = arguments.run(index, arguments)
    return code


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m vectorstore", description=say("store.cli_description"))
    commands = top.add_subparsers(required=True, metavar="show | search | info")
    add_commands(commands)
    return top


def add_commands(commands: Any) -> None:
    """Add show, search and info to a command line (ours, or forum-bot's)."""
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", type=Path, help=say("store.cli_store"))
    store.add_argument("--corpus", metavar="NAME", help=say("store.cli_corpus"))
    show = commands.add_parser("show", parents=[store], help=say("store.cli_show"))
    show.add_argument("article", help=say("store.cli_show_article"))
    show.add_argument("--json", action="store_true", help=say("store.cli_json"))
    show.set_defaults(run=_show)
    find = commands.add_parser("search", parents=[store], help=say("store.cli_search"))
    find.add_argument("question", nargs="?", help=say("store.cli_search_question"))
    find.add_argument("-k", type=int, default=DEFAULT_K, help=say("store.cli_k", default=DEFAULT_K))
    find.add_argument("--json", action="store_true", help=say("store.cli_json"))
    find.add_argument("--batch", type=Path, metavar="FILE", help=say("store.cli_batch"))
    find.set_defaults(run=_search)
    info = commands.add_parser("info", parents=[store], help=say("store.cli_info"))
    info.add_argument("--json", action="store_true", help=say("store.cli_json"))
    info.add_argument("--corpora", action="store_true", help=say("store.cli_corpora"))
    info.set_defaults(run=_info)


def read_batch(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of questions, one JSON object a line; raises UserError, naming a bad line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise UserError("store.cli_batch_missing", path=path, problem=str(exc)) from exc
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record["question"], str):
                raise TypeError("question is not a string")
        except (ValueError, KeyError, TypeError) as exc:
            raise UserError("store.cli_batch_line", line=number, path=path) from exc
        yield record


def _show(index: Index, arguments: argparse.Namespace) -> int:
    article = index.article(arguments.article)
    if article is None:
        raise StoreError("store.article_unknown", article=arguments.article)
    if arguments.json:
        print(json.dumps(article.to_json(), ensure_ascii=False))
    else:
        print(article.text)
    return 0


def _search(index: Index, arguments: argparse.Namespace) -> int:
    if arguments.batch is not None:
        for record in read_batch(arguments.batch):
            hits = [_hit(hit) for hit in index.search(record["question"], arguments.k)]
            print(json.dumps({"id": record.get("id"), "hits": hits}, ensure_ascii=False))
        return 0
    if arguments.question is None:
        print(say("store.cli_search_what"), file=sys.stderr)
        return 2
    for hit in index.search(arguments.question, arguments.k):
        if arguments.json:
            print(json.dumps({**_hit(hit), "text": hit.chunk.text}, ensure_ascii=False))
        else:
            print(f"{hit.score:.3f}  {hit.chunk.id}  {hit.chunk.text}")
    return 0


def _hit(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "article": chunk.article, "chunk": chunk.id, "score": round(hit.score, 6),
        "start": chunk.start, "end": chunk.end,
    }  # fmt: skip


def _info(index: Index, arguments: argparse.Namespace) -> int:
    generation = index.generation
    manifest = generation.manifest
    articles = [article for id in index.article_ids() if (article := index.article(id)) is not None]
    fields = {
        "store": str(index.store), "generation": generation.id, "articles": manifest.articles,
        "chunks": manifest.chunks, "splitter": manifest.splitter, "created": manifest.created,
    }  # fmt: skip
    if arguments.json:
        listed = [
            {"id": article.id, "title": article.title, "published": article.published} for article in articles
        ]
        print(json.dumps({**fields, "encoder": manifest.encoder, "list": listed}, ensure_ascii=False))
        return 0
    print(say("store.info_text", **fields, encoder=manifest.encoder["name"]).strip())
    for article in articles:
        day = article.published_date or say("store.no_date")
        print(say("store.info_article", article=article.id, title=article.title, published=day))
    return 0


def _corpora(store: Path, as_json: bool) -> int:
    """List the named corpora of a store; one that cannot be read is told of in its place; exit code."""
    found = {name: _described(corpus_store(store, name)) for name in names(store)}
    for name, fields in found.items():
        if as_json:
            print(json.dumps({"corpus": name, **fields}, ensure_ascii=False))
        elif "error" in fields:
            print(f"{name}: {fields['error']}")
        else:
            print(say("store.corpus_line", corpus=name, **fields))
    if not found and not as_json:
        print(say("store.no_corpora"))
    return 1 if any("error" in fields for fields in found.values()) else 0


def _described(store: Path) -> dict[str, Any]:
    try:
        manifest = read_manifest(current_generation(store))
    except StoreError as error:
        return {"error": str(error)}
    return {"articles": manifest.articles, "chunks": manifest.chunks, "created": manifest.created}
