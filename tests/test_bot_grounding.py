"""What the check of a model's sentences lets through, and what it catches."""

import json
from pathlib import Path

import pytest

from bot.cli import main
from bot.evaluation.grounding import check_cases, rates, read_cases
from bot.grounding.check import unsupported
from vectorstore.kiwi_encoder import KiwiEncoder

SETS = Path(__file__).parent / "data" / "grounding"
CASES = SETS / "cases.jsonl"
# Least caught and most dropped, a little beside what was measured.
SHARES = {
    "cases": (0.94, 0.02), "subtle": (0.83, 0.02), "heldout": (0.86, 0.035), "fresh": (0.85, 0.025),
    "tune": (0.78, 0.015), "second": (0.94, 0.02), "unseen": (0.86, 0.10),
}  # fmt: skip
EVIDENCE = (
    "솔내군은 지난 15일 솔내회관에서 물길 설명회를 열었다.",
    "설명회에는 주민 120명이 왔고, 배수빈 솔내협회 회장은 “둑을 8m 물려야 한다”고 말했다.",
    "군은 내년 3월까지 31억2000만원을 들여 둑을 고치며, 공사 중에도 다리는 닫지 않는다.",
)


@pytest.mark.parametrize(
    "sentence",
    [
        "설명회는 2024년 3월 15일에 솔내회관에서 열렸습니다.",
        "배수빈 회장은 “둑을 8m 물려야 한다”고 말했습니다.",
        "솔내군은 2025년 3월까지 둑을 고치는 데 31억 2천만 원을 씁니다.",
        "주민 120명이 설명회를 찾았습니다.",
        "공사를 하는 동안에도 다리를 닫지 않습니다.",
    ],
)
def test_what_the_evidence_says_passes(sentence: str, encoder: KiwiEncoder) -> None:
    assert unsupported(sentence, EVIDENCE, "2024-03-20", encoder) is None


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("설명회는 2024년 3월 16일에 열렸습니다.", "date"),
        ("설명회에는 주민 210명이 왔습니다.", "number"),
        ("군은 31억원을 들여 둑을 고칩니다.", "number"),
        ("배수빈 회장은 “둑을 8m 당겨야 한다”고 말했습니다.", "quote"),
        ("도현우 회장은 둑을 8m 물려야 한다고 말했습니다.", "name"),
        ("배수빈 군수는 둑을 8m 물려야 한다고 말했습니다.", "name"),
        ("설명회는 솔내학교에서 열렸습니다.", "name"),
        ("공사 중에는 다리를 닫습니다.", "negation"),
        ("솔내군은 설명회를 열지 않았습니다.", "negation"),
        ("솔내군은 說明會를 열었습니다.", "script"),
        ("솔내군은 물길 workshop을 열었습니다.", "script"),
    ],
)
def test_what_it_does_not_say_is_caught(sentence: str, kind: str, encoder: KiwiEncoder) -> None:
    found = unsupported(sentence, EVIDENCE, "2024-03-20", encoder)
    assert found is not None and found.kind == kind


