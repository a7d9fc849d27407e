"""The bots of one process: that of the store, and one for each of its named corpora that is asked."""

import threading
from collections import OrderedDict
from pathlib import Path

from bot.bot import Bot
from bot.engines import Engines
from bot.settings import BotSettings
from bot.sites.types import Site
from vectorstore.corpora import at_corpus

KEPT = 8  # corpora held open at the same time; another one closes the one that was asked longest ago


class Corpora:
    """Hands out bots by the name of their corpus; threads may share it."""

    def __init__(self, settings: BotSettings, kept: int = KEPT) -> None:
        self._settings = settings
        self._limit = kept
        self._engines = Engines(settings)
        self._default = Bot(settings, self._engines)
        self._named: OrderedDict[Path, Bot] = OrderedDict()
        self._lock = threading.Lock()

    def bot(self, name: str | None = None) -> Bot:
        """The bot of a corpus, which loads when it is first asked; that of the store itself for None.

        Raises CorpusError for a corpus that is not there, so that no other one answers in its place.
        """
        if name is None:
            return self._default
        settings = at_corpus(self._settings, name)
        with self._lock:
            bot = self._named.pop(settings.store, None) or Bot(settings, self._engines)
            self._named[settings.store] = bot
            while len(self._named) > self._limit:
                self._named.popitem(last=False)  # who is being answered by it keeps it until the end
        return bot

    def of_site(self, site: Site | None) -> Bot:
        """The bot that answers for a site. Raises CorpusError for one whose corpus is not there."""
        return self.bot(None if site is None else site.look.corpus)
