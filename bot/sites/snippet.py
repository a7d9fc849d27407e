"""The script tag that a community pastes into its page."""

import re
from html import escape

from bot.sites.errors import SiteError, shown
from bot.sites.origins import exact_origin
from bot.sites.types import Look

_USUAL = Look()
_URL = re.compile(r"([^/]*//[^/?#]*)((?:/[A-Za-z0-9._~-]+)*)/?")


def snippet(
    base_url: str, site_id: str, version: str | None = None, integrity: str | None = None, look: Look = _USUAL
) -> str:
    """The tag that loads the launcher of the bot at `base_url` (a path prefix may follow the host).

    `integrity` is the hash of the script of that `version`: a browser runs no other. Of `look`, the theme and
    the language are named where they are not the usual ones. Raises SiteError.
    """
    source = f"{_base(base_url)}/widget" + (f"-{version}.js" if version else ".js")
    pinned = {"integrity": integrity, "crossorigin": "anonymous"} if integrity else {}
    attributes = {"src": source, **pinned, "data-site": site_id, **_chosen(look)}
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<script {written} async></script>"


def _chosen(look: Look) -> dict[str, str]:
    told = {"data-theme": (look.theme, _USUAL.theme), "data-lang": (look.lang, _USUAL.lang)}
    return {name: value for name, (value, usual) in told.items() if value != usual}


def _base(url: str) -> str:
    match = _URL.fullmatch(url)
    if match is None:
        raise SiteError("sites.url_bad", url=shown(url))
    return exact_origin(match[1]) + match[2]
