"""The dense half: real Chroma, fed with vectors of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import pytest
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings
from chromadb.config import Settings
from chromadb.utils.embedding_functions import register_embedding_function

from vectorstore.dense import COLLECTION, DenseIndex


@pytest.fixture
def index(tmp_path: Path) -> Iterator[DenseIndex]:
    made = DenseIndex(tmp_path / "chroma")
    yield made
    made.close()


def fill(index: DenseIndex, vectors: np.ndarray) -> list[str]:
    ids = [f"a#{number}" for number in range(len(vectors))]
    metadata = [{"article": "a", "number": number} for number in range(len(vectors))]
    index.add(ids, vectors.astype(np.float32), metadata)
    return ids


def test_the_nearest_come_first_with_their_cosine(index: DenseIndex) -> None:
    fill(index, np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]]))
    found = index.search(np.array([1, 0, 0], np.float32), 3)
    assert [(article, number) for article, number, _ in found] == [("a", 0), ("a", 1), ("a", 2)]
    np.testing.assert_allclose([cosine for _, _, cosine in found], [1, 0.6, 0], atol=1e-5)


def test_a_zero_vector_finds_nothing(index: DenseIndex) -> None:
    fill(index, np.eye(3))
    assert index.search(np.zeros(3, np.float32), 3) == []


def test_more_rows_than_chroma_takes_in_one_call_go_in_and_out(index: DenseIndex) -> None:
    rows = 5_600  # Chroma takes 5,461
    angles = np.linspace(0, 1, rows)
    angles[-1] = np.pi / 2
    ids = fill(index, np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert index.count() == rows
    last = index.search(np.array([0, 1], np.float32), 1)
    assert last[0][:2] == ("a", rows - 1)
    index.remove(ids[1:])
    assert index.count() == 1
    assert index.search(np.array([0, 1], np.float32), 1)[0][:2] == ("a", 0)


def test_rows_are_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    first = DenseIndex(tmp_path / "chroma")
    fill(first, np.eye(4))
    first.close()
    second = DenseIndex(tmp_path / "chroma")
    assert second.count() == 4
    assert second.search(np.array([0, 0, 1, 0], np.float32), 1)[0][:2] == ("a", 2)
    second.close()


def test_nothing_about_an_embedding_function_is_stored_that_could_be_run(tmp_path: Path) -> None:
    made = DenseIndex(tmp_path / "chroma")
    configuration = made._chroma._collection.configuration_json
    made.close()
    assert (configuration.get("embedding_function") or {}).get("type") in (None, "legacy")


built: list[str] = []


@register_embedding_function
class Trap(EmbeddingFunction[Documents]):
    """An embedding function that leaves a mark when it is built from a stored configuration."""

    def __init__(self) -> None:
        pass

    def __call__(self, input: Documents) -> Embeddings:
        raise AssertionError("the trap was asked for vectors")

    @staticmethod
    def name() -> str:
        return "trap_of_a_test"

    def get_config(self) -> dict[str, Any]:
        return {}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> "Trap":
        built.append("built")
        return Trap()


def test_an_embedding_function_that_the_stored_collection_names_is_not_built(tmp_path: Path) -> None:
    settings = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(path=str(tmp_path / "chroma"), settings=settings)
    collection = client.create_collection(
        COLLECTION, embedding_function=Trap(), configuration={"hnsw": {"space": "cosine"}}
    )
    collection.add(
        ids=["a#0"], embeddings=[[1.0, 0.0]], documents=["글"], metadatas=[{"article": "a", "number": 0}]
    )
    built.clear()
    with pytest.raises(AssertionError, match="asked for vectors"):  # what Chroma does by itself
        client.get_collection(COLLECTION).query(query_texts=["글"])
    assert built != []
    client.close()
    built.clear()
    index = DenseIndex(tmp_path / "chroma")
    assert index.count() == 1
    assert index.search(np.array([1, 0], np.float32), 1)[0][:2] == ("a", 0)
    index.close()
    assert built == []
