"""Sites in a real registry, for the tests of what visitors and their pages may do."""

import json
from pathlib import Path

from web_server import Reply, Site

from bot.sites.changes import add_site
from bot.sites.file import changing


def registered(file: Path, name: str, *origins: str, id: str | None = None) -> str:
    """The public key of a new site; `id` instead of a random one, where a page has it written down."""
    made = add_site(file, name, origins)
    if id is None:
        return made.id
    with changing(file) as db:
        db.execute("UPDATE site SET id = ? WHERE id = ?", (id, made.id))
    return id


def token(site: Site, key: str, origin: str | None = None) -> Reply:
    """Ask for a visitor's token; from the bot's own page unless told otherwise."""
    return site.post("/api/token", {"site": key}, [("Origin", origin or site.url)])


def shown(site: Site, key: str, origin: str | None = None) -> list[tuple[str, str]]:
    """The headers of a visitor who has a token."""
    made = token(site, key, origin)
    assert made.status == 200, made.body
    return [("Origin", origin or site.url), ("Authorization", f"Bearer {json.loads(made.body)['token']}")]
