"""The dense half: one Chroma collection per generation, fed with vectors of ours.

Opened through LangChain's `Chroma`, which hands Chroma no embedding function. Chroma's own
`get_collection` would build the one that the collection's stored configuration names, which is code.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chromadb.api.collection_configuration import (
        CreateCollectionConfiguration,
        CreateHNSWConfiguration,
    )
    from langchain_chroma import Chroma

COLLECTION = "chunks"
# Chroma's own graph, which is cheap to build; `exact` answers until a store is too large for it. Only then
# the graph is asked: of the ten nearest of 100,000 it finds .92 with so wide a search.
HNSW: "CreateHNSWConfiguration" = {"space": "cosine", "ef_search": 4000}
BATCH = 5_000  # Chroma refuses more than 5,461 rows in one call


class DenseIndex:
    """Vectors by chunk id."""

    def __init__(self, folder: Path) -> None:
        """Open the collection below `folder`, or make it; raises OSError where its files are damaged."""
        from chromadb.errors import ChromaError

        try:
            self._chroma = _open(folder)
        except ChromaError as exc:
            raise OSError(f"chroma: {exc}") from exc

    def add(
        self, ids: Sequence[str], vectors: NDArray[np.float32], metadata: Sequence[Mapping[str, str | int]]
    ) -> None:
        """Add rows; `vectors` has shape (rows, dimension).

        A row's document is its id: the texts are in the catalog already, and Chroma's search index over
        them, which nothing here asks, was two thirds of Chroma's disk and 0.7 ms a chunk.
        """
        for start in range(0, len(ids), BATCH):
            rows = slice(start, start + BATCH)
            self._chroma._collection.add(
                ids=list(ids[rows]),
                embeddings=vectors[rows],
                documents=list(ids[rows]),
                metadatas=[dict(entry) for entry in metadata[rows]],
            )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove rows by id."""
        for start in range(0, len(ids), BATCH):
            self._chroma.delete(ids=list(ids[start : start + BATCH]))

    def count(self) -> int:
        """How many rows there are."""
        return int(self._chroma._collection.count())

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of these rows in this order, shape (ids, dimension); KeyError for an unknown id."""
        found = self._chroma._collection.get(ids=list(ids), include=["embeddings"])
        place = {id: number for number, id in enumerate(found["ids"])}
        return np.asarray(found["embeddings"], np.float32)[[place[id] for id in ids]]

    def search(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, int, float]]:
        """The `k` nearest chunks as (article, number, cosine), best first."""
        if not vector.any():
            return []
        found = self._chroma.similarity_search_by_vector_with_relevance_scores(vector.tolist(), k=k)
        return [(doc.metadata["article"], doc.metadata["number"], 1.0 - distance) for doc, distance in found]

    def close(self) -> None:
        """Let Chroma's files and threads go."""
        self._chroma._client.close()


def _open(folder: Path) -> "Chroma":
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    import chromadb
    from chromadb.config import Settings
    from langchain_chroma import Chroma

    settings = Settings(anonymized_telemetry=False, allow_reset=False)
    client = chromadb.PersistentClient(path=str(folder), settings=settings)
    configuration: CreateCollectionConfiguration = {"hnsw": HNSW}
    return Chroma(collection_name=COLLECTION, client=client, collection_configuration=configuration)
