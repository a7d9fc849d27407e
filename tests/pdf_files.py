"""Small real PDFs for tests, written by hand: Korean text with a ToUnicode map, and all that can be wrong."""

import zlib
from collections.abc import Sequence


def pdf(pages: Sequence[str | bytes], info: str = "") -> bytes:
    """A PDF of these pages: a text (one line a row) or a content stream as it stands."""
    text = "".join(page for page in pages if isinstance(page, str))
    streams = [page if isinstance(page, bytes) else content(page) for page in pages]
    first = 6
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(pages)))
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Batang /Encoding /Identity-H /DescendantFonts [4 0 R] "
        b"/ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Batang /CIDSystemInfo << /Registry (Adobe) "
        b"/Ordering (Identity) /Supplement 0 >> /DW 1000 >>",
        stream(to_unicode(text + "가")),
    ]
    for n, body in enumerate(streams):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * n + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects += [page.encode(), stream(body)]
    return assembled(objects, info)


def assembled(objects: Sequence[bytes], info: str = "") -> bytes:
    """The file of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    numbered = [*objects, *([info.encode()] if info else [])]
    for number, body in enumerate(numbered, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(numbered) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    extra = f" /Info {len(numbered)} 0 R" if info else ""
    out += (
        f"trailer\n<< /Size {len(numbered) + 1} /Root 1 0 R{extra} >>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(out)


def stream(body: bytes, keys: str = "") -> bytes:
    """A stream object."""
    return f"<< /Length {len(body)} {keys} >>\nstream\n".encode() + body + b"\nendstream"


def content(text: str, mode: int = 0) -> bytes:
    """The operations that show `text`, one row a line; `mode` 3 is invisible."""
    rows = [
        f"BT /F1 12 Tf {mode} Tr 50 {800 - 16 * n} Td {coded(row)} Tj ET"
        for n, row in enumerate(text.split("\n"))
    ]
    return "\n".join(rows).encode()


def coded(text: str) -> str:
    """The text as the font's codes: its code points."""
    return "<" + "".join(f"{ord(char):04X}" for char in text) + ">"


def to_unicode(text: str) -> bytes:
    """The map from the font's codes to characters."""
    chars = sorted(set(text) - {"\n"})
    blocks = [chars[n : n + 100] for n in range(0, len(chars), 100)]
    lines = [
        f"{len(block)} beginbfchar\n"
        + "\n".join(f"<{ord(c):04X}> <{ord(c):04X}>" for c in block)
        + "\nendbfchar"
        for block in blocks
    ]
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n" + "\n".join(lines) + "\nendcmap end end"
    ).encode()


def bomb() -> bytes:
    """A page whose content is 400 MB of nothing in 400 kB."""
    packed = zlib.compress(b" " * 400_000_000, 9)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>"
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return assembled(
        [b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream(packed, "/Filter /FlateDecode")]
    )
