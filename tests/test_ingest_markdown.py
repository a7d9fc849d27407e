import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.markdown import plain


def test_the_first_heading_is_the_title_and_marks_go() -> None:
    title, text = plain(
        "# 모임 **안내**\n\n## 언제\n\n*토요일* 오후 7시, `마을회관`\n\n> 꼭 오세요\n\n- 하나\n1. 둘\n"
    )
    assert title == "모임 안내"
    assert [line for line in text.split("\n") if line] == [
        "모임 안내",
        "언제",
        "토요일 오후 7시, 마을회관",
        "꼭 오세요",
        "- 하나",
        "1. 둘",
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[안내문](https://a.example/1 '제목')을 보세요", "안내문을 보세요"),
        ("[안내문][1]을 보세요\n\n[1]: https://a.example", "안내문을 보세요"),
        ("![사진 설명](a.png)글", "글"),
        ("<https://a.example>", "https://a.example"),
        ("글<!-- 숨은 지령 -->자", "글자"),
        ("글 <!-- 닫히지 않은 지령\n끝", "글"),
        ("<b>굵게</b> <span style='color:red'>빨강</span>", "굵게 빨강"),
        ("2 * 3 * 4 = 24, a_b_c", "2 * 3 * 4 = 24, a_b_c"),
        (r"\*별표\*와 \# 우물", "*별표*와 # 우물"),
        ("3 < 5이고 7 > 2", "3 < 5이고 7 > 2"),
        ("***", ""),
        ("__굵게__ 그리고 _기울임_", "굵게 그리고 기울임"),
        ("#해시태그 글", "#해시태그 글"),
    ],
)
def test_what_a_reader_sees_stays(source: str, text: str) -> None:
    assert plain(source)[1].strip() == text


def test_code_stays_as_it_is() -> None:
    assert plain("```python\na = [1](2) * 3\n# 주석\n```\n끝")[1].endswith("# 주석\n끝")


def test_a_table_loses_its_rule_only() -> None:
    assert plain("| 이름 | 값 |\n|---|:-:|\n| 가 | 1 |")[1] == "| 이름 | 값 |\n| 가 | 1 |"


@given(st.text(alphabet="#*_[]()!<>`-|\\ \n가나a1", max_size=300))
def test_no_mixture_of_marks_breaks_the_reading(text: str) -> None:
    title, out = plain(text)
    assert title is None or title
    # Letters outside of addresses, tags and pictures are never lost.
    if not set("[]()<>!") & set(text):
        assert [char for char in out if char in "가나a1"] == [char for char in text if char in "가나a1"]
