"""The offline encoder as a sentence-transformers module, so that `SentenceTransformer(folder)` loads it.

`save_offline_model(folder)` writes such a folder. It holds no weights: the vectors come from the Kiwi
model that is installed. Both faces give the same vectors (a test asserts 1e-5).
"""

import json
from pathlib import Path
from typing import Any

import torch
from sentence_transformers.base.modules import InputModule

from vectorstore.kiwi_encoder import DIMENSION, KiwiEncoder

CONFIG = "kiwi_module.json"


class KiwiModule(InputModule):
    """Text in, `sentence_embedding` of shape (texts, 256) out; nothing is trained."""

    save_in_root = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._encoder = KiwiEncoder()

    def preprocess(self, inputs: Any, prompt: str | None = None, **kwargs: Any) -> dict[str, torch.Tensor]:
        """Encode the texts here, where they are still texts."""
        texts = [(prompt or "") + text for text in inputs]
        return {"sentence_embedding": torch.from_numpy(self._encoder.encode_documents(texts))}

    def forward(self, features: dict[str, torch.Tensor], **kwargs: Any) -> dict[str, torch.Tensor]:
        """Hand the finished vectors on."""
        return features

    def get_embedding_dimension(self) -> int:
        """256."""
        return DIMENSION

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Write the module's configuration: the fingerprint of the vectors."""
        path = Path(output_path) / CONFIG
        path.write_text(json.dumps(self._encoder.fingerprint), encoding="utf-8")

    @classmethod
    def load(cls, model_name_or_path: str, *args: Any, **kwargs: Any) -> "KiwiModule":
        """A module, whatever folder it was saved to: it has no weights of its own."""
        return cls()


def save_offline_model(folder: Path) -> None:
    """Write the offline encoder as a model folder that `SentenceTransformer(folder)` opens."""
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(modules=[KiwiModule()]).save(str(folder), create_model_card=False)
