import json
from pathlib import Path

import pytest

from ingest.jsonl import MAX_LINE, parse_lines, read_jsonl
from ingest.types import Raw, SourceError, Verdict


def read(path: Path, data: bytes) -> list[Raw | Verdict]:
    path.write_bytes(data)
    return list(read_jsonl(path, "posts.jsonl"))


def line(**record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posts.jsonl"


def test_every_line_is_a_document(path: Path) -> None:
    found = read(
        path,
        line(
            id="p1",
            title="모임",
            text="토요일입니다.",
            published="2024-05-01",
            author="홍길동",
            url="https://a.example/1",
        )
        + b"\n"
        + line(id=2, text="둘째 글"),
    )
    assert found == [
        Raw(
            "토요일입니다.",
            "posts.jsonl",
            "posts.jsonl:1",
            "p1",
            "모임",
            "2024-05-01",
            "홍길동",
            None,
            "https://a.example/1",
        ),
        Raw("둘째 글", "posts.jsonl", "posts.jsonl:3", "2"),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"nonsense",
        b"[1,2]",
        b'"text"',
        b"null",
        b'{"id":"x"}',
        b'{"text":"no id"}',
        b'{"id":"","text":"a"}',
        b'{"id":"x","text":5}',
        b'{"id":"x","text":""}',
        b'{"id":"x","text":" \\u200b "}',
        b'{"id":["x"],"text":"a"}',
        b'{"id":"x","text":"a","title":["t"]}',
        b'{"id":"x","text":"a\\ud800b"}',
        b'{"id":"x","text":"\xff\xfe\xff"}',
        b'{"id":"a\\u0000b","text":"a"}',
        b"\x00\x01\x02\x03",
        b"[" * 100_000,
        b"\x89PNG\r",
        b'{"id":"x","text":"' + b"a" * (MAX_LINE + 10) + b'"}',
        b'{"id":' + b"9" * 5000 + b',"text":"a"}',
    ],
)
def test_a_bad_line_gets_a_verdict_with_its_number_and_its_neighbours_go_in(path: Path, bad: bytes) -> None:
    first, verdict, last = read(path, line(id="a", text="앞") + bad + b"\n" + line(id="b", text="뒤"))
    assert isinstance(first, Raw)
    assert isinstance(last, Raw)
    assert isinstance(verdict, Verdict)
    assert (verdict.source, verdict.status, verdict.article) == ("posts.jsonl:2", "skipped", None)
    assert verdict.reason is not None
    assert verdict.reason.startswith("2번째 줄: ")


def test_the_later_one_of_two_documents_with_one_id_says_so(path: Path) -> None:
    first, second = read(path, line(id="a", text="앞") + line(id="a", text="뒤"))
    assert isinstance(first, Raw)
    assert isinstance(second, Raw)
    assert (first.note, second.note) == (None, "같은 id(a)가 앞에도 있어 뒤의 글로 바꾸었습니다.")


def test_an_address_that_does_not_open_is_left_out_with_a_note(path: Path) -> None:
    (found,) = read(path, line(id="a", text="글", url="javascript:alert(1)"))
    assert isinstance(found, Raw)
    assert found.url is None
    assert found.note is not None


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(path: Path) -> None:
    data = b"\xef\xbb\xbf" + line(id="a", text="앞").replace(b"\n", b"\r\n") + line(id="b", text="뒤")
    assert [item.id for item in read(path, data) if isinstance(item, Raw)] == ["a", "b"]


def test_lines_in_cp949_are_read(path: Path) -> None:
    (found,) = read(path, '{"id":"a","text":"똠펲뷁 모임입니다."}\n'.encode("cp949"))
    assert isinstance(found, Raw)
    assert found.text == "똠펲뷁 모임입니다."


def test_an_empty_export_is_refused(path: Path) -> None:
    with pytest.raises(SourceError, match="비어"):
        read(path, b"")


def test_a_fetched_export_is_read_alike(path: Path) -> None:
    data = line(id="a", text="앞") + b"{\n" + line(id="b", text="뒤")
    assert list(parse_lines(data, "posts.jsonl")) == read(path, data)
