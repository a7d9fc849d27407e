"""What can be wrong with a site, a key, or the file that holds them (see prompts/sites.toml)."""

from prompts import UserError

MAX_SHOWN = 100  # characters of a bad value in a message


class SiteError(UserError):
    """What the operator asked for cannot be: a bad origin, a name that is taken or unknown."""

    status = 400


class RegistryError(UserError):
    """The file of sites and keys cannot be read or written."""

    status = 503


def shown(text: str) -> str:
    """A value as one visible line: shortened, its control characters as escapes."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text[:MAX_SHOWN])
