"""Choose the encoder that the settings name: the offline one, or any sentence-transformers model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vectorstore.settings import OFFLINE_ENCODER, StoreSettings


class Encoder(Protocol):
    """Texts to unit vectors; questions and documents may be encoded differently."""

    @property
    def name(self) -> str:
        """How the settings call it."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...

    @property
    def fingerprint(self) -> dict[str, str | int]:
        """What must be equal for two sets of vectors to be comparable."""
        ...

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """The vector of one question, shape (dimension,)."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of several texts, shape (len(texts), dimension)."""
        ...


def load_encoder(settings: StoreSettings) -> Encoder:
    """The encoder of `settings.embedding`; raises EncoderError where it cannot be had.

    A folder that holds our own offline encoder is served by it directly, without torch.
    """
    from vectorstore.kiwi_encoder import KiwiEncoder

    if settings.embedding == OFFLINE_ENCODER or _is_offline_folder(Path(settings.embedding)):
        return KiwiEncoder()
    from vectorstore.model_encoder import ModelEncoder

    return ModelEncoder(settings.embedding, settings.device)


def _is_offline_folder(folder: Path) -> bool:
    modules = folder / "modules.json"
    return modules.is_file() and "vectorstore.kiwi_module" in modules.read_text(encoding="utf-8")
