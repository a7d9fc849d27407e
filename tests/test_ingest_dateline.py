from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dateline import find_dates, read_dateline, to_iso


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("입력 : 2023. 11.22(수) 18:13", "2023-11-22T18:13"),
        ("입력 2023.11.22 18:13 수정 2023.11.22 19:20", "2023-11-22T18:13"),
        ("수정 2023.11.23 19:20 | 입력 2023.11.22 18:13", "2023-11-22T18:13"),
        ("등록 2023-11-22 18:13:05", "2023-11-22T18:13"),
        ("승인 2023.11.22 18:13", "2023-11-22T18:13"),
        ("기사입력 2023-11-22 오후 6:13:00", "2023-11-22T18:13"),
        ("기사등록 2023/11/22 18:13:05", "2023-11-22T18:13"),
        ("2023/11/22 18:13 송고", "2023-11-22T18:13"),
        ("송고시간2023-11-22 18:13", "2023-11-22T18:13"),
        ("작성일 : 2023년 11월 22일 (수) 오후 6시 13분", "2023-11-22T18:13"),
        ("기사입력 : 2023년 11월 22일(수) 18시 13분", "2023-11-22T18:13"),
        ("입력 2023년 11월 22일 수요일 18시", "2023-11-22T18:00"),
        ("발행일 2023.11.22.", "2023-11-22"),
        ("등록일시 23.11.22 18:13", "2023-11-22T18:13"),
        ("게시일: 20231122", "2023-11-22"),
        ("입력 2023.11.22 오전 12:05", "2023-11-22T00:05"),
        ("입력 2023.11.22 낮 12:05", "2023-11-22T12:05"),
        ("입력 2023.11.22 18:13 | 수정 2023.11.22 19:20 | 지면 A12면 | 댓글 3", "2023-11-22T18:13"),
        ("최종수정 2023.11.23 08:00", "2023-11-23T08:00"),
        ("Published 2023-11-22 18:13", "2023-11-22T18:13"),
    ],
)
def test_a_dateline_says_when_it_was_published(line: str, iso: str) -> None:
    dateline = read_dateline(line)
    assert dateline is not None
    assert (dateline.published, dateline.labelled, dateline.rest) == (iso, True, "")


def test_what_else_a_dateline_holds_is_left_over() -> None:
    dateline = read_dateline("김하늘 기자 | 승인 2024.03.05 09:10 | 댓글 0")
    assert dateline is not None
    assert dateline.rest == "김하늘 기자"


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2023-11-22T18:13:05+09:00", "2023-11-22T18:13"),
        ("2023-11-22T09:13:05Z", "2023-11-22T18:13"),
        ("2023-11-22T23:30:00.123Z", "2023-11-23T08:30"),
        ("2023-11-22T18:13", "2023-11-22T18:13"),
        ("2023-11-22", "2023-11-22"),
        ("2023.11.22", "2023-11-22"),
        ("23.11.22", "2023-11-22"),
        ("2023년 1월 2일", "2023-01-02"),
    ],
)
def test_a_field_is_read_in_korean_time(value: str, iso: str) -> None:
    assert to_iso(value) == iso


@pytest.mark.parametrize(
    "value",
    ["", "어제", "2023-13-01", "2023-02-30", "99999999", "2023", "1.2.3", "010-1234-5678", "192.168.0.1"],
)
def test_what_is_no_date_gives_none(value: str) -> None:
    assert to_iso(value) is None


def test_an_impossible_time_leaves_the_day() -> None:
    assert to_iso("2023-11-22 25:99") == "2023-11-22"


def test_the_time_of_an_event_is_no_dateline_label() -> None:
    dateline = read_dateline("일시 2024.05.10 19:00")
    assert dateline is not None
    assert not dateline.labelled
    assert dateline.rest == "일시"


def test_a_long_line_is_no_dateline() -> None:
    assert read_dateline("입력 2023.11.22 18:13 " + "가" * 200) is None


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2099, 1, 1)))
def test_any_minute_is_read_back_from_every_form(moment: datetime) -> None:
    expected = moment.strftime("%Y-%m-%dT%H:%M")
    for form in (
        "입력 %Y.%m.%d %H:%M",
        "등록 %Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M 송고",
        "%Y년 %m월 %d일 %H시 %M분",
    ):
        assert to_iso(moment.strftime(form)) == expected


@given(st.text(max_size=250))
def test_no_text_breaks_the_reading(line: str) -> None:
    for stamp in find_dates(line, short=True):
        assert line[stamp.start : stamp.end]
    read_dateline(line)
