"""A web page to its article: what a reader sees of it, and what it says about itself (runs in the child).

Text that no reader sees is taken out before anything is extracted: `display:none`, white on white,
alternative texts, comments. It could carry instructions to a model, or claims that the page does not make.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ingest.dateline import read_dateline, to_iso
from ingest.decode import tidy
from ingest.types import Extract, SourceError

_DROPPED = (
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "canvas", "audio",
    "video", "select", "option", "input", "textarea", "button", "dialog", "datalist",
)  # fmt: skip
# For screen readers only; Korean sites call it blind.
_HIDDEN_CLASSES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "blind", "screen_out", "hidden"}
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*(?:\.0+)?(?![\d.])"
    r"|font-size\s*:\s*(?:0+(?:\.0+)?(?![\d.])|(?:0?\.\d+|1(?:\.\d+)?)(?=px|pt)|0?\.[01]\d*(?=r?em))"
    r"|text-indent\s*:\s*-\d{3,}"
    r"|(?:left|top|right|margin-left|margin-top)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*[01](?:px)?[ ,]"
    r"|clip-path\s*:\s*inset\(\s*(?:50|100)%|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)"
    r"|transform\s*:\s*scale\(\s*0(?:\.0+)?\s*\)|color\s*:\s*transparent",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|[;\s\"'])color\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_BACKGROUND = re.compile(r"background(?:-color|-image)?\s*:\s*([^;!]{1,80})", re.IGNORECASE)
_WHITE = re.compile(
    r"\s*(?:white|snow|#f[a-f0-9]f[a-f0-9]f[a-f0-9](?:ff)?|#fff[f]?"
    r"|rgba?\(\s*25[0-5]\s*[, ]\s*25[0-5]\s*[, ]\s*25[0-5][^)]{0,12}\))\s*$",
    re.IGNORECASE,
)
_CLEAR = re.compile(r"rgba\([^)]{0,30},\s*0?(?:\.0\d*)?\s*\)\s*$")
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,2000})\}")
_SELECTOR = re.compile(r"^([a-z][a-z0-9]{0,10})?(?:([.#])([\w-]{1,60}))?$", re.IGNORECASE)
_BLOCKS = frozenset(
    ("p", "div", "br", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section",
     "header", "footer", "main", "aside", "nav", "ul", "ol", "dl", "dt", "dd", "table", "blockquote",
     "pre", "figure", "figcaption", "form", "address", "hr")
)  # fmt: skip
_MAX_ELEMENTS = 200_000
_SHORT = 0.3  # an extraction with less of the visible text than this is not trusted on a short page
_SHORT_PAGE = 1500  # characters of visible text
_SURE = 15  # letters: a line this long that the extraction holds is no coincidence
_ALIKE = 0.9  # the share of the extraction that its lines must make up to stand for it


def extract_page(data: bytes) -> Extract:
    """The article of a page in UTF-8. Raises SourceError for a page without one."""
    root = _parsed(data)
    about = _about(root)
    _remove_hidden(root)
    visible = _visible_text(root)
    text = _article_text(root, visible)
    if not text.strip():
        raise SourceError("ingest.page_empty")
    title = _title(root, about)
    published = about.get("published") or _dateline(visible)
    return Extract(
        text, title, published, author=_name(about.get("author")), publisher=about.get("publisher"),
        url=about.get("url"),
    )  # fmt: skip


def _parsed(data: bytes) -> Any:
    from lxml import html  # type: ignore[import-untyped]
    from lxml.etree import ParserError  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(data, parser=parser)
    except ParserError as exc:
        raise SourceError("ingest.page_empty") from exc
    if sum(1 for _ in root.iter()) > _MAX_ELEMENTS:
        raise SourceError("ingest.too_heavy")
    return root


def _about(root: Any) -> dict[str, str]:
    """What the page's head and its structured data state: title, published, author, publisher, url."""
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name and meta.get("content"):
            metas.setdefault(name, meta.get("content"))
    stated = _structured(root)
    names = {
        "title": ("og:title", "twitter:title"),
        "published": (
            "article:published_time",
            "og:regdate",
            "datepublished",
            "date",
            "pubdate",
            "dable:published",
        ),
        "author": ("article:author", "og:article:author", "author", "dable:author", "byl"),
        "publisher": ("og:site_name", "article:publisher", "publisher", "twitter:creator"),
        "url": ("og:url",),
    }
    about: dict[str, str] = {}
    for key, places in names.items():
        value = stated.get(key) or next((metas[place] for place in places if place in metas), None)
        if value:
            about[key] = " ".join(tidy(value).split())
    canonical = next((link.get("href") for link in root.iter("link") if link.get("rel") == "canonical"), None)
    if canonical:
        about["url"] = canonical.strip()
    if about.get("publisher", "").startswith(("http:", "https:", "@")):
        del about["publisher"]
    if about.get("published") and to_iso(about["published"]) is None:
        del about["published"]
    return about


