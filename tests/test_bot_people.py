"""Who is meant by an office, and who says what stands in a post."""

from pathlib import Path

import pytest
from posts import Lines, filled

from bot.passages import Candidate, Page, Pages
from bot.people import cast_of, speaker_of
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index

FORUM: Lines = (
    ("title", "솔내마을 물길 토론회"),
    ("byline", "차보람 기자"),
    ("body", "도현우 솔내군 물관리과장은 “물길을 넓히겠다”고 밝혔다."),
    ("body", "배수빈 솔내협회 회장은 “둑이 먼저다”라고 맞섰다."),
    ("body", "류정민 솔내협회 부회장은 “돈이 없다”고 걱정했다."),
)
POST: Lines = (
    ("title", "둑길 가로등이 나갔어요"),
    ("byline", "물레방아집"),
    ("body", "어제부터 둑길 가로등 세 개가 꺼져 있습니다. 군청에 전화해 뒀어요."),
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Pages:
    store: Path = tmp_path_factory.mktemp("people") / "store"
    filled(store, encoder, {"forum": FORUM, "post": POST}, authors={"forum": "차보람", "post": "물레방아집"})
    return Pages(Index(store, encoder))


def page(pages: Pages, id: str) -> Page:
    found = pages.page(id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("물관리과장은 뭐라고 했나요?", ["도현우"]),
        ("군청 과장이 약속한 것은?", ["도현우"]),
        ("솔내군 과장은 뭐라고 했어?", ["도현우"]),
        ("회장은 무엇이 먼저라고 했나요?", ["배수빈"]),
        ("부회장님은 뭐가 걱정이래?", ["류정민"]),
        ("한빛시 과장은 뭐라고 했나요?", []),  # another town's
        ("총장은 뭐라고 했나요?", []),
        ("배수빈 회장은 뭐라고 했나요?", ["배수빈"]),
    ],
)
def test_an_office_names_the_only_one_who_holds_it(pages: Pages, question: str, names: list[str]) -> None:
    cast = cast_of(page(pages, "forum"))
    assert [person.name for person in cast.named_in(question)] == names


def test_a_post_is_said_by_its_writer_and_a_report_not_by_its_reporter(pages: Pages) -> None:
    post, forum = page(pages, "post"), page(pages, "forum")
    body = next(n for n, line in enumerate(post.lines) if line.role == "body")
    writer = speaker_of(Candidate(post, body, 1.0))
    assert writer is not None
    assert writer.full == "물레방아집"
    assert post.lines[writer.line].text[writer.start : writer.end] == "물레방아집"
    assert speaker_of(Candidate(post, 0, 1.0)) is None  # the title is no speech
    says = [speaker_of(Candidate(forum, n, 1.0)) for n, line in enumerate(forum.lines) if line.role == "body"]
    assert [person.name for person in says if person] == ["도현우", "배수빈", "류정민"]
