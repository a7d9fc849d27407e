"""Any sentence-transformers model by hub name or folder, as an encoder. Imports torch when it is made."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vectorstore.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

WEIGHTS = ("*.safetensors", "*.json", "*.txt", "*.model")


class ModelEncoder:
    """A `SentenceTransformer`, with its query and document prompts respected.

    `encode_*` return unit float32 vectors of shape (texts, dimension). Remote code is never run: a model
    that needs code of its own is refused by the library.
    """

    def __init__(self, name: str, device: str | None = None) -> None:
        self.name = name
        self._model = _load(name, device)
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    @property
    def fingerprint(self) -> dict[str, str | int]:
        """The model's name, its revision and its dimension."""
        return {"name": self.name, "revision": _revision(self.name, self._model), "dimension": self.dimension}

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The vector of one question, shape (dimension,)."""
        return np.asarray(self._model.encode_query(text, normalize_embeddings=True), np.float32)

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of several texts, shape (len(texts), dimension)."""
        found = self._model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32)


def _load(name: str, device: str | None) -> "SentenceTransformer":
    local = Path(name).is_dir()
    if local:
        # An unreachable hub would hold a model card's look-up for a minute; a folder needs none.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from sentence_transformers import SentenceTransformer

    if device is None or device == "cpu":
        torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))  # 1 of 2: 3.6 ms against 25 ms a question
    try:
        return SentenceTransformer(name, device=device, trust_remote_code=False, local_files_only=local)
    except RuntimeError as exc:
        raise EncoderError("store.device_unknown", device=device or "auto", problem=_line(exc)) from exc
    except OSError as exc:
        key = "store.encoder_broken" if local else "store.encoder_unknown"
        fields = {"problem": _line(exc)} if local else {}
        raise EncoderError(key, name=name, **fields) from exc
    except (ValueError, ImportError, KeyError) as exc:
        raise EncoderError("store.encoder_broken", name=name, problem=_line(exc)) from exc


def _line(exc: BaseException) -> str:
    return str(exc).strip().split("\n", 1)[0][:200]


def _revision(name: str, model: "SentenceTransformer") -> str:
    """The hub commit, or a digest over the files of a folder (names, sizes and the small files' bytes)."""
    folder = Path(name)
    if not folder.is_dir():
        config = getattr(getattr(model[0], "auto_model", None), "config", None)
        return str(getattr(config, "_commit_hash", None) or "unknown")
    digest = hashlib.sha256()
    for path in sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern)):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        if path.stat().st_size < 1_000_000:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
