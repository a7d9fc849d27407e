"""Encoder, reranker and language model: what costs most to load, once for all the bots of a process."""

import threading
from typing import TYPE_CHECKING

from bot.settings import BotSettings
from vectorstore.encoders import Encoder, load_encoder
from vectorstore.reranker import Reranker, load_reranker

if TYPE_CHECKING:
    from bot.llm.calls import Model


class Engines:
    """Each is loaded when it is first asked for; threads may share them. Every property raises UserError."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._reranker: Reranker | None = None
        self._model: Model | None = None

    @property
    def encoder(self) -> Encoder:
        """The encoder of the settings."""
        with self._lock:
            if self._encoder is None:
                self._encoder = load_encoder(self._settings)
            return self._encoder

    @property
    def reranker(self) -> Reranker | None:
        """The reranker of the settings, where they name one."""
        with self._lock:
            if self._reranker is None:
                self._reranker = load_reranker(self._settings)
            return self._reranker

    @property
    def model(self) -> "Model | None":
        """The language model of the settings, with one line for all; None where none is set."""
        with self._lock:
            if self._model is None and self._settings.llm != "none":
                from bot.llm.factory import open_model

                self._model = open_model(self._settings)
            return self._model
