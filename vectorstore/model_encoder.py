"""Any sentence-transformers model by hub name or folder, as an encoder. Imports torch when it is made."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vectorstore.errors import EncoderError
from vectorstore.model_files import model_folder
from vectorstore.torch_models import (
    Batches,
    choose_device,
    in_plain_words,
    load_options,
    quiet_loading,
    set_threads,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SLICE = 1_024  # texts whose vectors the library holds before they are ours
DESCRIBING = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
READ_WHOLE = 1_000_000  # bytes; of a larger file, samples go into the digest
SAMPLES, SAMPLE = (
    16,
    65_536,
)  # places and bytes; training moves every weight, so that samples tell models apart


class ModelEncoder:
    """A `SentenceTransformer`, with its query and document prompts respected.

    `encode_*` return unit float32 vectors of shape (texts, dimension). Remote code is never run: a model
    that needs code of its own is refused. Safe to use from several threads, which take turns.
    """

    def __init__(self, name: str, device: str | None = None, threads: int | None = None) -> None:
        self.name = name
        folder = model_folder(name)
        self.device = choose_device(device)
        """`cuda`, `mps` or `cpu`."""
        set_threads(self.device, threads)
        self._model = _load(name, folder, self.device)
        self._turn = threading.Lock()
        self._batches = Batches(name, self.device)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self._fingerprint = fingerprint(name, folder, self.dimension)

    @property
    def fingerprint(self) -> dict[str, str | int]:
        """The model's name, its revision and its dimension; the same wherever its folder is."""
        return dict(self._fingerprint)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The vector of one question, shape (dimension,)."""
        with self._turn:
            found = self._batches.run(
                lambda size: self._model.encode_query(
                    [text], batch_size=size, normalize_embeddings=True, show_progress_bar=False
                )
            )
        vector: NDArray[np.float32] = self._checked(np.asarray(found, np.float32))[0]
        return vector

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of several texts, shape (len(texts), dimension)."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), SLICE):
            part = list(texts[start : start + SLICE])
            vectors[start : start + SLICE] = self._checked(self._encode_slice(part))
        return vectors

    def _encode_slice(self, texts: list[str]) -> NDArray[np.float32]:
        with self._turn:
            found = self._batches.run(
                lambda size: self._model.encode_document(
                    texts, batch_size=size, normalize_embeddings=True, show_progress_bar=False
                )
            )
        return np.asarray(found, np.float32)

    def _checked(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        if not np.isfinite(vectors).all():  # damaged weights; Chroma would refuse the vectors
            raise EncoderError("store.model_numbers", name=self.name)
        return vectors


def fingerprint(name: str, folder: Path, dimension: int) -> dict[str, str | int]:
    """What tells a model's vectors from another's: its name, its revision, its dimension.

    The revision is the hub's commit, or a digest over the files of a folder.
    """
    if folder.parent.name == "snapshots":  # as the hub's cache names a commit
        return {"name": name, "revision": folder.name[:16], "dimension": dimension}
    return {"name": folder.resolve().name, "revision": _digest(folder), "dimension": dimension}


def _load(name: str, folder: Path, device: str) -> "SentenceTransformer":
    with in_plain_words(name, device), quiet_loading():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(**load_options(folder, device))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in DESCRIBING for path in folder.rglob(pattern)}):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if size <= READ_WHOLE:
                digest.update(file.read())
                continue
            for place in range(SAMPLES):
                file.seek(place * (size - SAMPLE) // (SAMPLES - 1))
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()[:16]
