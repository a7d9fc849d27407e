"""The optional reranker: a cross-encoder reads the question beside each of the best chunks.

Off unless FORUM_BOT_RERANKER names a model; then slow (a forward pass a chunk) and, with a good model,
better than any fusion of scores (Nogueira and Cho 2019).
"""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vectorstore.errors import EncoderError
from vectorstore.settings import StoreSettings

TOP = 20  # chunks that are read again; beyond, the right one is rarely found (`make bench`: recall@k)


class Reranker(Protocol):
    """Judges how well texts answer a question."""

    @property
    def name(self) -> str:
        """How the settings call it."""
        ...

    @property
    def device(self) -> str:
        """Where it runs: `cuda`, `mps` or `cpu`."""
        ...

    def judge(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """A score for each text, shape (len(texts),), higher for better; only their order has a meaning."""
        ...


def load_reranker(settings: StoreSettings) -> Reranker | None:
    """The reranker that the settings name, or None; raises EncoderError where it cannot be had."""
    if not settings.reranker:
        return None
    return ModelReranker(settings.reranker, settings.device, settings.threads)


def rerank(
    reranker: Reranker, question: str, texts: Sequence[str], scores: Sequence[float]
) -> list[tuple[int, float]]:
    """The places of `texts` in their new order, each with its new score; `scores` fall, as fusion gives them.

    The best text takes the highest of the old scores, the next the next: the order is the reranker's and
    the scale stays that of the search, which the steps after it know. Equal judgements keep their order.
    """
    judged = reranker.judge(question, texts)
    order = sorted(range(len(texts)), key=lambda place: (-float(judged[place]), place))
    return list(zip(order, scores, strict=True))


class ModelReranker:
    """A sentence-transformers `CrossEncoder` by hub name or folder. Threads take turns."""

    def __init__(self, name: str, device: str | None = None, threads: int | None = None) -> None:
        from vectorstore.model_files import model_folder
        from vectorstore.torch_models import (
            Batches,
            choose_device,
            in_plain_words,
            load_options,
            quiet_loading,
            set_threads,
        )

        self.name = name
        folder = model_folder(name)
        self.device = choose_device(device)
        set_threads(self.device, threads)
        with in_plain_words(name, self.device), quiet_loading():
            from sentence_transformers import CrossEncoder

            self._model = CrossEncoder(**load_options(folder, self.device))
        if self._model.num_labels != 1:
            raise EncoderError("store.reranker_labels", name=name, labels=self._model.num_labels)
        self._turn = threading.Lock()
        self._batches = Batches(name, self.device)

    def judge(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """A score for each text, shape (len(texts),), higher for better."""
        pairs = [(question, text) for text in texts]
        if not pairs:
            return np.zeros(0, np.float32)
        with self._turn:
            found = self._batches.run(
                lambda size: self._model.predict(pairs, batch_size=size, show_progress_bar=False)
            )
        judged = np.asarray(found, np.float32)
        if not np.isfinite(judged).all():
            raise EncoderError("store.model_numbers", name=self.name)
        return judged
