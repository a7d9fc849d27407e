"""What the tests of the store and of the bot share: the real encoder, a store of the bundled report, a bot.

Imports stand inside the fixtures, so that a single test file starts as fast as it can.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from bot.bot import Bot
    from bot.passages import Pages
    from vectorstore.kiwi_encoder import KiwiEncoder
    from vectorstore.reader import Index


def pytest_configure() -> None:
    """A developer's own FORUM_BOT_* variables change no test; FORUM_BOT_TEST_* are for the tests."""
    for name in [name for name in os.environ if name.startswith("FORUM_BOT_")]:
        if not name.startswith("FORUM_BOT_TEST_"):
            del os.environ[name]


@pytest.fixture(scope="session")
def encoder() -> "KiwiEncoder":
    """The offline encoder, with Kiwi loaded and the landmarks computed."""
    from vectorstore.kiwi_encoder import KiwiEncoder

    made = KiwiEncoder()
    made.encode_query("준비")
    return made


@pytest.fixture(scope="session")
def report_store(tmp_path_factory: pytest.TempPathFactory, encoder: "KiwiEncoder") -> Path:
    """A store of the bundled report; no test writes to it."""
    from ingest.pipeline import ingest_report

    store = tmp_path_factory.mktemp("report") / "store"
    ingest_report(store, encoder)
    return store


@pytest.fixture(scope="session")
def report_index(report_store: Path, encoder: "KiwiEncoder") -> "Index":
    from vectorstore.reader import Index

    return Index(report_store, encoder)


@pytest.fixture(scope="session")
def report_pages(report_index: "Index") -> "Pages":
    from bot.passages import Pages

    return Pages(report_index)


@pytest.fixture(scope="session")
def report_bot(report_store: Path) -> "Bot":
    """A bot over the bundled report."""
    from bot.bot import Bot
    from bot.settings import BotSettings

    return Bot(BotSettings(store=report_store))


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A headless Chromium, where there is one."""
    from playwright.sync_api import sync_playwright
    from web_browser import find_chromium, launch

    path, reason = find_chromium()
    if path is None:
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = launch(playwright, path)
        yield running
        running.close()
