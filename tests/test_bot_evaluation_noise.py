import unicodedata

import pytest

from bot.evaluation.noise import NOISES, noisy
from vectorstore.morphemes import normal_question

QUESTION = "2부 사회는 누가 봤나요? (AI 포럼)"


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        ("zero_width", "가\u200b나\u200b \u200b1"),
        ("full_width", "가나\u3000１"),
        ("unspaced", "가나1"),
        ("nfd", unicodedata.normalize("NFD", "가나 1")),
    ],
)
def test_each_noise_is_what_it_says(noise: str, expected: str) -> None:
    assert noisy("가나 1", noise, "seed") == expected


@pytest.mark.parametrize("noise", ["nfd", "zero_width", "full_width"])
def test_a_question_in_another_form_has_the_same_normal_form(noise: str) -> None:
    assert noisy(QUESTION, noise, "seed") != QUESTION
    assert normal_question(noisy(QUESTION, noise, "seed")) == QUESTION


@pytest.mark.parametrize("seed", [str(n) for n in range(20)])
def test_a_slip_changes_one_letter_of_one_syllable_of_a_content_word(seed: str) -> None:
    slipped = noisy(QUESTION, "jamo_slip", seed)
    assert len(slipped) == len(QUESTION)
    changed = [place for place, pair in enumerate(zip(slipped, QUESTION, strict=True)) if len(set(pair)) > 1]
    assert len(changed) == 1
    assert QUESTION[changed[0]] in "부사회봤포럼"
    before, after = (list(letters(text[changed[0]])) for text in (QUESTION, slipped))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def letters(syllable: str) -> str:
    return unicodedata.normalize("NFD", syllable).ljust(3)


def test_the_same_seed_gives_the_same_noise_and_seeds_differ() -> None:
    slips = [noisy(QUESTION, "jamo_slip", str(n)) for n in range(20)]
    assert slips == [noisy(QUESTION, "jamo_slip", str(n)) for n in range(20)]
    assert len(set(slips)) > 5


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("text", ["", "?!", "누구"])
def test_a_question_with_no_content_is_taken_too(noise: str, text: str) -> None:
    slipped = noisy(text, noise, "seed")
    assert noise != "jamo_slip" or slipped == text
