import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.names import file_id, given_id, slug, url_id, web_address
from ingest.types import SourceError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024 봄 모임 (안내)", "2024-봄-모임-안내"),
        ("notes_v1.2", "notes_v1-2"),
        ("../../etc/passwd", "etc-passwd"),
        ("🙂🙂", "article"),
        ("", "article"),
        ("가" * 100, "가" * 60),
        ("한글", "한글"),
    ],
)
def test_a_slug_keeps_what_reads_well(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text())
def test_a_slug_is_short_and_plain(name: str) -> None:
    assert re.fullmatch(r"[\w-]{1,60}", slug(name))


def test_the_id_of_a_file_depends_on_its_place_not_on_how_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_id(Path("글.txt")) == file_id(tmp_path / "글.txt")
    assert file_id(Path("글.txt")) != file_id(Path("다른/글.txt"))
    assert re.fullmatch(r"글-[0-9a-f]{6}", file_id(Path("글.txt")))


def test_the_id_of_a_url_names_its_last_part_or_its_host() -> None:
    assert url_id("https://a.example/news/%EB%AA%A8%EC%9E%84.html?x=1").startswith("모임-")
    assert url_id("https://a.example/").startswith("a-example-")
    assert url_id("https://a.example/1") != url_id("https://b.example/1")


@pytest.mark.parametrize(
    ("value", "expected"), [("n-7", "n-7"), (" 글 1 ", "글 1"), (42, "42"), ("한글", "한글")]
)
def test_a_given_id_is_taken(value: object, expected: str) -> None:
    assert given_id(value) == expected


@pytest.mark.parametrize(
    "value", [None, "", "  ", True, 1.5, [], {}, "가" * 201, "a\nb", "a\x00b", "a\u200bb", "\ud800"]
)
def test_an_id_that_cannot_be_used_is_refused(value: object) -> None:
    with pytest.raises(SourceError, match="id"):
        given_id(value)


@pytest.mark.parametrize(
    "address", ["https://a.example/1", "http://a.example", "https://한글.example/글?a=1#b"]
)
def test_an_address_that_opens_is_kept(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "javascript:alert(1)",
        "ftp://a.example",
        "data:text/html,x",
        "//a.example",
        "https://",
        "a.example",
        "https://user@a.example",
        "https://a.example/a b",
        'https://a.example/"',
        "https://a.example/<b>",
        "https://[::1",
        "https://a.example/" + "a" * 2000,
        "https:\\\\a.example",
        "https://a.example/\n",
    ],
)
def test_an_address_that_does_not_open_is_not_kept(address: str | None) -> None:
    assert web_address(address) is None
