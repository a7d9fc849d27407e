"""The settings of the store: variables, `.env`, and what is said about a bad value."""

from pathlib import Path

import pytest

from bot.settings import BotSettings
from prompts import UserError
from vectorstore.settings import StoreSettings, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_default_is_the_offline_encoder_and_a_folder_of_the_user() -> None:
    settings = load_settings(StoreSettings)
    assert (settings.embedding, settings.device) == ("kiwi", None)
    assert settings.store.is_absolute()
    assert "forum-bot" in settings.store.parts


def test_a_variable_sets_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORUM_BOT_STORE", str(tmp_path / "색인"))
    assert load_settings(StoreSettings).store == tmp_path / "색인"


def test_a_dotenv_file_is_read_and_a_variable_wins_over_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "FORUM_BOT_STORE=/srv/store\nFORUM_BOT_EMBEDDING=some/model\nOTHER=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("FORUM_BOT_EMBEDDING", "other/model")
    settings = load_settings(StoreSettings)
    assert (settings.store, settings.embedding) == (Path("/srv/store"), "other/model")


def test_what_is_given_wins_over_a_variable_and_none_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_BOT_STORE", "/srv/a")
    assert load_settings(StoreSettings, store=Path("/srv/b")).store == Path("/srv/b")
    assert load_settings(StoreSettings, store=None).store == Path("/srv/a")


def test_lists_of_the_bot_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_BOT_ORIGINS", "https://a.kr, https://b.kr,")
    assert load_settings(BotSettings).origins == ("https://a.kr", "https://b.kr")


@pytest.mark.parametrize(("name", "value"), [("PORT", "팔천"), ("PORT", "70000"), ("PORT", "-1")])
def test_a_bad_value_is_one_korean_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FORUM_BOT_{name}", value)
    with pytest.raises(UserError) as caught:
        load_settings(BotSettings)
    line = str(caught.value)
    assert f"FORUM_BOT_{name}={value}" in line
    assert line.startswith("설정값이 올바르지 않습니다")
    assert "\n" not in line
    assert caught.value.exit_code == 1


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(StoreSettings)
    with pytest.raises(ValueError, match="frozen"):
        settings.embedding = "other"  # type: ignore[misc]
