"""The hybrid search as a LangChain retriever, so that any chain can stand on it."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from vectorstore.reader import Index
from vectorstore.types import Chunk, Hit


class HybridRetriever(BaseRetriever):
    """Chunks as Documents, best first; `metadata` says where each stands in which article."""

    index: Any
    """An `Index` (typed Any: pydantic would otherwise ask it for a schema)."""
    k: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        index: Index = self.index
        return [to_document(hit) for hit in index.search(query, self.k)]


def to_document(hit: Hit) -> Document:
    """A hit as a LangChain Document."""
    chunk = hit.chunk
    place = {"article": chunk.article, "number": chunk.number, "start": chunk.start, "end": chunk.end}
    return Document(id=chunk.id, page_content=chunk.text, metadata={**place, "score": hit.score})


def to_hit(document: Document) -> Hit:
    """A Document that `to_document` made, as a hit again."""
    place = document.metadata
    chunk = Chunk(place["article"], place["number"], place["start"], place["end"], document.page_content)
    return Hit(chunk, place["score"])
