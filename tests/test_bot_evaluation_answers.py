"""Gold answers: what counts as right, and the shares that come of it."""

import json
from pathlib import Path

import pytest

from bot.cli import main
from bot.evaluation.answers import Gold, Judged, judge, read_gold, score
from bot.evaluation.data import DataError
from bot.types import Answer


def gold(**fields: object) -> Gold:
    given = {
        "id": "a", "category": "who", "question": "누구?", "all_of": (("이동국", "이 사무총장"),),
        "none_of": ("임한필",), "refuse": False, "allow_refuse": False, "history": (),
    } | fields  # fmt: skip
    return Gold(**given)  # type: ignore[arg-type]


def said(text: str, kind: str = "answer") -> Answer:
    return Answer("누구?", "누구?", kind, text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "answer", "wrong"),
    [
        (gold(), said("이동국입니다."), 0),
        (gold(), said("이  사무총장입니다."), 0),
        (gold(), said("모두입니다."), 1),
        (gold(), said("이동국과 임한필입니다."), 1),
        (gold(), said("찾지 못했습니다.", "refusal"), 1),
        (gold(allow_refuse=True), said("찾지 못했습니다.", "refusal"), 0),
        (gold(allow_refuse=True), said("찾지 못했습니다. 임한필", "refusal"), 1),
        (gold(refuse=True, all_of=()), said("찾지 못했습니다.", "refusal"), 0),
        (gold(refuse=True, all_of=()), said("이동국입니다."), 1),
        (gold(), said("이동국입니다." + "가" * 400), 1),
        (gold(all_of=(("gist",),)), said("GIST입니다."), 0),
        (gold(all_of=(("한",), ("둘",))), said("한입니다."), 1),
        (gold(all_of=()), said(""), 1),
    ],
)
def test_what_is_right(item: Gold, answer: Answer, wrong: int) -> None:
    assert len(judge(item, answer, 400)) == wrong


def judged(refuse: bool, refused: bool, right: bool) -> Judged:
    return Judged("a", "who", "누구?", refuse, refused, () if right else ("x",), "", 1.0)


def test_the_shares() -> None:
    found = score(
        [
            judged(refuse=False, refused=False, right=True),
            judged(refuse=False, refused=False, right=False),
            judged(refuse=False, refused=True, right=False),
            judged(refuse=True, refused=True, right=True),
            judged(refuse=True, refused=False, right=False),
        ]
    )
    assert found.right == pytest.approx(2 / 5)
    assert found.crag == pytest.approx((2 - 2) / 5)
    assert found.refusal_precision == pytest.approx(1 / 2)
    assert found.refusal_recall == pytest.approx(1 / 2)
    assert found.over_refusal == pytest.approx(1 / 3)


def test_shares_of_nothing_are_none() -> None:
    found = score([judged(refuse=False, refused=False, right=True)])
    assert (found.refusal_precision, found.refusal_recall) == (None, None)


def test_the_bundled_report_is_asked_and_the_result_saved(
    report_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gold.jsonl"
    lines = [
        {"id": "a", "category": "who", "question": "2부 사회는 누가 봤나요?", "all_of": [["임한필"]]},
        {"id": "b", "category": "off_topic", "question": "오늘 서울 날씨 어때?", "refuse": True},
        {"id": "c", "category": "who", "question": "1부 사회는 누가 봤나요?", "all_of": [["없는 사람"]]},
        {"id": "d", "category": "who", "question": "그럼 1부는?", "all_of": [["이동국"]],
         "history": [["user", "2부 사회는 누가 봤나요?"], ["assistant", "임한필입니다."]]},
    ]  # fmt: skip
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    saved, picture = tmp_path / "out.json", tmp_path / "out.svg"
    words = ["eval", "answers", str(file), "--store", str(report_store), "--max-chars", "400"]
    assert main([*words, "--save", str(saved), "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "틀림 c [who]" in out
    assert "거절: 정밀도 100.0 %, 재현율 100.0 %, 답할 수 있는데 거절 0.0 %" in out
    found = json.loads(saved.read_text("utf-8"))
    assert found["whole"]["right"] == 0.75
    assert found["categories"]["who"]["questions"] == 3
    assert picture.read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("", "질문이 없습니다"),
        ("[1]", "1번째 줄이 JSON 객체가 아닙니다"),
        ('{"question": ""}', "question"),
        ('{"question": "누구?", "all_of": ["가"]}', "all_of가"),
        ('{"question": "누구?", "all_of": [[]]}', "all_of가"),
        ('{"question": "누구?", "none_of": "가"}', "none_of가"),
    ],
)
def test_bad_gold_is_told_in_one_line(tmp_path: Path, line: str, part: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"gold\.jsonl") as found:
        read_gold(file)
    assert part in str(found.value)
