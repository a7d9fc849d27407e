"""Meanings: two texts meet where they say one thing in different words, and only then."""

import pytest

from vectorstore.morphemes import morphemes
from vectorstore.paraphrases import MAX_WORDS, content_words, meaning_terms, meanings


def groups(text: str) -> set[int]:
    return {meaning.group for meaning in meanings(morphemes(text))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("막을 여는 말", "개회사"),
        ("행사의 막을 여는 말을 한 분이 누구죠?", "개회사는 서다은 구청장이 했고"),
        ("개회사를 한 사람", "여는 말을 맡은 이"),
    ],
)
def test_the_same_thing_in_other_words_meets(one: str, other: str) -> None:
    assert groups(one) & groups(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("막을 내렸다", "개회사"),
        ("막차 말고 다른 차", "개회사"),
        ("도서관", "개회사"),
        ("문을 여는 시각", "개회사"),
    ],
)
def test_different_things_do_not_meet(one: str, other: str) -> None:
    assert not groups(one) & groups(other)


def test_an_expression_of_several_words_counts_only_as_a_whole() -> None:
    whole = groups("막을 여는 말")
    assert whole
    assert not groups("막 다른 사람이 여는 문과 마지막 말") & whole
    assert not groups("말을 막고 여는 것") & whole


def test_a_meaning_names_the_morphemes_that_express_it() -> None:
    found = morphemes("그날 막을 여는 말은 길었다.")
    opening = groups("개회사")
    spoken = [
        [m.form for m in found[each.first : each.last + 1]]
        for each in meanings(found)
        if each.group in opening
    ]
    assert spoken
    assert all(words[0] in ("막", "여", "열") and words[-1] == "말" for words in spoken)


def test_the_content_words_leave_particles_and_signs_out() -> None:
    assert [form for form, _ in content_words(morphemes("AI 사업을, 시작!"))] == ["ai", "사업", "시작"]


def test_terms_for_the_index_name_each_group_once() -> None:
    terms = meaning_terms(morphemes("개회사와 개회사"))
    assert terms
    assert len(terms) == len(set(terms))
    assert set(terms) == {str(group) for group in groups("개회사")}


def test_no_expression_is_longer_than_what_is_looked_up() -> None:
    from importlib.resources import files

    lines = (files("vectorstore") / "paraphrases.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 1000
    assert max(len(line.partition("\t")[0].split(" ")) for line in lines) <= MAX_WORDS


def test_a_text_without_an_expression_has_no_meaning() -> None:
    assert meanings(morphemes("")) == ()
    assert meaning_terms(morphemes("쀍롱텍!")) == []
