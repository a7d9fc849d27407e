"""Load the bot in the background while the server already answers."""

import logging
import threading

from bot.web.types import ChatBot
from prompts import UserError

logger = logging.getLogger(__name__)


class Warmup:
    """One background run of `bot.warm()`; `done` once it ended, well or not."""

    def __init__(self, bot: ChatBot) -> None:
        self._bot = bot
        self._ended = threading.Event()
        self._started = threading.Lock()

    def start(self) -> None:
        """Start the run; a second call does nothing."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._run, name="forum-bot-warmup", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether a question need not wait any longer: the bot is ready, or will say why it is not."""
        return self._bot.ready or self._ended.is_set()

    def _run(self) -> None:
        try:
            self._bot.warm()
        except UserError as exc:
            logger.warning("%s", exc)
        except Exception:
            logger.exception("the bot could not be loaded")
        finally:
            self._ended.set()
