"""Who may frame the chat and whose scripts may call the API: plain functions of a site and an origin.

None, unknown and disabled are one case, so that nobody can tell them apart from outside.
"""

from bot.sites.types import Site


def frame_ancestors(site: Site | None) -> tuple[str, ...]:
    """The CSP sources that may show the chat of this site in a frame; none at all where it has no site."""
    return () if site is None or site.disabled else site.origins


def allowed_origin(site: Site | None, origin: str | None) -> bool:
    """Whether the value of an Origin header is, letter for letter, one of the site's origins."""
    return origin is not None and origin in frame_ancestors(site)
