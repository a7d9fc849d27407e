"""Settings of the bot: those of the store, and how it is served. FORUM_BOT_* variables and `.env`."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from vectorstore.settings import StoreSettings


def _listed(value: object) -> object:
    """A comma-separated list as a tuple."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class BotSettings(StoreSettings):
    """Everything that `forum-bot` can be told by its environment."""

    host: str = "127.0.0.1"
    """The address that `serve` listens on."""
    port: int = Field(default=7860, ge=0, le=65535)
    """Its port; 0 takes a free one."""
    allowed_hosts: Listed = ()
    """Host names that the page may be asked for, beside this machine's own; comma-separated."""
    origins: Listed = ()
    """Origins of other sites whose pages may call the API; comma-separated."""
    frame_ancestors: Listed = ()
    """Origins of sites that may show the page in a frame; comma-separated."""
    registry: Path | None = None
    """The file of sites and API keys; None keeps it in the store's folder."""

    @property
    def registry_file(self) -> Path:
        """Where sites and API keys are kept."""
        return self.registry or self.store / "registry.sqlite3"
