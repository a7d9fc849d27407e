"""`forum-bot doctor`: what is installed, what is in use, and whether the index is healthy."""

import importlib.util
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prompts import UserError, options, say

LIBRARIES = ("langchain-core", "chromadb", "sentence-transformers", "gradio", "kiwipiepy", "bm25s", "torch")
EXTRAS = {
    "html": "trafilatura",
    "mcp": "mcp",
    "metrics": "prometheus_client",
    "ollama": "langchain_ollama",
    "pdf": "pypdf",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    good: bool
    name: str
    value: str


def examine(store: Path | None, corpus: str | None = None) -> Iterator[Finding]:
    """Look at everything, one finding at a time; a part that is broken is a finding and not an error."""
    yield Finding(True, say("cli.doctor_python"), f"{platform.python_version()} ({platform.system()})")
    yield Finding(True, say("cli.doctor_package"), _version("forum-bot"))
    yield Finding(
        True, say("cli.doctor_libraries"), ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    )
    yield Finding(True, say("cli.doctor_extras"), ", ".join(_extra(name) for name in EXTRAS))
    try:
        yield _examine_model(store)
    except UserError as error:
        yield Finding(False, say("cli.doctor_model"), str(error))
    try:
        yield from _examine_index(store, corpus)
    except UserError as error:
        yield Finding(False, say("cli.doctor_index"), str(error))


def _examine_model(store: Path | None) -> Finding:
    from bot.settings import BotSettings
    from vectorstore.settings import load_settings

    settings = load_settings(BotSettings, store=store)
    if settings.llm == "none":
        return Finding(True, say("cli.doctor_model"), say("cli.doctor_model_none"))
    from bot.llm.probe import examine_model

    return Finding(True, say("cli.doctor_model"), examine_model(settings))


def _examine_index(store: Path | None, corpus: str | None) -> Iterator[Finding]:
    from bot.bot import Bot
    from bot.settings import BotSettings
    from vectorstore.corpora import at_corpus
    from vectorstore.encoders import load_encoder
    from vectorstore.reader import Index
    from vectorstore.reranker import load_reranker
    from vectorstore.settings import load_settings

    settings = at_corpus(load_settings(BotSettings, store=store), corpus)
    encoder = load_encoder(settings)
    name, revision = encoder.fingerprint["name"], encoder.fingerprint["revision"]
    device = getattr(encoder, "device", None) or say("cli.doctor_device_cpu", cores=os.cpu_count())
    yield Finding(True, say("cli.doctor_encoder"), f"{name} ({revision})")
    yield Finding(True, say("cli.doctor_device"), device)
    if (reranker := load_reranker(settings)) is not None:
        yield Finding(True, say("cli.doctor_reranker"), f"{reranker.name} ({reranker.device})")
    yield Finding(settings.store.is_dir(), say("cli.doctor_store"), str(settings.store))
    manifest = Index(settings.store, encoder).generation.manifest
    counts = {"articles": manifest.articles, "chunks": manifest.chunks}
    yield Finding(True, say("cli.doctor_index"), say("cli.doctor_index_good", **counts))
    bot = Bot(settings)
    bot.warm()
    answer = bot.answer(options("answer.suggestions")[0])
    took = say("cli.doctor_answer_good", ms=answer.latency_ms)
    yield Finding(True, say("cli.doctor_answer"), took)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _extra(name: str) -> str:
    there = importlib.util.find_spec(EXTRAS[name]) is not None
    return say("cli.doctor_extra_good" if there else "cli.doctor_extra_missing", name=name)
