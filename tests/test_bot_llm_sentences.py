"""A model's text is cut into the same sentences however it arrives, and markers are read off them."""

import random
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.llm.sentences import LONGEST, Cutter, cited, undressed


def cut(pieces: Iterable[str]) -> list[str]:
    """All sentences of a text that arrives in these pieces."""
    cutter = Cutter()
    found = [sentence for piece in pieces for sentence in cutter.feed(piece)]
    rest = cutter.end()
    return [*found, *([rest] if rest else [])]


def pieces_of(text: str, seed: int) -> list[str]:
    """The text in pieces of one to three characters."""
    chance, found, start = random.Random(seed), [], 0
    while start < len(text):
        size = chance.randint(1, 3)
        found.append(text[start : start + size])
        start += size
    return found


CASES: dict[str, tuple[str, list[str]]] = {
    "a citation before the full stop": (
        "해오름이 축사를 했습니다 [1]. 문은 열 시에 엽니다 [2].",
        ["해오름이 축사를 했습니다 [1].", "문은 열 시에 엽니다 [2]."],
    ),
    "one behind it": (
        "축사를 했습니다. [1] 문을 엽니다.[2] 끝납니다. [3]",
        ["축사를 했습니다. [1]", "문을 엽니다.[2]", "끝납니다. [3]"],
    ),
    "one behind it without a blank": (
        "축사를 했습니다.[1]문을 엽니다 [2].", ["축사를 했습니다.[1]문을 엽니다 [2]."]
    ),
    "several in a row": (
        "축사를 했습니다 [1][2]. 문을 엽니다. [1] [3] 끝납니다.",
        ["축사를 했습니다 [1][2].", "문을 엽니다. [1] [3]", "끝납니다."],
    ),
    "several in one bracket": (
        "축사를 했습니다 [1, 2]. 문을 엽니다. [2, 3] 끝납니다.",
        ["축사를 했습니다 [1, 2].", "문을 엽니다. [2, 3]", "끝납니다."],
    ),
    "several with commas between the brackets": (
        "축사를 했습니다. [1], [2] 문을 엽니다 [1], [3].",
        ["축사를 했습니다. [1], [2]", "문을 엽니다 [1], [3]."],
    ),
    "other brackets": (
        "축사를 했습니다【1】. 엽니다 [근거 2]. 끝납니다 (근거 3). 또 봅니다. (근거 1, 2) 네.",
        ["축사를 했습니다【1】.", "엽니다 [근거 2].", "끝납니다 (근거 3).", "또 봅니다. (근거 1, 2)", "네."],
    ),
    "a full stop on both sides": (
        "축사를 했습니다. [1]. 문을 엽니다 [2].", ["축사를 했습니다. [1]", "문을 엽니다 [2]."]
    ),
    "a bracket that is no citation": (
        "축사를 했습니다. (2부) 문을 엽니다 [2].", ["축사를 했습니다.", "(2부) 문을 엽니다 [2]."]
    ),
    "decimals": (
        "너비는 3.5m입니다 [1]. 값은 1.2배 늘었습니다 [2].",
        ["너비는 3.5m입니다 [1].", "값은 1.2배 늘었습니다 [2]."],
    ),
    "a date": (
        "모임은 2023. 11. 22. 오후 2시에 열렸습니다 [1]. 다음은 2024.3.5. 아침입니다 [2].",
        ["모임은 2023. 11. 22. 오후 2시에 열렸습니다 [1].", "다음은 2024.3.5. 아침입니다 [2]."],
    ),
    "a date with its weekday": (
        "모임은 2023. 11. 22. (수) 열렸습니다 [1].", ["모임은 2023. 11. 22. (수) 열렸습니다 [1]."]
    ),
    "a date at the end": (
        "모임이 열린 날은 2023. 11. 22. [1] 3명이 왔습니다 [2].",
        ["모임이 열린 날은 2023. 11. 22. [1]", "3명이 왔습니다 [2]."],
    ),
    "a number before the next sentence": (
        "끝은 2부입니다. 1부는 엽니다.", ["끝은 2부입니다.", "1부는 엽니다."]
    ),
    "full stops inside a quote": (
        "그는 “멀다. 그래도 간다.”고 말했습니다 [1]. 문을 엽니다 [2].",
        ["그는 “멀다. 그래도 간다.”고 말했습니다 [1].", "문을 엽니다 [2]."],
    ),
    "straight quotes": (
        '그는 "멀다. 그래도 간다."고 말했습니다 [1]. 문을 엽니다 [2].',
        ['그는 "멀다. 그래도 간다."고 말했습니다 [1].', "문을 엽니다 [2]."],
    ),
    "a blank between a quote and its verb": (
        "그는 “간다.” 라고 말했습니다 [1]. 문을 엽니다.",
        ["그는 “간다.” 라고 말했습니다 [1].", "문을 엽니다."],
    ),
    "a citation behind a quote": (
        "그의 말은 “간다.” [1] 문을 엽니다 [2].", ["그의 말은 “간다.” [1]", "문을 엽니다 [2]."]
    ),
    "a quote that nobody closes ends with its line": (
        "그는 “간다고 했습니다 [1]. 왔습니다.\n문을 엽니다.",
        ["그는 “간다고 했습니다 [1]. 왔습니다.", "문을 엽니다."],
    ),
    "lines": ("해오름 [1]\n\n\n문은 열 시 [2]\r\n끝", ["해오름 [1]", "문은 열 시 [2]", "끝"]),
    "a citation on a line of its own": (
        "축사를 했습니다.\n[1]\n문을 엽니다\n[2]\n끝", ["축사를 했습니다.\n[1]", "문을 엽니다\n[2]", "끝"]
    ),
    "citations that begin their lines": (
        "[1] 축사를 했습니다.\n[2] 문을 엽니다\n[3] 끝", ["[1] 축사를 했습니다.", "[2] 문을 엽니다", "[3] 끝"]
    ),
    "a list with signs": (
        "다음과 같습니다:\n- 축사를 했습니다 [1].\n* 문을 엽니다 [2]",
        ["다음과 같습니다:", "- 축사를 했습니다 [1].", "* 문을 엽니다 [2]"],
    ),
    "a numbered list": (
        "1. 축사를 했습니다 [1].\n2. 2부를 엽니다 [2].\n- 10. 끝입니다.",
        ["1. 축사를 했습니다 [1].", "2. 2부를 엽니다 [2].", "- 10. 끝입니다."],
    ),
    "a thought": ("<think>\n하나. 둘 [1].\n</think>\n\n문을 엽니다 [2]. 끝", ["문을 엽니다 [2].", "끝"]),
    "an empty thought": ("<think></think>문을 엽니다 [2].", ["문을 엽니다 [2]."]),
    "a thought that is cut": ("<think>하나. 둘 [1]. 셋", []),
    "a thought in the middle": ("문을 엽니다 [1]. <think>하나. 둘.</think> 끝", ["문을 엽니다 [1].", "끝"]),
    "something else in its brackets": ("<b>문</b>을 엽니다. 끝", ["<b>문</b>을 엽니다.", "끝"]),
    "no mark at the end": ("축사를 했습니다. 문은 열 시", ["축사를 했습니다.", "문은 열 시"]),
    "a marker that is cut": ("축사를 했습니다. [1", ["축사를 했습니다. [1"]),
    "several marks": ("정말입니까?! 네... 그렇습니다!", ["정말입니까?!", "네...", "그렇습니다!"]),
    "nothing": (" \n\n . \n", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentences"), CASES.values(), ids=CASES.keys())
def test_a_text_is_cut_into_its_sentences_however_it_arrives(text: str, sentences: list[str]) -> None:
    assert cut([text]) == sentences
    assert [cut(pieces_of(text, seed)) for seed in range(30)] == [sentences] * 30
    assert cut(text) == sentences


FRAGMENTS = (
    "축사를 했습니다", "문을 엽니다", "2023", "11", "3", "1부", "고 했다", "라고", "근거", " ", "  ", "\n",
    ".", ". ", "? ", "!", "…", ",", "[1]", " [2]", "[1, 2]", "【3】", "[근거 1]", "(근거 2)", "[", "]", "(",
    ")", "“", "”", '"', "’", "- ", "1. ", "**", "<think>", "</think>", "<", "답변: ", "가" * 290,
)  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24), st.integers(0, 1_000_000))
@settings(max_examples=500, derandomize=True, deadline=None)
def test_any_text_in_any_pieces_gives_the_same_sentences(parts: list[str], seed: int) -> None:
    text = "".join(parts)
    assert cut(pieces_of(text, seed)) == cut([text])


