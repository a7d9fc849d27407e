import json
from xml.etree import ElementTree

from bot.evaluation.picture import WIDTH, Bar, Panel, draw, panels
from bot.evaluation.report import record, table
from bot.evaluation.types import Measures, NoiseRun, Report, Run

REPORT = Report(
    "마을 <글>", "kiwi", 3, 4, 1,
    (
        Run("hybrid", Measures(0.75, 1, 1, 0.875, 0.90773)),
        Run("chroma_default", reason="all-MiniLM-L6-v2 모델이 이 컴퓨터에 없음"),
    ),
    (
        NoiseRun("clean", "hybrid", 1, 0),
        NoiseRun("nfd", "hybrid", 0.75, 25),
        NoiseRun("nfd", "lexical", 0.5, 0),
    ),
    4,
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


def test_the_table_has_a_line_for_each_retriever_and_says_what_was_not_measured() -> None:
    lines = list(table(REPORT))
    assert lines[0] == "마을 <글>: 글 3건, 질문 4개, 인코더 kiwi"
    assert lines[1] == "정답 글이 없는 질문 1개는 뺐습니다."
    assert lines[2].split() == ["R@1", "R@5", "R@10", "MRR@10", "nDCG@10", "검색기"]
    assert lines[3].split() == ["0.750", "1.000", "1.000", "0.875", "0.908", "하이브리드"]
    assert lines[4].endswith("Chroma 기본 설정: 재지 않음 (all-MiniLM-L6-v2 모델이 이 컴퓨터에 없음)")
    assert lines[-2] == "    0.750     25.0  하이브리드 · 자모 분리(NFD)"


def test_the_record_is_json_with_four_digits() -> None:
    found = json.loads(json.dumps(record(REPORT)))
    assert found["runs"][0]["measures"]["ndcg_10"] == 0.9077
    assert found["runs"][1]["measures"] is None
    assert found["noise"][1] == {"noise": "nfd", "retriever": "hybrid", "recall_10": 0.75, "fall": 25}


def test_the_picture_is_an_svg_with_a_bar_for_each_figure() -> None:
    root = ElementTree.fromstring(draw(panels(REPORT)))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "마을 <글>: 글 3건, 질문 4개" in texts
    assert "재지 않음 (모델 없음)" in texts
    assert [text for text in texts if text in ("0.750", "1.000")] == ["0.750", "1.000", "1.000", "0.750"]


def test_a_bar_is_as_long_as_its_value_and_stays_inside() -> None:
    root = ElementTree.fromstring(draw([Panel("표", ("R@1",), (Bar("가", (1.0,)), Bar("나", (0.5,))))]))
    full, half = [float(bar.get("width", "")) for bar in root.iter(f"{SVG}rect")][-2:]
    assert half == full / 2
    assert all(float(bar.get("width", "")) <= WIDTH for bar in root.iter(f"{SVG}rect"))
