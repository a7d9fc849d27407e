"""The routes of the launcher and of the framed page, on a real server."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_bot import LINES, LibraryBot, cite, library_article
from web_server import Reply, Site, inside

from bot.sites.snippet import snippet
from bot.web.embedded import assets, integrity, page, passage, pinned_launchers, policy, site_name
from bot.web.types import WebSettings

EMBED = Path(__file__).resolve().parents[1] / "bot" / "web" / "embed"
HOST = "https://forum.example.kr"
QUOTE = "설명회에는 주민 140명이 참석했다."


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with inside(LibraryBot(), WebSettings(frame_ancestors=("'self'", HOST))) as running:
        running.wait_ready()
        yield running


def linked(reply: Reply) -> list[str]:
    """The addresses of the page's icon, style and script."""
    return re.findall(r'(?:src|href)="(embed/[^"]+)"', reply.body.decode())


def test_the_launcher_weighs_at_most_5_kb() -> None:
    assert len(assets()["widget.js"].packed) <= 5_000


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_weighs_at_most_25_kb_in_all(lang: str) -> None:
    parts = (page(lang, "auto"), *(assets()[f"embed.{kind}"] for kind in ("js", "css", "svg")))
    assert sum(len(part.packed) for part in parts) <= 25_000


def test_the_page_names_its_script_and_style_by_their_hash(site: Site) -> None:
    addresses = linked(site.get("/embed?site=village"))
    assert [address.rpartition(".")[2] for address in addresses] == ["svg", "css", "js"]
    for address in addresses:
        reply = site.get(f"/{address}")
        assert reply.status == 200
        assert hashlib.sha256(reply.body).hexdigest()[:12] == address.split("/")[1]
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "'none'" in reply.headers["Content-Security-Policy"]


def test_every_file_comes_compressed_where_the_browser_takes_that(site: Site) -> None:
    version = assets()["widget.js"].version
    for path in ("/widget.js", f"/widget-{version}.js", "/embed", f"/{linked(site.get('/embed'))[2]}"):
        plain, packed = site.get(path), site.get(path, [("Accept-Encoding", "br, gzip;q=0.8")])
        assert plain.headers["Content-Encoding"] is None
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert site.get(path, [("Accept-Encoding", "gzip;q=0, br")]).headers["Content-Encoding"] is None


def test_what_the_browser_has_already_is_not_sent_again(site: Site) -> None:
    for encoding in ("gzip", "identity"):
        first = site.get("/widget.js", [("Accept-Encoding", encoding)])
        known = [("Accept-Encoding", encoding), ("If-None-Match", f'"x", W/{first.headers["ETag"]}')]
        again = site.get("/widget.js", known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "public, max-age=300"


def test_a_head_request_has_the_headers_alone(site: Site) -> None:
    for path in ("/widget.js", "/embed"):
        reply = site.send("HEAD", path)
        assert (reply.status, reply.body) == (200, b"")
        assert int(reply.headers["Content-Length"]) > 1_000


def test_a_version_that_is_not_there_is_404(site: Site) -> None:
    version = assets()["embed.js"].version
    for path in (
        "/widget-000000000000.js",
        "/embed/000000000000/embed.js",
        f"/embed/{version}/embed.css",
        f"/embed/{version}/embed.html",
        f"/embed/{version}/widget.js",
        f"/embed/{version}/../embed.js",
        "/embed/",
        "/embed/embed.js",
    ):
        assert site.get(path).status == 404, path


def test_the_snippet_names_one_version_of_the_launcher_and_its_hash(site: Site) -> None:
    version = assets()["widget.js"].version
    tag = snippet("https://bot.example.kr/chat/", "village", version, integrity("widget.js"))
    (address,) = re.findall(r'src="https://bot\.example\.kr/chat(/[^"]+)"', tag)
    reply = site.get(address, [("Origin", HOST)])
    digest = base64.b64encode(hashlib.sha384(reply.body).digest()).decode()
    assert f'integrity="sha384-{digest}"' in tag
    assert f"sha384-{digest}" == integrity("widget.js")
    assert 'crossorigin="anonymous"' in tag and 'data-site="village"' in tag
    # Without this header a browser would not run a script with a hash from another origin.
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Access-Control-Allow-Credentials"] is None
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_name_with_markup_stays_inside_its_attribute_in_the_snippet() -> None:
    tag = snippet("https://bot.example.kr", '"><img onerror=alert(1)>')
    assert tag.count("<") == 2 and "&quot;&gt;&lt;img" in tag


def test_a_launcher_that_a_release_has_pinned_has_the_hash_that_its_name_says() -> None:
    for file in EMBED.glob("widget-*.js"):
        version = file.stem.partition("-")[2]
        assert pinned_launchers()[version].content == file.read_bytes(), file.name


def test_the_launcher_is_ascii_so_that_no_host_page_can_misread_it() -> None:
    script = assets()["widget.js"].content
    assert script.isascii()
    assert b"@texts@" not in script


def test_the_policy_of_the_page_allows_its_own_files_and_the_listed_frames_only(site: Site) -> None:
    told = site.get("/embed").headers["Content-Security-Policy"]
    assert told == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'self' {HOST}"
    )
    assert "unsafe" not in told