@pytest.mark.parametrize("name", SHARES)
def test_the_shares_over_the_test_sets_do_not_fall(name: str) -> None:
    shares = rates(check_cases(read_cases(SETS / f"{name}.jsonl")))
    caught, dropped = SHARES[name]
    assert shares["caught"]["all"] >= caught
    assert shares["dropped"]["all"] <= dropped


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("![그림](https://example.kr/p.png)을 보면 주민 120명이 왔습니다.", "markup"),
        ("자세한 내용은 https://example.kr 에 있습니다.", "markup"),
        ("설명회에는 <b>주민</b> 120명이 왔습니다.", "markup"),
        ("설명회는 Солнце 회관에서 열렸습니다.", "script"),
        ("설명회에는 주민 8명이 왔습니다.", "number"),
        ("군은 지난해 3월까지 둑을 고칩니다.", "date"),
    ],
)
def test_links_and_other_scripts_are_caught(sentence: str, kind: str, encoder: KiwiEncoder) -> None:
    found = unsupported(sentence, EVIDENCE, "2024-03-20", encoder)
    assert found is not None and found.kind == kind


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("한솔은 회장, 두솔은 총무를 맡았습니다.", "회장은 김두솔 씨가, 총무는 박한솔 씨가 맡았다."),
        (
            "박한솔 총무는 길을 넓히자고 했습니다.",
            "김두솔 총무는 “길을 넓히자”고 했다. 박한솔 씨는 듣기만 했다.",
        ),
        ("사과 3톤과 배 5톤을 팔았습니다.", "마을은 사과 5톤과 배 3톤을 팔았다."),
        ("주말에도 문을 엽니다.", "도서관은 평일에 문을 연다. 주말에는 열지 않는다."),
        ("버스는 역에서 시청까지 갑니다.", "버스는 시청에서 역까지 간다."),
        ("요금은 500원 내립니다.", "요금은 다음 달부터 500원 오른다."),
    ],
)
def test_what_is_said_of_something_else_is_caught(sentence: str, evidence: str, encoder: KiwiEncoder) -> None:
    assert unsupported(sentence, [evidence], "2024-03-20", encoder) is not None


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("셔틀버스는 요금을 받지 않습니다.", "구청은 셔틀버스 요금을 무료로 하기로 했다."),
        ("폭설이 오면 모노레일은 운행하지 않습니다.", "폭설이 오면 모노레일 운행이 멈춘다."),
        ("정원은 잔디 대신 이끼를 깔자는 의견을 냈습니다.", "정원은 잔디가 아니라 이끼를 깔자고 했다."),
        ("사전 협의가 있었는지를 두고 양쪽의 말이 다릅니다.",
         "농민회는 사전 협의가 없었다고 했다. 군은 사전 협의를 거쳤다고 맞섰다."),
        ("아직 승강기를 놓지 않은 역은 9곳입니다.", "역 21곳 가운데 12곳만 승강기를 놓았다."),
        ("회원에게는 책을 보내되 비회원에게는 신청과 상관없이 보냅니다.",
         "회원에게는 책을 보낸다. 비회원에게는 신청하지 않아도 보낸다."),
        ("막혔던 오솔길이 다시 열렸습니다.", "오솔길은 두 달 동안 막혔다. 이번 주에 다시 열렸다."),
        ("이사를 하기 어려웠다고 말했습니다.", "당장은 이사가 힘들었다고 말했다."),
        ("원서는 우편으로 낼 수 없습니다.", "원서는 인터넷으로만 내야 한다."),
    ],
)  # fmt: skip
def test_a_denial_in_other_words_passes(sentence: str, evidence: str, encoder: KiwiEncoder) -> None:
    assert unsupported(sentence, [evidence], "2024-03-20", encoder) is None


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("신호가 20초에서 32초로 12초 길어집니다.", "신호를 20초에서 32초로 늘린다."),
        ("의사는 정원보다 4명이 모자랍니다.", "의사는 정원 9명 중 5명만 남아 있다."),
        ("고래팀은 세 골 차로 이겼습니다.", "고래팀이 5대 2로 이겼다."),
        ("다섯 번째 회장으로 뽑혔습니다.", "제5대 회장으로 뽑혔다."),
        ("1일 이용권은 오릅니다.", "하루 이용권 값이 오른다."),
        ("군비로 내는 돈은 12억 원입니다.", "사업비 30억 원은 국비 60%, 군비 40%로 마련한다."),
    ],
)
def test_a_number_that_follows_passes(sentence: str, evidence: str, encoder: KiwiEncoder) -> None:
    assert unsupported(sentence, [evidence], "2024-03-20", encoder) is None


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("마을회관은 노을초등학교 운동장에 짓기로 했습니다.", "마을회관은 노을초등학교 옥상에 짓기로 했다."),
        ("하천 하류 축사가 원인이라고 했습니다.", "하천 상류 축사가 원인이라고 했다. 하류 농도는 높았다."),
        ("보수 공사는 여름방학에 하기로 했습니다.", "보수 공사는 겨울방학에 하기로 했다."),
        ("80가구 가운데 31가구가 찬성했습니다.", "80가구 가운데 57가구가 찬성했다. 기권이 31가구다."),
        ("라벨을 떼지 않아도 병을 받아 줍니다.", "라벨을 떼지 않으면 병을 받아 주지 않는다."),
        ("원서는 우편으로도 냅니다.", "원서는 인터넷으로만 낸다."),
        ("손님이 3만 명 늘었습니다.", "매출은 9% 늘었지만 손님은 3만 명 줄었다."),
    ],
)  # fmt: skip
def test_one_word_exchanged_is_caught(sentence: str, evidence: str, encoder: KiwiEncoder) -> None:
    assert unsupported(sentence, [evidence], "2024-03-20", encoder) is not None


def test_the_shares_are_printed_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, saved = tmp_path / "cases.jsonl", tmp_path / "out.json"
    base = {"evidence": list(EVIDENCE), "published": "2024-03-20"}
    lines = [
        {**base, "id": "a", "kind": "copy", "sentence": "주민 120명이 왔습니다.", "supported": True},
        {**base, "id": "b", "kind": "number", "sentence": "주민 12명이 왔습니다.", "supported": False},
    ]
    data.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert main(["eval", "grounding", str(data), "--save", str(saved)]) == 0
    assert "100.0 %  틀린 문장을 잡음 · all" in capsys.readouterr().out
    assert json.loads(saved.read_text(encoding="utf-8"))["dropped"] == {"all": 0.0, "copy": 0.0}


@pytest.mark.parametrize(
    "line", ['{"sentence": "둑이다."}', '{"sentence": "", "evidence": ["둑"], "supported": true}',
             '{"sentence": "둑", "evidence": "둑", "supported": true}']
)  # fmt: skip
def test_a_bad_case_is_told_of_with_its_line(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "cases.jsonl"
    data.write_text(line, encoding="utf-8")
    assert main(["eval", "grounding", str(data)]) == 1
    assert "1번째 줄" in capsys.readouterr().err
