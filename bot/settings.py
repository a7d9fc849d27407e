"""Settings of the bot: those of the store, and how it is served. FORUM_BOT_* variables and `.env`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from vectorstore.corpora import root_store
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

    llm: Annotated[str, BeforeValidator(lambda value: str(value).strip() or "none")] = "none"
    """`none`, `ollama:NAME`, `openai:NAME` (any server of that protocol), `local:` a folder or hub name."""
    llm_url: str | None = None
    """Where the model's server is; None takes the provider's own address."""
    llm_key: SecretStr | None = None
    """Its API key."""
    llm_context: int = Field(default=4096, ge=1024, le=1_000_000)
    """Tokens of question, evidence and answer together."""
    llm_tokens: int = Field(default=400, ge=50, le=4000)
    """Tokens of one answer at most."""
    llm_calls: int = Field(default=4, ge=1, le=1000)
    """Answers that the model writes at the same time."""
    llm_waiting: int = Field(default=16, ge=0, le=1000)
    """Questions that wait in line for it; the next ones are answered without it."""
    llm_first: float = Field(default=15.0, gt=0, le=600)
    """Seconds until the first word of an answer must be there."""
    llm_between: float = Field(default=10.0, gt=0, le=600)
    """Seconds from one word to the next."""
    tracing: bool = False
    """Whether LangSmith may be sent what is asked and answered, where its own variables turn it on."""
    log: Literal["text", "json"] = "text"
    """How `serve` logs: plain text, or a JSON object a line; personal data is masked in both."""
    proxies: Listed = ()
    """Addresses or networks of proxies whose X-Forwarded-For is believed; comma-separated."""
    visitor_limit: str = "10/minute;200/day"
    """Questions of one visitor; `none` sets no limit."""
    site_limit: str = "60/minute"
    """Questions from one of `origins`; a registered site has its own limit."""
    key_limit: str = "60/minute"
    """Questions of another server, by its API key; `none` sets no limit."""
    limit: str = "1200/minute"
    """Questions of everybody."""
    limits_url: SecretStr | None = None
    """The Redis or Valkey that counts them for several servers; None counts in memory."""
    root_path: str = ""
    """The path prefix under which a proxy shows the server, as in /bot; the proxy takes it off."""
    admin_port: int | None = Field(default=None, ge=0, le=65535)
    """The port of `/metrics` and `/status` on this machine; None for none."""
    admin_host: str = "127.0.0.1"
    """Its address: 127.0.0.1 or ::1."""
    keep_questions: int = Field(default=0, ge=0, le=30)
    """For how many days questions are kept whose visitors consent; 0 keeps none."""
    registry: Path | None = None
    """The file of sites and API keys; None keeps it in the store's folder."""

    openapi: bool = False
    """Whether `serve` describes its routes at `/openapi.json`."""

    @property
    def registry_file(self) -> Path:
        """Where sites and API keys are kept: one file for a store and all its corpora."""
        return self.registry or root_store(self.store) / "registry.sqlite3"

    @property
    def counts_file(self) -> Path:
        """Where the daily counts are, beside the registry."""
        return self.registry_file.with_name("counts.sqlite3")

    @property
    def questions_file(self) -> Path:
        """Where questions are kept, beside the registry."""
        return self.registry_file.with_name("questions.sqlite3")