@given(st.lists(st.sampled_from([part for part in FRAGMENTS if "<" not in part]), max_size=24))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_no_letter_and_no_number_is_lost_or_added(parts: list[str]) -> None:
    text = "".join(parts)
    assert [c for c in "".join(cut([text])) if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_sentence_is_ready_before_the_next_one_is_whole() -> None:
    cutter = Cutter()
    assert cutter.feed("축사를 했습니다. [1]") == []
    assert cutter.feed(" ") == []
    assert cutter.feed("문") == ["축사를 했습니다. [1]"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 5_000])
def test_a_run_without_an_end_is_cut_after_600_characters(size: int) -> None:
    text = "가" * 1_500 + ". 문을 엽니다 [1]."
    found = cut(text[place : place + size] for place in range(0, len(text), size))
    assert [len(sentence) for sentence in found] == [LONGEST, LONGEST, 301, 11]


@pytest.mark.parametrize(
    "unit", ["[1]  ", "[1], ", " ", "[", "“", "1. ", ". ", "(근거 ", "가.", "\n", "<think>"]
)
def test_no_repeated_piece_takes_long(unit: str) -> None:
    began = time.perf_counter()
    text = unit * (4_000 // len(unit)) + "x"
    for sentence in cut(text[place : place + 3] for place in range(0, len(text), 3)):
        cited(undressed(sentence))
    assert time.perf_counter() - began < 5.0


@pytest.mark.parametrize(
    ("sentence", "bare", "numbers"),
    [
        ("축사를 했습니다 [2].", "축사를 했습니다.", (2,)),
        ("축사를 했습니다. [2]", "축사를 했습니다.", (2,)),
        ("축사를 했습니다.[2]", "축사를 했습니다.", (2,)),
        ("축사를 했습니다 [2][10].", "축사를 했습니다.", (2, 10)),
        ("축사를 했습니다 [3, 1].", "축사를 했습니다.", (3, 1)),
        ("축사를 했습니다 [3], [1].", "축사를 했습니다.", (3, 1)),
        ("축사를 했습니다 [3]·[1].", "축사를 했습니다.", (3, 1)),
        ("축사를 했습니다【2】.", "축사를 했습니다.", (2,)),
        ("축사를 했습니다 [근거 2].", "축사를 했습니다.", (2,)),
        ("축사를 했습니다 [근거 2, 근거 4].", "축사를 했습니다.", (2, 4)),
        ("축사를 했습니다 (근거 2).", "축사를 했습니다.", (2,)),
        ("[2] 축사를 했습니다.", "축사를 했습니다.", (2,)),
        ("해오름[1]과 한별[2]이 왔습니다 [1].", "해오름과 한별이 왔습니다.", (1, 2)),
        ("축사를 했습니다.\n[2]", "축사를 했습니다.", (2,)),
        ("2부 (2023년) 축사를 했습니다.", "2부 (2023년) 축사를 했습니다.", ()),
        ("[2023] 축사를 했습니다 [].", "[2023] 축사를 했습니다 [].", ()),
        ("[3]", "", (3,)),
    ],
)
def test_markers_are_read_off_a_sentence(sentence: str, bare: str, numbers: tuple[int, ...]) -> None:
    assert cited(sentence) == (bare, numbers)


@pytest.mark.parametrize(
    ("sentence", "bare"),
    [
        ("- 축사를 했습니다.", "축사를 했습니다."),
        ("• 축사를 했습니다.", "축사를 했습니다."),
        ("1. 축사를 했습니다.", "축사를 했습니다."),
        ("12) 축사를 했습니다.", "축사를 했습니다."),
        ("> - 축사를 했습니다.", "축사를 했습니다."),
        ("2. 2부 사회를 봤습니다.", "2부 사회를 봤습니다."),
        ("**1.** 축사를 했습니다.", "축사를 했습니다."),
        ("### 답변: 축사를 했습니다.", "축사를 했습니다."),
        ("**답**: **해오름**이 `축사`를 했습니다.", "해오름이 축사를 했습니다."),
        ("- __요약__ : 축사를 했습니다.", "축사를 했습니다."),
        ("답변은 없습니다.", "답변은 없습니다."),
        ("11. 22. 모임이 열렸습니다.", "11. 22. 모임이 열렸습니다."),
        ("2023. 11. 22. 모임이 열렸습니다.", "2023. 11. 22. 모임이 열렸습니다."),
        ("3.5m입니다.", "3.5m입니다."),
        ("-3도였습니다.", "-3도였습니다."),
    ],
)
def test_the_dress_of_a_sentence_is_taken_off(sentence: str, bare: str) -> None:
    assert undressed(sentence) == bare
