import io
from collections.abc import Iterator

import pytest
from pdf_files import assembled, bomb, coded, content, pdf, stream, to_unicode
from pypdf import PdfReader, PdfWriter

from ingest.child import Child
from ingest.pdf import extract_pdf
from ingest.types import SourceError

ROWS = (
    "도서관, 밤 열 시까지 연다\n시립도서관이 다음 달부터 문 "
    "닫는 시각을 늦춘다.\n주말에는 지금처럼 여섯 시에 닫는다."
)


def test_the_text_of_every_page_comes_in_order() -> None:
    assert extract_pdf(pdf([ROWS, "둘째 쪽입니다."])).text == ROWS + "\n둘째 쪽입니다."


def test_rows_of_one_paragraph_are_joined() -> None:
    rows = (
        "시립도서관이 다음 달부터 문 닫는 시각을 늦추어 밤에도\n이용할 "
        "수 있게 하겠다고 오늘 오전에 시민들에게 널리\n밝혔다.\n끝났다."
    )
    assert extract_pdf(pdf([rows])).text == rows.replace("밤에도\n", "밤에도 ").replace("널리\n", "널리 ")


def test_a_title_and_author_that_the_pages_show_are_taken() -> None:
    title = "도서관, 밤 열 시까지 연다".encode("utf-16-be").hex()
    found = extract_pdf(pdf([ROWS], info=f"<< /Title <feff{title}> /Author (Administrator) >>"))
    assert (found.title, found.author) == ("도서관, 밤 열 시까지 연다", None)


@pytest.mark.parametrize("mode", [3, 7])
def test_text_in_an_invisible_mode_is_not_read(mode: int) -> None:
    both = content("보이는 글입니다.") + b"\n" + content("숨은 지령", mode)
    text = extract_pdf(pdf([both, "보이는 글입니다. 숨은 지령"])).text
    assert text.split("\n")[0] == "보이는 글입니다."
    assert text.count("숨은") == 1


def test_an_invisible_mode_ends_with_the_saved_state() -> None:
    body = b"q 3 Tr Q " + content("보이는 글입니다.")
    assert extract_pdf(pdf([body, "보이는 글입니다."])).text.count("보이는") == 2


def test_invisible_text_inside_a_form_is_not_read() -> None:
    words = "보이는 글 숨은 지령"
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /B /Encoding "
        b"/Identity-H /DescendantFonts [5 0 R] /ToUnicode 6 0 R >>"
    )
    descendant = b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /B /DW 1000 >>"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 7 0 R "
        b"/Resources << /Font << /F1 4 0 R >> /XObject << /X 8 0 R >> >> >>"
    )
    form = (
        f"BT /F1 12 Tf 50 700 Td {coded('보이는 글')} Tj ET BT "
        f"3 Tr /F1 12 Tf 50 650 Td {coded('숨은 지령')} Tj ET"
    )
    keys = "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >>"
    data = assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            font,
            descendant,
            stream(to_unicode(words)),
            stream(b"/X Do"),
            stream(form.encode(), keys),
        ]
    )
    assert extract_pdf(data).text.split() == ["보이는", "글"]


def test_a_page_without_text_is_called_a_scan() -> None:
    with pytest.raises(SourceError, match="스캔"):
        extract_pdf(pdf([b"0 0 100 100 re f"]))


def test_a_scan_with_hidden_recognised_text_only_is_called_a_scan() -> None:
    with pytest.raises(SourceError, match="스캔"):
        extract_pdf(pdf([content("가가가", 3)]))


def _encrypted(user: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([ROWS]))))
    writer.encrypt(user_password=user, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_with_a_password_says_so() -> None:
    with pytest.raises(SourceError, match="암호"):
        extract_pdf(_encrypted("secret"))


def test_a_pdf_that_only_forbids_printing_is_read() -> None:
    assert extract_pdf(_encrypted("")).text == ROWS


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as running:
        yield running


GOOD = pdf([ROWS])
BROKEN = {
    "head only": b"%PDF-1.7\n",
    "cut in the middle": GOOD[: len(GOOD) // 2],
    "noise": b"%PDF-1.7\n" + bytes(range(256)) * 50,
    "no pages": assembled([b"<< /Type /Catalog >>"]),
    "pages in a circle": assembled(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
    ),
    "cross-reference to itself": GOOD.replace(b"/Size", b"/Prev 9 /Size")
    .replace(b"startxref\n", b"startxref\n0")
    .replace(b"%%EOF", b"%%EOF startxref 0"),
    "wrong lengths": GOOD.replace(b"/Length", b"/Length 99999999 /L"),
    "content of the wrong kind": GOOD.replace(b"/Contents 7 0 R", b"/Contents (text)"),
    "bomb": bomb(),
    "ten thousand pages": pdf([b""] * 10_000),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pdf_ends_with_text_or_a_reason(child: Child, name: str) -> None:
    try:
        assert child.extract("pdf", BROKEN[name]).text.strip()
    except SourceError as error:
        assert str(error)


def test_a_good_pdf_is_read_after_broken_ones(child: Child) -> None:
    assert child.extract("pdf", GOOD).text == ROWS