def _structured(root: Any) -> dict[str, str]:
    """Date, author and publisher of a schema.org article in JSON-LD."""
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            record = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for item in _items(record):
            if "datePublished" in item or "headline" in item:
                found = {
                    "published": item.get("datePublished"),
                    "author": _named(item.get("author")),
                    "publisher": _named(item.get("publisher")),
                }
                return {key: value for key, value in found.items() if isinstance(value, str)}
    return {}


def _items(record: object) -> Iterator[dict[str, Any]]:
    if isinstance(record, dict):
        yield record
        yield from _items(record.get("@graph"))
    elif isinstance(record, list):
        for item in record[:50]:
            yield from _items(item)


def _named(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else None


def _name(author: str | None) -> str | None:
    """The author without 기자 and an address; None for an address of a profile page."""
    if not author or author.startswith(("http:", "https:")):
        return None
    bare = re.sub(r"\S+@\S+", "", author)
    bare = re.sub(r"\s*(?:선임|수석|인턴|사진)?\s*기자\s*$", "", bare.strip(" ()[]<>")).strip(" ()[]<>")
    return bare[:60] or None


def _remove_hidden(root: Any) -> None:
    """Take out every element that no reader sees, with all inside it; what follows it stays."""
    hidden = _hidden_selectors(root)
    gone = [
        element
        for element in root.iter()
        if not isinstance(element.tag, str) or element.tag in _DROPPED or _is_hidden(element, hidden)
    ]
    for element in gone:
        if element.getparent() is not None and element.tag not in ("html", "body", "head"):
            element.drop_tree()
    for element in root.iter():
        for attribute in ("alt", "title", "aria-label", "content", "placeholder", "summary"):
            if attribute in element.attrib:
                del element.attrib[attribute]


def _hidden_selectors(root: Any) -> frozenset[str]:
    """The simple selectors (`.x`, `#x`, `tag.x`) that a style sheet in the page hides."""
    found: set[str] = set()
    for style in root.iter("style"):
        for rule in _RULE.finditer((style.text or "")[:200_000]):
            if _hides(rule[2]):
                found.update(part.strip() for part in rule[1].split(","))
    return frozenset(part.lower() for part in found if _SELECTOR.match(part))


def _is_hidden(element: Any, selectors: frozenset[str]) -> bool:
    get = element.get
    if get("hidden") is not None or (get("aria-hidden") or "").strip().lower() == "true":
        return True
    classes = [name.lower() for name in (get("class") or "").split()]
    if not _HIDDEN_CLASSES.isdisjoint(classes):
        return True
    if selectors:
        marks = [f".{name}" for name in classes] + ([f"#{get('id').lower()}"] if get("id") else [])
        if any(mark in selectors or f"{element.tag}{mark}" in selectors for mark in marks):
            return True
    if _hides(get("style") or ""):
        return True
    return element.tag == "font" and _unseen(get("color") or "", element)


def _hides(style: str) -> bool:
    if not style:
        return False
    style = re.sub(r"/\*.{0,500}?\*/", "", style[:5000], flags=re.DOTALL)
    if _HIDING.search(style):
        return True
    colour = _COLOUR.search(style)
    if colour is None:
        return False
    background = _BACKGROUND.search(style)
    if _CLEAR.match(colour[1].strip()):
        return True
    if background is not None and background[1].strip().lower() == colour[1].strip().lower():
        return True
    return bool(_WHITE.match(colour[1])) and (background is None or bool(_WHITE.match(background[1])))


def _unseen(colour: str, element: Any) -> bool:
    """Whether `<font color>` is white where no ancestor states a background."""
    if not _WHITE.match(colour):
        return False
    return not any(
        above.get("bgcolor") or "background" in (above.get("style") or "")
        for above in element.iterancestors()
    )


def _visible_text(root: Any) -> str:
    """All visible text of the body, one block a line."""
    body = root.find("body")
    pieces: list[str] = []
    for event, element in _events(body if body is not None else root):
        if element.tag in _BLOCKS:
            pieces.append("\n")
        pieces.append((element.text if event == "start" else element.tail) or "")
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return tidy("\n".join(line for line in lines if line))


def _events(root: Any) -> Iterator[tuple[str, Any]]:
    from lxml.etree import iterwalk

    for event, element in iterwalk(root, events=("start", "end")):
        if event == "end" and element is root:
            return
        yield event, element


def _article_text(root: Any, visible: str) -> str:
    """The main text by trafilatura; all visible text where the page is short and little of it was found."""
    from trafilatura import extract

    found = extract(root, output_format="txt", include_comments=False, include_tables=True, favor_recall=True)
    text = tidy(found or "")
    if len(visible) <= _SHORT_PAGE and len(text) < _SHORT * len(visible):
        return visible
    return _whole_lines(text, visible)


def _whole_lines(text: str, visible: str) -> str:
    """The visible lines that were extracted: extraction itself breaks a line at bold words and links."""
    body = _letters(text)
    extracted = {_letters(line) for line in text.split("\n")}
    lines = [(line, _letters(line)) for line in visible.split("\n")]
    sure = [
        n
        for n, (_, letters) in enumerate(lines)
        if letters and (letters in extracted or _is_sure(letters, body))
    ]
    inside = range(sure[0], sure[-1] + 1) if sure else range(0)
    kept = [lines[n] for n in inside if lines[n][1] and lines[n][1] in body]
    found = sum(len(letters) for _, letters in kept)
    return "\n".join(line for line, _ in kept) if _ALIKE <= found / max(1, len(body)) <= 1 / _ALIKE else text


def _is_sure(letters: str, body: str) -> bool:
    return len(letters) >= _SURE and letters in body


def _letters(line: str) -> str:
    return re.sub(r"[\W_]+", "", line)


def _title(root: Any, about: dict[str, str]) -> str | None:
    """The visible heading that the page's own title names; else that title, a lone heading, `<title>`."""
    headings = [" ".join(tidy(h.text_content()).split()) for tag in ("h1", "h2") for h in root.iter(tag)]
    headings = [heading for heading in headings if len(heading) >= 2]
    element = next(iter(root.iter("title")), None)
    tab = " ".join(tidy(element.text or "").split()) if element is not None else ""
    stated = about.get("title", "")
    for heading in headings:
        if heading in stated or heading in tab:
            return heading
    return (stated or (headings[0] if len(headings) == 1 else "") or tab)[:300] or None


def _dateline(visible: str) -> str | None:
    """The first line that says when the page was published."""
    for line in visible.split("\n")[:300]:
        dateline = read_dateline(line)
        if dateline is not None and dateline.labelled and len(dateline.rest) <= 30:
            return dateline.published
    return None
