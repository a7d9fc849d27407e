"""The retrievers that are measured side by side: our hybrid, each half of it alone, and two peers.

The peers are what a tutorial builds: BM25 over words between spaces, and Chroma with the model that it
brings (all-MiniLM-L6-v2, trained on English). They get a passage as title and text, a question as typed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.evaluation.corpus import Corpus
from bot.evaluation.types import Passage
from prompts import say
from vectorstore.fusion import Query

if TYPE_CHECKING:
    from chromadb.api.types import EmbeddingFunction

HITS = 50  # chunks of a ranking: ten different articles, unless one fills five places each
MODEL_FILES = ("model.onnx", "tokenizer.json")

Rank = Callable[[str], list[str]]
"""A question → the articles of the chunks found, best first; an article may come more than once."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """A way to search; `rank` is None where it cannot run here, and `reason` says why."""

    name: str
    rank: Rank | None
    reason: str | None = None


def all_retrievers(corpus: Corpus) -> tuple[Retriever, ...]:
    """Every retriever over one corpus."""
    return (*our_retrievers(corpus), white_space_bm25(corpus), chroma_default(corpus))


def our_retrievers(corpus: Corpus) -> tuple[Retriever, ...]:
    """The hybrid search as users get it, and its two halves alone."""
    index = corpus.index

    def hybrid(question: str) -> list[str]:
        return [hit.chunk.article for hit in index.search(question, HITS)]

    def lexical(question: str) -> list[str]:
        query, generation = Query.of(question, index.encoder), index.generation
        scores = generation.lexical.scores(query.terms)
        best = np.argsort(-scores, kind="stable")[:HITS]
        return [generation.rows[row][0] for row in best.tolist() if scores[row] > 0]

    def dense(question: str) -> list[str]:
        query, generation = Query.of(question, index.encoder), index.generation
        found = generation.nearest(query.vector, min(HITS, len(generation.rows)))
        return [generation.article_of(row) for row, _ in found]

    return Retriever("hybrid", hybrid), Retriever("lexical", lexical), Retriever("dense", dense)


def white_space_bm25(corpus: Corpus) -> Retriever:
    """BM25 with bm25s' own settings over `str.split`."""
    from bm25s import BM25

    vocabulary: dict[str, int] = {}
    words = [_whole(passage).split() for passage in corpus.passages]
    numbered = [[vocabulary.setdefault(word, len(vocabulary)) for word in text] for text in words]
    index: Any = BM25()  # type: ignore[no-untyped-call]
    index.index((numbered, vocabulary), show_progress=False)

    def rank(question: str) -> list[str]:
        known = [word for word in question.split() if word in vocabulary]
        if not known:
            return []
        scores = index.get_scores(known)
        best = np.argsort(-scores, kind="stable")[:HITS]
        return [corpus.passages[row].id for row in best.tolist() if scores[row] > 0]

    return Retriever("white_space_bm25", rank)


def chroma_default(corpus: Corpus) -> Retriever:
    """Chroma's tutorial; only where its model is on disk already, as it would download it else."""
    from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2

    folder = ONNXMiniLM_L6_V2.DOWNLOAD_PATH / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
    if not all((folder / name).is_file() for name in MODEL_FILES):
        model = ONNXMiniLM_L6_V2.MODEL_NAME
        return Retriever("chroma_default", None, say("evaluation.model_missing", model=model))
    return Retriever("chroma_default", chroma_ranking(corpus, ONNXMiniLM_L6_V2()))


def chroma_ranking(corpus: Corpus, embedding: "EmbeddingFunction[Any]") -> Rank:
    """A Chroma collection of the passages that embeds by itself, as the tutorial has it."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        path=str(corpus.scratch / "peer"), settings=Settings(anonymized_telemetry=False)
    )
    collection = client.create_collection("peer", embedding_function=embedding)
    for start in range(0, len(corpus.passages), 1_000):
        some = corpus.passages[start : start + 1_000]
        collection.add(ids=[each.id for each in some], documents=[_whole(each) for each in some])

    count = min(HITS, len(corpus.passages))

    def rank(question: str) -> list[str]:
        found = collection.query(query_texts=[question], n_results=count, include=[])
        return list(found["ids"][0])

    return rank


def _whole(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}".strip()
