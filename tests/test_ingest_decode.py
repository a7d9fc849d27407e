import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode, tidy
from ingest.types import SourceError

TEXT = "마을 도서관이 문을 열었다.\n토요일에도 연다. 똠펲뷁 AI·㈜ 2024년\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_text_in_a_supported_encoding_is_read_as_it_was_written(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_with_a_byte_order_mark_is_read_in_both_orders(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert decode(mark + TEXT.encode(encoding)) == TEXT


def test_utf16_of_hangul_only_is_read_without_a_mark() -> None:
    assert (
        decode("가나다라마바사아자차카타파하각난닫랄맘".encode("utf-16-le"))
        == "가나다라마바사아자차카타파하각난닫랄맘"
    )


def test_euc_kr_is_read() -> None:
    assert decode("한글 문서입니다.".encode("euc-kr")) == "한글 문서입니다."


@pytest.mark.parametrize(
    "declared", ["euc-kr", "ks_c_5601-1987", "utf-16", "zlib", "latin-1", "없는것", None]
)
def test_a_wrong_declaration_does_no_harm_to_utf8(declared: str | None) -> None:
    assert decode(TEXT.encode(), declared) == TEXT


def test_a_page_declared_as_euc_kr_may_use_all_of_cp949() -> None:
    assert decode("똠펲뷁 문서".encode("cp949"), "euc-kr") == "똠펲뷁 문서"


def test_johab_is_recognised_or_refused_but_never_garbled() -> None:
    text = "마을 도서관이 토요일에도 문을 열기로 했다. 주민들은 반가워했다. " * 20
    try:
        assert decode(text.encode("johab")) == text
    except SourceError as error:
        assert "인코딩" in str(error)


@pytest.mark.parametrize(
    "data", [b"", b"   \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe", "\u200b\u200b".encode()]
)
def test_nothing_but_space_is_refused_as_empty(data: bytes) -> None:
    with pytest.raises(SourceError, match="비어"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        b"\x1f\x8b\x08" + bytes(100),
        bytes(range(256)) * 20,
        bytes(5000),
        b"ok\x00\x00\x01\x02\x03" * 100,
    ],
)
def test_a_binary_file_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="파일"):
        decode(data)


def test_damaged_utf8_is_refused_with_the_place() -> None:
    data = ("가나다라마바사" * 30).encode() + b"\xff\xfe\xff" + ("아자차" * 30).encode()
    with pytest.raises(SourceError, match=f"{21 * 30}번째 바이트"):
        decode(data)


def test_an_encoded_lone_surrogate_is_refused() -> None:
    with pytest.raises(SourceError):
        decode(("가나다 " * 20).encode() + b"\xed\xa0\x80" + "라마바".encode())


def test_a_lone_surrogate_in_a_string_is_refused() -> None:
    with pytest.raises(SourceError, match="서로게이트"):
        tidy("가\ud800나")


def test_text_that_was_lost_before_it_was_saved_is_refused() -> None:
    with pytest.raises(SourceError, match="깨진"):
        decode("��� �� ���� 가".encode())


def test_one_stray_nul_does_not_make_a_text_binary() -> None:
    assert decode(("가나다라 마바사 " * 500).encode() + b"\0") == "가나다라 마바사 " * 500


def test_decomposed_hangul_is_composed_and_compatibility_letters_stay() -> None:
    assert tidy(unicodedata.normalize("NFD", "한국어")) == "한국어"
    assert tidy("ㅋㅋ ㅎㅏㄴ ㈜ ① Ａ") == "ㅋㅋ ㅎㅏㄴ ㈜ ① Ａ"


@pytest.mark.parametrize(
    "invisible",
    ["\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u3164", "\U000e0041", "\ufe0f", "\x07"],
)
def test_invisible_characters_are_dropped(invisible: str) -> None:
    assert tidy(f"가{invisible}나") == "가나"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_line_end_becomes_a_newline(end: str) -> None:
    assert tidy(f"가{end}나\n다") == "가\n나\n다"
    assert tidy(f"a{end}b") == "a\nb"


def test_every_space_becomes_plain_and_tabs_stay() -> None:
    assert tidy("가\u00a0나\u3000다\t라") == "가 나 다\t라"


@given(st.text())
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(char) in ("Cf", "Cc", "Cs") for char in once if char not in "\n\t")


@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_reason(data: bytes) -> None:
    try:
        assert decode(data).strip()
    except SourceError as error:
        assert str(error)


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1))
def test_any_hangul_survives_utf8_and_cp949(text: str) -> None:
    assert decode(text.encode()) == text
    # Two or more syllables: a single CP949 pair may be valid UTF-8 of another letter.
    assert decode((text + "입니다. 그렇습니다.").encode("cp949")) == text + "입니다. 그렇습니다."
