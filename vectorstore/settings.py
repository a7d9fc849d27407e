"""Settings of the store and the encoder: FORUM_BOT_* variables and `.env`, read once at the edge."""

from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from prompts import UserError

OFFLINE_ENCODER = "kiwi"


class StoreSettings(BaseSettings):
    """Where the index is and which encoder made it."""

    model_config = SettingsConfigDict(env_prefix="FORUM_BOT_", env_file=".env", extra="ignore", frozen=True)

    store: Path = Field(default_factory=lambda: user_data_path("forum-bot") / "store")
    """The index folder."""
    embedding: str = OFFLINE_ENCODER
    """`kiwi` (offline, the default), a folder, or the hub name of a sentence-transformers model."""
    device: str | None = None
    """`cuda`, `cuda:1`, `mps` or `cpu` for a model by name; None chooses the best that there is."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """Threads of a model by name; None takes half of the cores (see `torch_models.set_threads`)."""
    reranker: str | None = None
    """A folder, or the hub name of a sentence-transformers CrossEncoder; None does without."""


class HubSettings(BaseSettings):
    """The model hub's own variables, under the names that its library gives them."""

    model_config = SettingsConfigDict(env_prefix="HF_", extra="ignore", frozen=True)

    endpoint: str = "https://huggingface.co"
    """HF_ENDPOINT: the hub, or a mirror of it."""
    hub_offline: str = ""
    """HF_HUB_OFFLINE: whether the hub must not be asked."""

    @property
    def offline(self) -> bool:
        """Whether HF_HUB_OFFLINE says so, read as the hub's library reads it."""
        return self.hub_offline.upper() in ("1", "TRUE", "YES", "ON")


Chosen = TypeVar("Chosen", bound=StoreSettings)


def load_settings(kind: type[Chosen], **given: object) -> Chosen:
    """Read the settings of `kind`; a value of `given` that is not None wins over the environment.

    Raises UserError, naming the variable, its value and what is wrong with it.
    """
    overrides: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        return kind(**overrides)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "FORUM_BOT_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UserError(
            "store.settings_invalid", name=name, value=first.get("input"), problem=first["msg"]
        ) from exc
