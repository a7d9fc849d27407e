"""Make citations: word-for-word quotes with their offsets, checked against the article."""

import re

from bot.passages import Page
from bot.types import Citation

MAX_QUOTE = 300  # characters, by contract


def cite(marker: int, page: Page, start: int, end: int) -> Citation:
    """The quote `page.article.text[start:end]`, cut at a word's end to 300 characters."""
    article = page.article
    end = _shortened(article.text, start, end)
    return Citation(
        marker=marker, article=article.id, title=article.title, source=article.url or article.source,
        publisher=article.publisher, published=article.published_date,
        quote=article.text[start:end], start=start, end=end,
    )  # fmt: skip


def _shortened(text: str, start: int, end: int) -> int:
    """The end of the longest beginning of text[start:end] that is whole words and at most 300 characters."""
    if end - start <= MAX_QUOTE:
        return end
    cut = text.rfind(" ", start, start + MAX_QUOTE + 1)
    end = cut if cut > start else start + MAX_QUOTE
    return start + len(re.sub(r"[\s,·]+$", "", text[start:end]))
