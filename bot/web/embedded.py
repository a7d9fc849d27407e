"""The chat in other sites: `/widget.js`, which adds a launcher, and `/embed`, the page in its frame.

Both are built once from the files in `embed/` and the sentences in `prompts/embed.toml`. Scripts and styles
have the hash of their bytes in their address, so that a browser may keep them for ever.
"""

import base64
import gzip
import hashlib
import html
import json
import re
from asyncio import to_thread
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from string import Template

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from bot.web.evidence import surroundings, web_link
from bot.web.fences import frame_sources
from bot.web.gate import Gate
from bot.web.limits import looked
from bot.web.stream import warmed
from bot.web.types import BotFor, ChatBot
from bot.web.visitors import admitted
from bot.web.warmup import Warmup
from prompts import UserError, sentences
from vectorstore.types import Article

LANGUAGES = ("ko", "en")
THEMES = ("auto", "light", "dark")
MAX_QUOTE = 1_000  # characters of a quote whose paragraph is shown
_SITE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"\d{1,9}")
# What the launcher says; the other sentences are the page's.
_LAUNCHER_TEXTS = ("launch", "close", "widget", "opening", "unavailable")


class PassageUnknownError(UserError):
    """An article that the index does not hold, or bounds that are not inside it."""

    status = 404


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent, plain and compressed; `version` is the start of its bytes' SHA-256."""

    content: bytes
    media_type: str
    packed: bytes
    version: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A quote inside its paragraph, and where a reader can open the article."""

    before: str
    quote: str
    after: str
    role: str
    url: str | None


def embed_router(bot_for: BotFor, warmup: Warmup, frame_ancestors: tuple[str, ...], gate: Gate) -> APIRouter:
    """The routes of the launcher and of the page in its frame.

    `frame_ancestors` are the CSP sources that may frame the page where the query names no site; for a site
    they are its own, and for what is none, none. `bot_for` chooses whose articles a site shows.
    """
    router = APIRouter()
    _add_files(router)

    @router.api_route("/embed", methods=["GET", "HEAD"], include_in_schema=False)
    async def embed(request: Request) -> Response:
        """The page; whatever is unknown in the query is as if it were not there."""
        query = request.query_params
        lang = _one_of(LANGUAGES, query.get("lang"))
        theme = _one_of(THEMES, query.get("theme"))
        site = query.get("site")
        allowed = frame_ancestors if not site else await to_thread(_ancestors, gate, site)
        return _reply(request, page(lang, theme), {"Content-Security-Policy": policy(allowed)})

    @router.get("/embed/suggestions", dependencies=[Depends(looked)])
    async def suggestions(site: str = "") -> dict[str, tuple[str, ...]]:
        """Example questions, once the bot is loaded; none where it cannot be, or for an unknown site.

        Raises GateError.
        """
        await warmed(warmup)
        known = await to_thread(gate.site, site) if site_name(site) else None
        if site and known is None:
            return {"questions": ()}
        bot = await to_thread(bot_for, known)
        return {"questions": await to_thread(_questions, bot) if warmup.done else ()}

    @router.get("/embed/evidence", dependencies=[Depends(looked)])
    async def evidence(
        request: Request, article: str = "", start: str = "", end: str = "", site: str | None = None
    ) -> dict[str, str | None]:
        """A quote inside its paragraph. Raises PassageUnknownError, and as `admitted` does."""
        bot = await to_thread(bot_for, await admitted(gate, request, site))
        found = await to_thread(bot.article, article) if 0 < len(article) <= 200 else None
        return asdict(passage(found, start, end))

    return router


def _questions(bot: ChatBot) -> tuple[str, ...]:
    """Example questions; none where the bot cannot be loaded, which the first answer tells of."""
    try:
        return bot.suggestions()
    except UserError:
        return ()


def _ancestors(gate: Gate, site: str) -> tuple[str, ...]:
    """Who may frame the page for a site; nobody for what cannot be one."""
    return gate.frame_ancestors(site) if site_name(site) else ()


def _add_files(router: APIRouter) -> None:
    """The launcher, and the page's script, style and icon."""

    @router.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def widget(request: Request) -> Response:
        """The launcher as it is now."""
        return _reply(request, assets()["widget.js"], _FOR_ALL)

    @router.api_route("/widget-{version}.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def pinned(request: Request, version: str) -> Response:
        """The launcher of one version, for a script tag with its hash."""
        return _reply(request, _versioned("widget.js", version), _FOR_ALL)

    @router.api_route("/embed/{version}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    async def part(request: Request, version: str, name: str) -> Response:
        """The page's script, style or icon."""
        if name not in ("embed.js", "embed.css", "embed.svg"):
            raise HTTPException(404)
        return _reply(request, _versioned(name, version), {})


# A script with an integrity hash is fetched with CORS; it is the same for everybody and carries no cookie.
_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def _versioned(name: str, version: str) -> Asset:
    kept = pinned_launchers() if name == "widget.js" else {}
    asset = {**kept, assets()[name].version: assets()[name]}.get(version)
    if asset is None:
        raise HTTPException(404)
    return asset


def _one_of(choices: tuple[str, ...], value: str | None) -> str:
    """`value` where it is a choice, else the first choice."""
    return value if value in choices else choices[0]


def site_name(value: str | None) -> str | None:
    """`value` where it can be the name of a site."""
    return value if value and _SITE.fullmatch(value) else None


def policy(frame_ancestors: tuple[str, ...]) -> str:
    """The page's Content-Security-Policy. Raises ValueError for a source that would break the header."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {frame_sources(frame_ancestors)}"
    )


def passage(article: Article | None, start: str, end: str) -> Passage:
    """The quote `start:end` of an article in its paragraph. Raises PassageUnknownError."""
    if article is None or not (_NUMBER.fullmatch(start) and _NUMBER.fullmatch(end)):
        raise PassageUnknownError("web.no_such_passage")
    left, right = int(start), int(end)
    if not left < right <= min(left + MAX_QUOTE, len(article.text)):
        raise PassageUnknownError("web.no_such_passage")
    before, after = surroundings(article, left, right)
    role = article.role_at(left)
    return Passage(before, article.text[left:right], after, role, web_link(article.url))


def integrity(name: str) -> str:
    """The hash of a file for a script tag's `integrity`. Raises KeyError for an unknown file."""
    digest = hashlib.sha384(assets()[name].content).digest()
    return "sha384-" + base64.b64encode(digest).decode()


@cache
def assets() -> dict[str, Asset]:
    """The launcher, and the page's script, style and icon, by name."""
    texts = {lang: {name: _texts(lang)[name] for name in _LAUNCHER_TEXTS} for lang in LANGUAGES}
    # In ASCII, so that a host page in another encoding cannot misread it.
    widget = _file("widget.js").replace('"@texts@"', json.dumps(texts), 1)
    return {
        "widget.js": _asset(widget, "text/javascript"),
        "embed.js": _asset(_file("embed.js"), "text/javascript"),
        "embed.css": _asset(_file("embed.css"), "text/css"),
        "embed.svg": _asset(_file("embed.svg"), "image/svg+xml"),
    }


@cache
def pinned_launchers() -> dict[str, Asset]:
    """The launchers of earlier releases by version: sites name them with a hash, so their bytes must stay."""
    kept = [path for path in files("bot.web").joinpath("embed").iterdir() if path.name.startswith("widget-")]
    made = [_asset(path.read_text(encoding="utf-8"), "text/javascript") for path in kept]
    return {asset.version: asset for asset in made}


@cache
def page(lang: str, theme: str) -> Asset:
    """The page in one of LANGUAGES and THEMES."""
    texts = _texts(lang)
    strings = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    fields = {f"t_{name}": html.escape(text) for name, text in texts.items()}
    versions = {name: assets()[f"embed.{name}"].version for name in ("js", "css", "svg")}
    filled = Template(_file("embed.html")).substitute(
        fields, lang=lang, theme=theme, strings=strings, **versions
    )
    return _asset(filled, "text/html")


def _file(name: str) -> str:
    return files("bot.web").joinpath("embed", name).read_text(encoding="utf-8")


def _texts(lang: str) -> dict[str, str]:
    """Every sentence of the group in one language, by its name without the language."""
    every = sentences("embed")
    names = [name for name in every if not name.endswith("_en")]
    return {name: every[name if lang == "ko" else f"{name}_{lang}"] for name in names}


def _asset(text: str, media_type: str) -> Asset:
    content = text.encode("utf-8")
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, media_type, gzip.compress(content, mtime=0), version)


def _reply(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    """The asset, compressed where the browser takes that, or 304 where it has it already."""
    packed = _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{asset.version}{"-gzip" if packed else ""}"'
    headers = {**headers, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in re.split(r"\s*,\s*", request.headers.get("if-none-match", "").replace("W/", "")):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    content = asset.packed if packed else asset.content
    return Response(content, 200, headers, f"{asset.media_type}; charset=utf-8")


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip and does not rule it out."""
    for item in accepted.lower().split(","):
        name, _, weight = item.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not re.fullmatch(r"0(\.0*)?", weight)
    return False