def test_without_a_listed_frame_nobody_may_frame_the_page() -> None:
    assert policy(()).endswith("frame-ancestors 'none'")
    with inside(LibraryBot(), WebSettings(frame_ancestors=())) as closed:
        reply = closed.get("/embed?site=village")
        assert reply.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


@pytest.mark.parametrize("source", ["*", "https://a.kr; script-src *", "https://a.kr https://b.kr", "null"])
def test_a_frame_source_that_would_break_the_policy_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="frame ancestor"):
        policy((source,))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "마을", "a" * 65, "a;b", "a\nb", None])
def test_what_cannot_be_a_sites_name_is_no_site(name: str | None) -> None:
    assert site_name(name) is None


def test_the_page_is_the_same_for_every_site_and_repeats_nothing_of_the_query(site: Site) -> None:
    plain = site.get("/embed")
    for query in ("site=village", "site=nobody", "site=%22%3E%3Cscript%3E", "lang=xx&theme=neon&v=99", "x=y"):
        reply = site.get(f"/embed?{query}")
        assert (reply.status, reply.body) == (200, plain.body), query
        assert reply.headers["Cache-Control"] == "no-store"


def test_the_page_comes_in_two_languages_and_three_themes(site: Site) -> None:
    english = site.get("/embed?lang=en&theme=dark").body.decode()
    assert '<html lang="en" data-theme="dark">' in english
    assert "made by AI" in english and not re.search("[가-힣]", english)
    assert "AI가 만든 답변" in site.get("/embed?theme=light").body.decode()


def test_the_sentences_in_the_page_are_plain_json(site: Site) -> None:
    text = site.get("/embed").body.decode()
    (block,) = re.findall(r'<script type="application/json" id="strings">(.*?)</script>', text, re.DOTALL)
    assert "<" not in block
    assert json.loads(block)["title"] == html.unescape(re.findall("<title>(.*?)</title>", text)[0])


def test_the_page_has_no_inline_script_style_or_handler() -> None:
    text = page("ko", "auto").content.decode()
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", text) == []


def test_every_address_in_the_page_is_relative_so_that_it_works_below_a_prefix() -> None:
    text = page("ko", "auto").content.decode() + (EMBED / "embed.js").read_text(encoding="utf-8")
    assert re.findall(r"""(?:src=|href=|fetch\()["'`]/""", text) == []
    assert re.findall(r"https?://(?!www\.w3\.org/)", text) == []


def test_no_script_builds_markup_from_text() -> None:
    builders = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
    for name in ("embed.js", "widget.js"):
        assert re.findall(builders, (EMBED / name).read_text(encoding="utf-8")) == []


def test_suggestions_are_the_bots(site: Site) -> None:
    assert site.get("/embed/suggestions").json == {"questions": list(LibraryBot().suggestions())}


def test_a_site_that_is_none_has_no_suggestions(site: Site) -> None:
    assert site.get("/embed/suggestions?site=village").json == {"questions": []}


def test_evidence_is_the_quote_in_its_paragraph_with_its_link(site: Site) -> None:
    citation = cite(library_article(), QUOTE)
    reply = site.get(f"/embed/evidence?article=library&start={citation.start}&end={citation.end}")
    assert reply.status == 200
    assert reply.json["before"] + reply.json["quote"] + reply.json["after"] == LINES[2][1]
    assert reply.json["quote"] == QUOTE
    assert reply.json["role"] == "body"
    assert reply.json["url"] == library_article().url
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "article=library",
        "article=nobody&start=0&end=5",
        "article=library&start=5&end=5",
        "article=library&start=6&end=5",
        "article=library&start=-1&end=5",
        "article=library&start=0&end=99999",
        "article=library&start=0&end=1e3",
        "article=library&start=9999999999&end=99999999999",
        "article=library&start=a&end=b",
        f"article={'x' * 5000}&start=0&end=5",
        "article=library%00&start=0&end=5",
    ],
)
def test_evidence_that_is_not_there_is_404(site: Site, query: str) -> None:
    reply = site.get(f"/embed/evidence?{query}")
    assert reply.status == 404
    assert list(reply.json) == ["error"]


def test_evidence_gives_a_bounded_piece_of_a_long_article() -> None:
    article = library_article()
    long = type(article)("long", "긴 글", "가나다라 " * 2_000, "long.txt")
    found = passage(long, "5000", "6000")
    assert len(found.before) < 170 and len(found.after) < 170 and len(found.quote) == 1_000
    with pytest.raises(Exception, match="문단"):
        passage(long, "5000", "6001")


def test_evidence_links_to_nothing_but_the_web() -> None:
    for url in ("javascript:alert(1)", "data:text/html,x", "https://user@example.kr/", None):
        assert passage(library_article(url), "0", "5").url is None
