"""Choose the encoder that the settings name: the offline one, or any sentence-transformers model."""

import json
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

    if settings.embedding == OFFLINE_ENCODER or _is_offline_folder(Path(settings.embedding).expanduser()):
        return KiwiEncoder()
    from vectorstore.model_encoder import ModelEncoder

    return ModelEncoder(settings.embedding, settings.device, settings.threads)


def _is_offline_folder(folder: Path) -> bool:
    """Whether our own module is all that the folder's model consists of."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        return [module["type"] for module in modules] == ["vectorstore.kiwi_module.KiwiModule"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
