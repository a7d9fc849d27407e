"""Draw a reply as HTML that holds the bot's text as text, and nothing else.

The page's chat renders Markdown with HTML in it, so every character that either of them could read as
markup becomes a character reference. What comes back from the browser is read by `plain`.
"""

import html
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from bot.types import Answer, Citation
from prompts import say
from vectorstore.types import Article

_CONTEXT = 160  # characters of the paragraph shown on each side of the quote
# ASCII marks that Markdown, HTML or a link finder gives a meaning.
_MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "&<>\"'`*_[](){}!#~|\\$:/@=+-^"}
# Invisible characters that reorder or hide text: bidi controls, zero-width signs but the joiner, tags.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """`text` without the signs that hide or turn what stands beside them."""
    return _HIDDEN.sub("", text)


def text_html(text: str) -> str:
    """`text` as HTML that shows exactly its characters, also after a Markdown renderer."""
    shown = visible(text).lstrip().translate(_MARKS)
    shown = re.sub(r"^(\d+)\.", r"\1&#46;", shown)  # "22. 그날" is no list
    return re.sub("www\\.", lambda match: match[0][:-1] + "&#46;", shown, flags=re.I).replace("\n", "<br>")


def plain(markup: str) -> str:
    """The text of what this module drew: tags away, references decoded."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br\s*/?>", "\n", markup)))


def answer_html(answer: Answer) -> str:
    """The reply itself, marks like [1] raised; a refusal is a note with its own heading."""
    body = re.sub(r"&#91;(\d{1,2})&#93;", r'<sup class="fb-ref">\1</sup>', text_html(answer.answer))
    if answer.refused:
        return _note("fb-refusal", say("web.refusal_heading"), body)
    return body


def fallback_html(answer: Answer) -> str:
    """Why a language model's answer was not used; empty where none was asked, or its answer is shown."""
    if answer.fallback is None:
        return ""
    return f'<span class="fb-status">{text_html(say("web.fallback", why=answer.fallback))}</span>'


def failure_html(text: str) -> str:
    """An error, told apart from an answer."""
    return _note("fb-error", say("web.error_heading"), text_html(text))


def stopped_html(text: str) -> str:
    """What was written before the user stopped it."""
    note = f'<span class="fb-status">{text_html(say("web.stopped"))}</span>'
    return f"{text_html(text)}<br>{note}" if text else note


def partial_html(text: str, status: str) -> str:
    """An answer on its way: the text so far, or what the bot is doing."""
    return text_html(text) if text else f'<span class="fb-status fb-busy">{text_html(status)}</span>'


def _note(kind: str, heading: str, body: str) -> str:
    bold = f'<strong class="fb-heading">{text_html(heading)}</strong>'
    return f'<div class="fb-note {kind}">{bold}<br>{body}</div>'


def evidence_html(answer: Answer, article: Callable[[str], Article | None]) -> str:
    """The numbered evidence of `answer`, each quote highlighted in its paragraph; empty without citations."""
    if not answer.citations:
        return ""
    items = "".join(_item(citation, article(citation.article)) for citation in answer.citations)
    heading = text_html(say("web.evidence_heading", count=len(answer.citations)))
    return f'<div class="fb-evidence"><div class="fb-evidence-heading">{heading}</div>{items}</div>'


def _item(citation: Citation, article: Article | None) -> str:
    return (
        f'<div class="fb-item"><div class="fb-quote"><span class="fb-number">{citation.marker:d}</span>'
        f"{_role(citation, article)}{_paragraph(citation, article)}</div>"
        f'<div class="fb-source">{_source(citation, article)}</div></div>'
    )


def _role(citation: Citation, article: Article | None) -> str:
    """A label where the quote is not of the article's body: its title, byline, caption …"""
    role = article.role_at(citation.start) if article else "body"
    return "" if role == "body" else f'<span class="fb-role">{text_html(say(f"web.role_{role}"))}</span> '


def _paragraph(citation: Citation, article: Article | None) -> str:
    """The quote in its paragraph; alone where the article is not at hand or does not hold it."""
    quote = f"<mark>{text_html(citation.quote)}</mark>"
    start, end = citation.start, citation.end
    if article is None or not citation.quote or article.text[start:end] != citation.quote:
        return quote
    before, after = surroundings(article, start, end)
    return _lines(before) + quote + _lines(after)


def surroundings(article: Article, start: int, end: int) -> tuple[str, str]:
    """What stands before and after `start:end` in its paragraph, cut at a word where it is long."""
    left, right = article.paragraph(start, end)
    before, after = article.text[left:start], article.text[end:right]
    if len(before) > _CONTEXT:
        before = "… " + before[-_CONTEXT:].partition(" ")[2]
    if len(after) > _CONTEXT:
        after = after[:_CONTEXT].rpartition(" ")[0] + " …"
    return before, after


def _lines(text: str) -> str:
    """`text_html` that keeps the blanks at both ends."""
    blank = " " if text[:1].isspace() else ""
    return blank + text_html(text)


def _source(citation: Citation, article: Article | None) -> str:
    """Title, publisher, date and link, as far as they are known."""
    facts = [f'<span class="fb-title">{text_html(citation.title)}</span>']
    facts += [
        f"<span>{text_html(fact)}</span>" for fact in (citation.publisher, _day(citation.published)) if fact
    ]
    url = web_link(article.url if article else None)
    if url:
        label = text_html(say("web.open_article"))
        rel = 'target="_blank" rel="noopener noreferrer nofollow"'
        facts.append(f'<a class="fb-link" href="{html.escape(url)}" {rel}>{label}</a>')
    return '<span class="fb-dot"> · </span>'.join(facts)


def _day(published: str | None) -> str | None:
    """2023-11-22T18:13 → 2023년 11월 22일; anything else as it stands."""
    match = re.match(r"(\d{4})-(\d{2})-(\d{2})", published or "")
    if match is None:
        return published
    return say("web.day", year=match[1], month=int(match[2]), day=int(match[3]))


def web_link(url: str | None) -> str | None:
    """`url` if a reader can safely follow it: http or https, a host, no blanks, controls or log-in part."""
    if (
        not url
        or len(url) > 2_000
        or re.search(r"[\s\x00-\x20\x7f-\x9f\\\"'<>`]", url)
        or _HIDDEN.search(url)
    ):
        return None
    try:
        parts = urlsplit(url)
        safe = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return url if safe else None
