"""Replies as HTML: what a bot, an article or a stranger wrote stays text."""

import re
from html.parser import HTMLParser

import pytest
from web_bot import LINES, cite, library_article

from bot.types import Answer, Citation
from bot.web.evidence import (
    answer_html,
    evidence_html,
    failure_html,
    partial_html,
    plain,
    stopped_html,
    text_html,
    web_link,
)
from vectorstore.types import Article, Part

QUOTE = "한빛마을 도서관이 다음 달부터 밤 10시까지 문을 연다."
ALLOWED = {"div", "span", "mark", "br", "a", "strong", "sup"}


class Seen(HTMLParser):
    """The tags, attributes and text of a piece of HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def answer(*citations: Citation, text: str = "밤 10시까지 엽니다. [1]") -> Answer:
    return Answer("언제?", "언제?", "answer", text, citations=citations)


def lookup(article: Article):
    return lambda id: article if id == article.id else None


def test_the_quote_is_highlighted_in_its_paragraph_with_its_source() -> None:
    article = library_article()
    markup = evidence_html(answer(cite(article, QUOTE)), lookup(article))
    assert f"<mark>{QUOTE}</mark> 관장 이서준 씨는" in markup
    text = Seen(markup).text
    for fact in ("근거 1건", article.title, "한빛신문", "2024년 11월 21일", "원문 보기"):
        assert fact in text


def test_each_piece_of_evidence_carries_its_number() -> None:
    article = library_article()
    citations = (cite(article, QUOTE), cite(article, LINES[3][1], 2))
    markup = evidence_html(answer(*citations), lookup(article))
    assert '<span class="fb-number">1</span>' in markup
    assert '<span class="fb-number">2</span><span class="fb-role">사진 설명</span>' in markup


def test_without_citations_there_is_no_evidence() -> None:
    assert evidence_html(answer(), lookup(library_article())) == ""


def test_without_the_article_the_quote_stands_alone_and_without_a_link() -> None:
    markup = evidence_html(answer(cite(library_article(), QUOTE)), lambda id: None)
    assert f"<mark>{QUOTE}</mark></div>" in markup
    assert "<a " not in markup


def test_offsets_that_do_not_fit_show_the_quote_and_nothing_else() -> None:
    article = library_article()
    wrong = Citation(1, article.id, "t", "s", None, None, "없는 문장", 5, 10)
    assert "<mark>없는 문장</mark></div>" in evidence_html(answer(wrong), lookup(article))


def test_a_long_paragraph_is_shortened_on_both_sides() -> None:
    text = "앞말 " * 200 + QUOTE + " 뒷말" * 200
    article = Article("library", "t", text, "s", (Part("body", 0, len(text)),))
    shown = Seen(evidence_html(answer(cite(article, QUOTE)), lookup(article))).text
    assert "… 앞말" in shown and "뒷말 …" in shown
    assert len(shown) < 450


def test_the_link_is_the_article_s_own_and_never_its_file() -> None:
    article = library_article("https://news.example.kr/a?x=1&y=2")
    seen = Seen(evidence_html(answer(cite(article, QUOTE)), lookup(article)))
    assert ("href", "https://news.example.kr/a?x=1&y=2") in seen.attributes
    assert ("rel", "noopener noreferrer nofollow") in seen.attributes
    bare = library_article(None)
    markup = evidence_html(answer(cite(bare, QUOTE)), lookup(bare))
    assert "<a " not in markup and "library.txt" not in markup


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVa\tScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/path",
        "ftp://a.kr/",
        "file:///etc/hostname",
        "http://",
        "https:///x",
        "http://user@a.kr/",
        'https://a.kr/"onclick=x',
        "https://a.kr/<script>",
        "https://a.kr/\u202egpj",
        "https://[::1",
        "https://a.kr/ b",
        "https://a.kr\\@b.kr",
        "",
        None,
    ],
)
def test_a_link_that_is_not_plain_http_is_left_out(url: str | None) -> None:
    assert web_link(url) is None


PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "![x][1]\n[1]: http://evil.example/x",
    "<style>*{background:url(//evil.example)}</style>",
    "<meta http-equiv=refresh>",
    "<form action=//evil.example><input name=p></form>",
    "<base href=//evil.example>",
    "<object data=x>",
    "<embed src=x>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video poster=//evil.example>",
    "<audio src=//evil.example>",
    "<button formaction=javascript:alert(1)>x</button>",
    '"><script>alert(1)</script>',
    "'><img src=x>",
    "</mark><script>alert(1)</script>",
    "</div></div><h1>x</h1>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&#x3c;img&#x3e;",
    "<scr<script>ipt>",
    "<ScRiPt>x</sCrIpT>",
    "<!-- --><script>x</script>",
    "<![CDATA[<script>x</script>]]>",
    "```mermaid\ngraph TD\n```",
    "$$\\href{javascript:x}{y}$$",
    "`code`",
    "<http://evil.example>",
    "http://evil.example",
    "www.evil.example",
    "a@evil.example",
    "# title\n\n- item\n1. x",
    "| a | b |\n|---|---|\n| c | d |",
    "    indented code",
    "<template><img src=x></template>",
    "{{7*7}} ${7*7} #{7*7}",
    "<x onclick=alert(1) style=x>y</x>",
    "\u202ereversed\u202c <b>",
    "<plaintext>",
    '<noscript><p title="</noscript><img src=x>">',
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_any_text_stays_text(payload: str) -> None:
    text = f"{payload}\n{payload} {QUOTE} {payload}"
    article = Article(
        "library", payload, text, payload, (), payload, payload, payload, "https://news.example.kr/1"
    )
    start = text.index(QUOTE)
    citation = Citation(1, "library", payload, payload, payload, payload, QUOTE, start, start + len(QUOTE))
    quoting = Citation(2, "library", payload, payload, payload, payload, payload, 0, len(payload))
    reply = answer(citation, quoting, text=payload)
    refusal = Answer("?", "?", "refusal", payload, reason="unclear")
    for markup in (
        evidence_html(reply, lookup(article)),
        evidence_html(reply, lambda id: None),
        answer_html(reply),
        answer_html(refusal),
        failure_html(payload),
        partial_html(payload, payload),
        partial_html("", payload),
        stopped_html(payload),
    ):
        seen = Seen(markup)
        assert set(seen.tags) <= ALLOWED
        assert {name for name, _ in seen.attributes} <= {"class", "href", "target", "rel"}
        assert {value for name, value in seen.attributes if name == "href"} <= {"https://news.example.kr/1"}
        assert "\n" not in markup
        assert not set("`*_[]!#~|$\\{}") & set(bare(markup))


def bare(markup: str) -> str:
    """What is left of `markup` without its tags and character references: Markdown would read it."""
    return re.sub(r"&#\d+;|&[a-z]+;", "", re.sub(r"<[^>]*>", "", markup))


@pytest.mark.parametrize(
    "text",
    [
        "밤 10시",
        "a < b & c",
        "“큰따옴표” 'x' \"y\"",
        "1. 첫째",
        "줄\n바꿈",
        "[1] 표시",
        "50% + 3 = 53",
        "~안녕~",
    ],
)
def test_text_comes_back_as_it_went(text: str) -> None:
    assert plain(text_html(text)) == text


def test_marks_in_an_answer_are_raised_and_come_back() -> None:
    assert answer_html(answer()) == '밤 10시까지 엽니다. <sup class="fb-ref">1</sup>'


def test_a_refusal_and_an_error_look_different_from_an_answer() -> None:
    refusal = answer_html(Answer("?", "?", "refusal", "없습니다.", reason="no_evidence"))
    assert 'class="fb-note fb-refusal"' in refusal
    assert 'class="fb-note fb-error"' in failure_html("문제")
    assert "fb-note" not in answer_html(answer())
