import time

import pytest

from ingest.child import Child, Limits
from ingest.types import SourceError

PAGE = "<html><body><p>모임은 토요일 오후 7시에 마을회관에서 열린다고 알립니다.</p></body></html>".encode()


def test_a_document_is_read_in_a_child_that_serves_again() -> None:
    with Child() as child:
        assert "마을회관" in child.extract("page", PAGE).text
        assert "마을회관" in child.extract("page", PAGE).text


def test_the_reason_of_the_parser_comes_back() -> None:
    with Child() as child, pytest.raises(SourceError, match="PDF가 손상"):
        child.extract("pdf", b"%PDF-1.7 nothing")


def test_a_document_over_the_wall_time_is_given_up() -> None:
    with Child(Limits(wall_seconds=0.01)) as child:
        begun = time.monotonic()
        with pytest.raises(SourceError, match="오래"):
            child.extract("page", PAGE)
        assert time.monotonic() - begun < 5


def test_a_document_over_the_processor_time_is_given_up_and_the_next_one_read() -> None:
    pytest.importorskip("resource", reason="this system has no limit of processor time")
    heavy = ("<table>" + "<tr><td><b>가나다라</b></td></tr>" * 60_000 + "</table>").encode()
    with Child(Limits(cpu_seconds=0)) as child:
        with pytest.raises(SourceError, match="오래"):
            for _ in range(20):
                child.extract("page", heavy)
        assert "마을회관" in child.extract("page", PAGE).text


def test_a_document_over_the_memory_is_given_up_and_the_next_one_read() -> None:
    pytest.importorskip("resource", reason="this system has no limit of memory")
    heavy = ("<p>" + "가나다라 " * 5_000_000 + "</p>").encode()
    with Child(Limits(memory=160 * 2**20)) as child:
        with pytest.raises(SourceError):
            child.extract("page", heavy)
        assert "마을회관" in child.extract("page", PAGE).text


def test_a_child_that_was_killed_is_replaced() -> None:
    with Child() as child:
        child.extract("page", PAGE)
        assert child._process is not None
        child._process.kill()
        child._process.wait()
        assert "마을회관" in child.extract("page", PAGE).text


def test_leaving_the_block_ends_the_child() -> None:
    with Child() as child:
        child.extract("page", PAGE)
        process = child._process
    assert process is not None
    assert process.poll() is not None
