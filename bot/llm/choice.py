"""Which model FORUM_BOT_LLM names."""

from dataclasses import dataclass

from prompts import UserError

LOCAL = "local"


class ModelSettingError(UserError):
    """A model that is not set up right: unknown, not installed, not there. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider and its name for the model."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


def chosen(setting: str) -> Choice | None:
    """The model of the setting, `provider:name`; None for `none`. Raises ModelSettingError."""
    setting = setting.strip()
    if setting in ("", "none"):
        return None
    provider, colon, name = setting.partition(":")
    if not colon or not name.strip() or not provider.strip():
        raise ModelSettingError("llm.bad_setting", value=setting)
    return Choice(provider.strip().lower(), name.strip())
