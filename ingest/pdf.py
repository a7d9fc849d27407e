"""A PDF to the text that a reader sees on its pages (runs in the child, which limits time and memory).

Text in an invisible rendering mode is left out: no reader sees it, and it could say anything.
"""

import io
import re
from typing import Any

from ingest.decode import tidy
from ingest.types import Extract, SourceError

MAX_PAGES = 2_000
_SHOWING = (b"Tj", b"TJ", b"'", b'"')
_ENCODING = ("/Filter", "/DecodeParms", "/Length")
_DEPTH = 5  # forms inside forms; a file may also make them a circle
_INVISIBLE_MODES = (3, 7)  # ISO 32000-1, table 106: neither fill nor stroke; clip only
_SENTENCE_END = re.compile(r"[.?!:;…。\"”’')\]]$")
_FULL_LINE = 0.75  # of the longest line: a line this long goes on in the next


def extract_pdf(data: bytes) -> Extract:
    """The text of a PDF, its title and author where it states them. Raises SourceError with the reason."""
    from pypdf.errors import PyPdfError

    try:
        return _extract(data)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError) as exc:
        # A damaged file makes the parser fail in many ways; each means the same to the user.
        raise SourceError("ingest.pdf_broken") from exc


def _extract(data: bytes) -> Extract:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceError("ingest.pdf_locked")
    if len(reader.pages) > MAX_PAGES:
        raise SourceError("ingest.pdf_too_many_pages", limit=MAX_PAGES)
    pages = [_page_text(page, reader) for page in reader.pages]
    text = "\n".join(_joined(page) for page in pages if page.strip())
    if not text.strip():
        raise SourceError("ingest.pdf_scanned" if pages else "ingest.pdf_broken")
    about = reader.metadata
    title, author = (about.title, about.author) if about is not None else (None, None)
    return Extract(text, title=_stated(title, text), author=_stated(author, text))


def _page_text(page: Any, reader: Any) -> str:
    _drop_invisible(page, reader)
    return tidy(str(page.extract_text()).encode("utf-8", "replace").decode("utf-8"))


def _drop_invisible(page: Any, reader: Any) -> None:
    """Take the operations that show invisible text out of the page's content and of the forms in it."""
    from pypdf.generic import NameObject

    content = page.get_contents()
    if content is None:
        return
    kept = _visible(content.operations)
    if len(kept) != len(content.operations):
        content.operations = kept
        page[NameObject("/Contents")] = content
    _drop_invisible_forms(page, reader)


def _drop_invisible_forms(holder: Any, reader: Any, depth: int = 0) -> None:
    """The same for the forms (pieces of content with a name) that a page or a form draws."""
    from pypdf.generic import ContentStream, NameObject

    resources = holder.get("/Resources")
    named = resources.get_object().get("/XObject") if resources is not None else None
    objects = named.get_object() if named is not None else {}
    for name in list(objects):
        form = objects[name].get_object()
        if form.get("/Subtype") != "/Form" or depth > _DEPTH:
            continue
        stream = ContentStream(form, reader)
        kept = _visible(stream.operations)
        if len(kept) != len(stream.operations):
            stream.operations = kept
            stream.update({key: form[key] for key in form if key not in _ENCODING})
            objects[NameObject(name)] = stream
        _drop_invisible_forms(form, reader, depth + 1)


def _visible(operations: list[Any]) -> list[Any]:
    """The operations without those that show text while the rendering mode is an invisible one."""
    mode, saved, kept = 0, [], []
    for operands, operator in operations:
        if operator == b"q":
            saved.append(mode)
        elif operator == b"Q" and saved:
            mode = saved.pop()
        elif operator == b"Tr" and operands:
            mode = int(operands[0])
        if operator not in _SHOWING or mode not in _INVISIBLE_MODES:
            kept.append((operands, operator))
    return kept


def _joined(page: str) -> str:
    """The page with the lines of a paragraph joined: a PDF breaks lines where the column ends.

    A line goes on in the next one when it is nearly as long as the longest and does not end a sentence.
    """
    lines = [" ".join(line.split()) for line in page.split("\n")]
    longest = max((len(line) for line in lines), default=0)
    joined: list[str] = []
    goes_on = False
    for line in lines:
        if not line:
            goes_on = False
            continue
        if goes_on:
            joined[-1] += " " + line
        else:
            joined.append(line)
        goes_on = longest >= 25 and len(line) >= _FULL_LINE * longest and not _SENTENCE_END.search(line)
    return "\n".join(joined)


def _stated(value: object, text: str) -> str | None:
    """A title or author of the file's properties, where the pages show it too: programs fill in anything."""
    stated = " ".join(tidy(str(value)).split()) if value else ""
    return stated if stated and stated in " ".join(text.split()) else None
