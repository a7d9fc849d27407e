"""Bytes to text: find the encoding, refuse what is no text, keep nothing invisible.

Nothing is replaced or dropped to make bytes fit: text that no encoding explains is refused with a reason.
Order: byte order mark, UTF-16 without one (it holds NULs), UTF-8, the declared encoding, CP949,
then charset-normalizer's guess.
"""

import codecs
import re
import unicodedata

from ingest.types import SourceError

_BOMS = (  # the four-byte marks first: UTF-32-LE begins with UTF-16-LE's mark
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (  # what a file really is when its name says text
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP·DOCX·HWPX"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "HWP·DOC"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x7fELF", "ELF"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ\x00", "XZ"),
    (b"7z\xbc\xaf\x27\x1c", "7Z"),
    (b"SQLite format 3\x00", "SQLite"),
)
# What charset-normalizer may name: without this list it explains any bytes by some code page.
_GUESSES = frozenset({"johab", "iso2022_kr", "big5", "gb18030", "shift_jis", "cp932", "euc_jp", "cp1252"})
_KOREAN = frozenset(
    {"euc-kr", "euc_kr", "ks_c_5601-1987", "ks_c_5601", "ksc5601", "windows-949", "uhc", "cp949"}
)
_CONTROL_SHARE = 0.02  # more control characters than this and it is no text
_STRAY_NUL_SHARE = 0.001  # UTF-8 text with a stray NUL is still text
_UTF16_SHARE = 0.9  # of the characters must be ones that Korean and English text is made of
_BROKEN_SHARE = (
    0.2  # fewer bad sequences than this among the non-ASCII ones: damaged UTF-8, not another encoding
)
_LOST_SHARE = 0.1  # more U+FFFD than this: the file was saved after the letters were already lost

# Invisible, but neither Cf nor Cc: fillers, joiners, variation selectors, the blank Braille cell.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0x180B, 0x1810)))
    + "".join(map(chr, range(0xE0000, 0xE1000)))
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`, tidy (see `tidy`); `declared` is the encoding that HTTP or HTML names.

    Raises SourceError: empty, binary, damaged or in no known encoding.
    """
    if not data.strip():
        raise SourceError("ingest.empty")
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), None)
    if kind is not None:
        raise SourceError("ingest.binary_kind", kind=kind)
    text = tidy(_decode(data, declared))
    if not text.strip():
        raise SourceError("ingest.empty")
    if text.count("\ufffd") > _LOST_SHARE * len(text):
        raise SourceError("ingest.mojibake")
    return text


def tidy(text: str) -> str:
    """`text` in NFC (never NFKC) with newline line ends, plain spaces and no invisible character.

    Control and format characters (Unicode Cc, Cf) go, but for newline and tab: zero-width and bidi
    characters, tag characters, soft hyphens; the joiner inside an emoji goes too.
    Raises SourceError for a lone surrogate, which no file and no database can hold.
    """
    if not text.isascii():
        if re.search("[\ud800-\udfff]", text):
            raise SourceError("ingest.surrogate")
        text = text.translate(_table(frozenset(text)))
    text = _LINE_ENDS.sub("\n", text)
    return unicodedata.normalize("NFC", re.sub("[\x00-\x08\x0e-\x1f\x7f]", "", text))


def _table(characters: frozenset[str]) -> dict[int, str | None]:
    """What becomes of each character of a text: spaces become plain, invisible ones go."""
    table: dict[int, str | None] = {}
    for char in characters:
        category = unicodedata.category(char)
        if category == "Zs":
            table[ord(char)] = " "
        elif (
            category == "Cf" or char in _INVISIBLE or (category == "Cc" and char > "\x7f" and char != "\x85")
        ):
            table[ord(char)] = None
    return table


def _decode(data: bytes, declared: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\0" in data:
        return _decode_with_nuls(data)
    for candidate in dict.fromkeys(("utf-8", _declared(declared), "cp949")):
        text = _attempt(data, candidate)
        if text is not None:
            return _textual(text)
    return _textual(_guess(data))


def _decode_with_nuls(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, UTF-8 with a stray NUL, or no text at all."""
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = _attempt(data, encoding)
        if text is not None and _plausible(text) >= _UTF16_SHARE:
            return text
    text = _attempt(data, "utf-8")
    if text is not None and data.count(b"\0") <= _STRAY_NUL_SHARE * len(data):
        return _textual(text)
    raise SourceError("ingest.binary")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return _textual(data.decode(encoding))
    except UnicodeDecodeError as exc:
        raise SourceError("ingest.broken_text", encoding=encoding, offset=exc.start) from exc


def _attempt(data: bytes, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _declared(name: str | None) -> str | None:
    """The codec of a declared name; every Korean name means CP949, as in browsers (WHATWG Encoding)."""
    if not name:
        return None
    low = name.strip().strip("\"'").lower()
    if low in _KOREAN:
        return "cp949"
    try:
        codec = codecs.lookup(low)
    except (LookupError, ValueError):
        return None
    # Only real text encodings: Python also has codecs that unpack (zlib, hex).
    return codec.name if codec._is_text_encoding and codec.name != "utf-7" else None


def _guess(data: bytes) -> str:
    damaged = data.decode("utf-8", errors="replace")
    beyond = sum(char > "\x7f" for char in damaged)
    if damaged.count("\ufffd") <= _BROKEN_SHARE * beyond:
        raise SourceError("ingest.broken_text", encoding="utf-8", offset=_first_bad(data))
    for encoding in ("utf-16-le", "utf-16-be"):  # Hangul without one space or line break
        text = _attempt(data, encoding)
        if text is not None and _plausible(text) >= _UTF16_SHARE:
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    text = _attempt(data, best.encoding) if best is not None and best.encoding in _GUESSES else None
    if text is None:
        raise SourceError("ingest.unknown_encoding")
    return text


def _first_bad(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as exc:
        return exc.start
    return len(data)


def _plausible(text: str) -> float:
    """The share of characters that Korean or English text is made of (0 to 1)."""
    sample = text[:20_000]
    good = sum(
        char in "\n\r\t" or " " <= char <= "~" or "가" <= char <= "힣" or "\u2010" <= char <= "\u2027"
        or "\u3000" <= char <= "\u303f" or "\u3131" <= char <= "\u318e" or "\u4e00" <= char <= "\u9fff"
        or "\u1100" <= char <= "\u11ff" or "\uff01" <= char <= "\uff5e"
        for char in sample
    )  # fmt: skip
    return good / max(1, len(sample))


def _textual(text: str) -> str:
    controls = sum(char < " " and char not in "\n\r\t\x0c" for char in text)
    if controls > _CONTROL_SHARE * max(1, len(text)):
        raise SourceError("ingest.binary")
    return text
