"""The search as a LangChain retriever."""

import asyncio

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda

from vectorstore.reader import Index
from vectorstore.retriever import HybridRetriever, to_document, to_hit

QUESTIONS = ["2부 사회는 누가 봤나요?", "토론회는 어디에서 열렸나요?"]


def test_it_is_a_retriever_that_gives_documents_best_first(report_index: Index) -> None:
    retriever = HybridRetriever(index=report_index, k=4)
    assert isinstance(retriever, BaseRetriever)
    documents = retriever.invoke(QUESTIONS[0])
    assert len(documents) == 4
    assert all(isinstance(document, Document) for document in documents)
    scores = [document.metadata["score"] for document in documents]
    assert scores == sorted(scores, reverse=True)
    assert any("임한필" in document.page_content for document in documents)


def test_a_document_says_where_it_stands(report_index: Index) -> None:
    article = report_index.article("forum-report")
    assert article is not None
    for document in HybridRetriever(index=report_index).invoke(QUESTIONS[1]):
        place = document.metadata
        assert article.text[place["start"] : place["end"]] == document.page_content
        assert document.id == f"{place['article']}#{place['number']}"


def test_a_batch_is_the_answers_one_by_one(report_index: Index) -> None:
    retriever = HybridRetriever(index=report_index, k=3)
    expected = [[document.id for document in retriever.invoke(question)] for question in QUESTIONS]
    assert [[document.id for document in found] for found in retriever.batch(QUESTIONS)] == expected
    found = asyncio.run(retriever.ainvoke(QUESTIONS[0]))
    assert [document.id for document in found] == expected[0]


def test_it_stands_in_a_chain(report_index: Index) -> None:
    chain = HybridRetriever(index=report_index, k=2) | RunnableLambda(len)
    assert chain.invoke(QUESTIONS[0]) == 2


def test_a_hit_survives_the_way_through_a_document(report_index: Index) -> None:
    for hit in report_index.search(QUESTIONS[0], 3):
        assert to_hit(to_document(hit)) == hit
