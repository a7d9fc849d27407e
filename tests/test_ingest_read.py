from collections.abc import Iterator
from pathlib import Path

import pytest
from pdf_files import pdf

from ingest.child import Child
from ingest.fetch import Fetched
from ingest.read import MAX_FILE, bundled_report, expand, read
from ingest.types import Raw, SourceError, Verdict

HTML = """<html><head><meta charset="euc-kr"><title>모임 안내</title></head><body><h1>모임 안내</h1>
<p>정기 모임은 토요일 오후 일곱 시에 마을회관에서 열리며 누구나 올 수 있다고 알립니다.</p>
<p>다과를 준비하니 미리 알려 주시면 좋겠다고 모임을 여는 이들이 전했습니다.</p></body></html>"""


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as running:
        yield running


def one(source: Path, child: Child) -> Raw:
    (found,) = read(str(source), child)
    assert isinstance(found, Raw)
    return found


@pytest.mark.parametrize("name", ["글.txt", "글.TXT", "글.text", "글"])
def test_a_text_file_is_read(tmp_path: Path, child: Child, name: str) -> None:
    path = tmp_path / name
    path.write_bytes("토요일에 만나요".encode("cp949"))
    assert one(path, child).text == "토요일에 만나요"


def test_front_matter_names_what_the_lines_do_not(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "글.txt"
    path.write_text(
        "---\nid: n-7\ntitle: 안내\npublisher: 마을신문\nurl: https://a.example/7\n---\n본문",
        encoding="utf-8",
    )
    found = one(path, child)
    assert (found.id, found.title, found.publisher, found.url, found.text) == (
        "n-7",
        "안내",
        "마을신문",
        "https://a.example/7",
        "본문",
    )


def test_markdown_gives_its_first_heading_as_title(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "글.md"
    path.write_text("# 모임 안내\n\n**토요일**에 만나요", encoding="utf-8")
    found = one(path, child)
    assert (found.title, found.text.split("\n")[-1]) == ("모임 안내", "토요일에 만나요")


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-16"])
def test_a_page_is_read_in_the_encoding_it_has(tmp_path: Path, child: Child, encoding: str) -> None:
    path = tmp_path / "글.html"
    path.write_bytes(HTML.encode(encoding))
    found = one(path, child)
    assert found.title == "모임 안내"
    assert "마을회관에서 열리며" in found.text


def test_a_pdf_is_read(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "글.pdf"
    path.write_bytes(pdf(["토요일에 만나요."]))
    assert one(path, child).text == "토요일에 만나요."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("없음.txt", None, "찾을 수 없습니다"),
        ("빈.txt", b"", "비어"),
        ("표.txt", b"\xef\xbb\xbf", "비어"),
        ("공백.txt", b" \n\t", "비어"),
        ("그림.html", b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        ("이진.txt", bytes(range(256)) * 10, "이진"),
        ("가짜.pdf", b"hello", "손상"),
        ("빈.pdf", b"", "비어"),
        ("글.hwp", b"x", "지원하지 않는 형식"),
        ("글.exe", b"x", "지원하지 않는 형식"),
        ("빈.jsonl", b"", "비어"),
        ("빈.html", b"<html></html>", "본문"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    tmp_path: Path, child: Child, name: str, data: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SourceError, match=reason):
        list(read(str(path), child))


def test_a_file_over_the_limit_is_refused_without_reading_it_whole(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "큰.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE * 50)
    with pytest.raises(SourceError, match="20MB보다"):
        list(read(str(path), child))


def test_a_device_is_no_file(child: Child) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(SourceError, match="파일이 아닙니다"):
        list(read("/dev/zero", child))


@pytest.mark.parametrize("source", ["a\0b.txt", "x" * 5000, "\ud800.txt"])
def test_a_name_that_no_file_can_have_is_missing(child: Child, source: str) -> None:
    with pytest.raises(SourceError):
        list(read(source, child))


def test_a_missing_extra_names_the_command(
    tmp_path: Path, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    path = tmp_path / "글.html"
    path.write_text(HTML, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(SourceError, match=r'pip install "forum-bot\[html\]"'):
        list(read(str(path), child))


def test_a_folder_is_its_files_in_a_fixed_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("나.txt", "가.md", ".숨김.txt", "하위/다.txt", ".git/config", "하위/.DS_Store", "그림.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("글", encoding="utf-8")
    found = [Path(str(item)).relative_to(tmp_path).as_posix() for item in expand(str(tmp_path))]
    assert found == ["가.md", "그림.png", "나.txt", "하위/다.txt"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "밖.txt"
    secret.write_text("비밀", encoding="utf-8")
    folder = tmp_path / "폴더"
    folder.mkdir()
    (folder / "안.txt").write_text("글", encoding="utf-8")
    (folder / "링크.txt").symlink_to(secret)
    (folder / "같은곳.txt").symlink_to(folder / "안.txt")
    verdicts = [item for item in expand(str(folder)) if isinstance(item, Verdict)]
    assert [Path(verdict.source).name for verdict in verdicts] == ["링크.txt"]


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="읽을 파일이 없습니다"):
        list(expand(str(tmp_path)))


def _fetched(
    kind: str, data: bytes, url: str = "https://a.example/news/1", charset: str | None = None
) -> Fetched:
    return Fetched(url, data, kind, charset)


@pytest.mark.parametrize(
    ("kind", "data", "url"),
    [
        ("text/html", HTML.encode(), "https://a.example/1"),
        ("text/plain", "마을회관에서 열리며".encode(), "https://a.example/1"),
        ("application/pdf", pdf(["마을회관에서 열리며"]), "https://a.example/1"),
        ("", HTML.encode(), "https://a.example/1.html"),
        ("application/octet-stream", pdf(["마을회관에서 열리며"]), "https://a.example/1.pdf?x=1"),
        ("text/plain", '{"id":"a","text":"마을회관에서 열리며"}'.encode(), "https://a.example/posts.jsonl"),
    ],
)
def test_a_fetched_document_is_read_by_its_type(child: Child, kind: str, data: bytes, url: str) -> None:
    (found,) = read("https://a.example/first", child, lambda source: _fetched(kind, data, url))
    assert isinstance(found, Raw)
    assert "마을회관에서 열리며" in found.text
    assert found.source == "https://a.example/first"


def test_a_type_that_is_no_text_is_refused(child: Child) -> None:
    with pytest.raises(SourceError, match="image/png"):
        list(read("https://a.example/1", child, lambda source: _fetched("image/png", b"x")))


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("https://a.example/articles/1", "https://a.example/articles/1"),
        ("https://www.a.example/articles/1", "https://www.a.example/articles/1"),
        ("https://evil.example/login", "https://a.example/news/1"),
        ("javascript:alert(1)", "https://a.example/news/1"),
        ("/articles/1", "https://a.example/news/1"),
    ],
)
def test_a_fetched_page_names_an_address_of_its_own_host_only(child: Child, stated: str, kept: str) -> None:
    page = HTML.replace("</head>", f'<link rel="canonical" href="{stated}"></head>').encode()
    (found,) = read("https://a.example/news/1", child, lambda source: _fetched("text/html", page))
    assert isinstance(found, Raw)
    assert found.url == kept


def test_the_charset_of_the_header_is_used(child: Child) -> None:
    data = "마을회관 모임".encode("shift_jis", errors="ignore") or b""
    text = "こんにちは、村の図書館です。".encode("shift_jis")
    (found,) = read(
        "https://a.example/1", child, lambda source: _fetched("text/plain", data + text, charset="shift_jis")
    )
    assert isinstance(found, Raw)
    assert "図書館" in found.text


@pytest.mark.parametrize("source", ["ftp://a.example/1", "file:///etc/hostname", "gopher://a.example"])
def test_another_scheme_is_refused_before_anything_is_opened(child: Child, source: str) -> None:
    with pytest.raises(SourceError, match="http"):
        list(read(source, child))


def test_the_bundled_report_has_a_fixed_id() -> None:
    assert (bundled_report().id, bundled_report().publisher) == ("forum-report", "전남일보")
