"""Which model a setting names, how it is built, and what its failures are called."""

import logging
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import ollama
import openai
import pytest
from langchain_core.exceptions import OutputParserException
from posts import command

from bot.llm.choice import Choice, ModelSettingError, chosen
from bot.llm.factory import OLLAMA_URL, address, build_model, open_model
from bot.llm.failures import Kind, ModelError, judged, pause
from bot.settings import BotSettings

KEY = "geheim-1234567890"
URL = "http://127.0.0.1:9/v1"


def settings(llm: str, **given: Any) -> BotSettings:
    return BotSettings(llm=llm, **given)


def build(llm: str, **given: Any) -> Any:
    """The model of these settings."""
    choice = chosen(llm)
    assert choice is not None
    return build_model(choice, settings(llm, **given))


def refused(llm: str, **given: Any) -> str:
    """The one line that a setting is refused with."""
    with pytest.raises(ModelSettingError) as caught:
        open_model(settings(llm, **given)).close()
    text = str(caught.value)
    assert "\n" not in text and text.endswith((".", ").")), text
    return text


@pytest.mark.parametrize(
    ("setting", "provider", "name"),
    [
        ("ollama:qwen3:4b", "ollama", "qwen3:4b"),
        ("openai:gpt-x", "openai", "gpt-x"),
        ("openai:org/model-7B", "openai", "org/model-7B"),
        ("local:models/tiny", "local", "models/tiny"),
        ("local:C:\\models\\tiny", "local", "C:\\models\\tiny"),
        ("  Ollama : qwen3:4b ", "ollama", "qwen3:4b"),
    ],
)
def test_a_setting_names_a_provider_and_its_model(setting: str, provider: str, name: str) -> None:
    assert chosen(setting) == Choice(provider, name)
    assert str(Choice(provider, name)) == f"{provider}:{name}"


@pytest.mark.parametrize("setting", ["none", "", "  ", " none "])
def test_none_names_no_model(setting: str) -> None:
    assert chosen(setting) is None


@pytest.mark.parametrize("setting", ["qwen3", "ollama:", "ollama: ", ":qwen3", " : ", "ollama qwen3"])
def test_a_setting_of_another_form_is_refused_with_an_example(setting: str) -> None:
    with pytest.raises(ModelSettingError) as caught:
        chosen(setting)
    assert setting.strip() in str(caught.value) and "ollama:qwen3:4b" in str(caught.value)


def test_an_unknown_provider_is_refused_with_those_that_there_are() -> None:
    text = refused("olama:qwen3")
    assert "olama는" in text and "ollama, openai, local" in text


@pytest.mark.parametrize(
    ("provider", "package"),
    [
        ("anthropic", "langchain-anthropic"),
        ("bedrock", "langchain-aws"),
        ("google_genai", "langchain-google-genai"),
    ],
)
def test_a_provider_without_its_package_is_refused_with_the_command(provider: str, package: str) -> None:
    assert f'pip install "{package}"' in refused(f"{provider}:some-model", llm_key=KEY)


MISSING = """
import sys
sys.modules["langchain_ollama"] = None
from bot.llm.choice import ModelSettingError, chosen
from bot.llm.factory import build_model
from bot.settings import BotSettings
try:
    build_model(chosen("ollama:qwen3"), BotSettings(llm="ollama:qwen3"))
except ModelSettingError as exc:
    print(exc)
"""


def test_ollamas_package_is_our_own_extra() -> None:
    ran = command("-c", MISSING)
    assert 'pip install "forum-bot[ollama]"' in ran.stdout, ran.stderr
    assert len(ran.stdout.splitlines()) == 1 and ran.stderr == ""


@pytest.mark.parametrize("llm", ["openai:x", "ollama:x"])
@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "127.0.0.1:8000", "host", " http://host", "http://", "http:///v1", "http://[", "http://host:port",
     "http://host:99999", "http://my host/v1", "http://\x00", "javascript:alert(1)"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_an_example(llm: str, url: str) -> None:
    text = refused(llm, llm_url=url, llm_key=KEY)
    assert url in text and "http://127.0.0.1:8000/v1" in text


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "https://llm.example.kr/v1/", "HTTP://host", "http://[::1]:8000/v1"]
)
def test_a_good_address_is_taken_without_its_last_slash(url: str) -> None:
    assert build("openai:x", llm_url=url).openai_api_base == url.rstrip("/")


def test_each_provider_has_its_own_address_unless_one_is_given() -> None:
    choice = Choice("ollama", "x")
    assert address(choice, settings("ollama:x")) == OLLAMA_URL
    assert address(choice, settings("ollama:x", llm_url="http://box:1/")) == "http://box:1"
    assert address(Choice("openai", "x"), settings("openai:x")) == "https://api.openai.com/v1"
    assert address(Choice("local", "x"), settings("local:x")) is None


def on_the_wire(model: Any) -> dict[str, Any]:
    """What the model would send."""
    payload: dict[str, Any] = model._get_request_payload([("user", "네?")])
    return payload


def test_other_servers_are_told_both_token_limits_and_not_to_think_aloud() -> None:
    model = build("openai:x", llm_url=URL, llm_tokens=123)
    assert on_the_wire(model)["max_completion_tokens"] == 123
    assert on_the_wire(model)["extra_body"] == {
        "max_tokens": 123, "chat_template_kwargs": {"enable_thinking": False}
    }  # fmt: skip
    assert model.temperature == 0.1


def test_openais_own_is_told_only_what_it_knows() -> None:
    sent = on_the_wire(build("openai:x", llm_tokens=123))
    assert sent["max_completion_tokens"] == 123
    assert not {"max_tokens", "extra_body", "chat_template_kwargs", "temperature"} & set(sent)


def test_ollama_is_told_the_context_the_limit_and_not_to_think() -> None:
    model = build("ollama:x", llm_context=2_048, llm_tokens=123)
    assert (model.num_ctx, model.num_predict, model.reasoning) == (2_048, 123, False)


@pytest.mark.parametrize("given", [{}, {"llm_url": URL}])
def test_libraries_do_not_retry_by_themselves(given: dict[str, Any]) -> None:
    assert build("openai:x", **given).max_retries == 0


def test_a_server_that_wants_no_key_gets_a_word_in_its_place() -> None:
    assert build("openai:x", llm_url=URL).openai_api_key.get_secret_value() == "none"
    assert build("openai:x", llm_url=URL, llm_key=KEY).openai_api_key.get_secret_value() == KEY


# --- what failed


def status_error(status: int, retry_after: str | None = None) -> openai.APIStatusError:
    """What OpenAI's library raises for a reply of that status, which repeats the key."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    reply = httpx.Response(status, headers=headers, request=httpx.Request("POST", URL))
    return openai.APIStatusError(f"Incorrect API key provided: {KEY}", response=reply, body={"key": KEY})


STATUSES: dict[int, Kind] = {
    400: "request", 401: "refused_key", 402: "request", 403: "refused_key", 404: "no_model", 408: "request",
    413: "request", 422: "request", 429: "too_many", 500: "server", 502: "server", 503: "server",
    529: "server",
}  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_a_status_says_what_failed(status: int, kind: Kind) -> None:
    assert judged(status_error(status)).kind == kind
    assert judged(ollama.ResponseError(f"model not found {KEY}", status)).kind == kind


@pytest.mark.parametrize(
    ("status", "again"), [(400, 0), (401, 0), (403, 0), (404, 0), (429, 1), (500, 1), (503, 1)]
)
def test_only_what_passes_is_tried_again(status: int, again: int) -> None:
    assert judged(status_error(status)).passing == bool(again)


def test_a_status_counts_where_it_is_the_cause() -> None:
    error = RuntimeError("wrapped")
    error.__cause__ = status_error(401)
    assert judged(error).kind == "refused_key"


REQUEST = httpx.Request("POST", URL)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), "unreachable"),
        (ConnectionResetError(), "unreachable"),
        (TimeoutError(), "unreachable"),
        (httpx.ConnectError("no"), "unreachable"),
        (httpx.ConnectTimeout("no"), "unreachable"),
        (httpx.ReadTimeout("no"), "unreachable"),
        (httpx.RemoteProtocolError("no"), "unreachable"),
        (httpx.ProxyError("no"), "unreachable"),
        (MemoryError(), "memory"),
        (ValueError("not JSON"), "garbage"),
        (UnicodeDecodeError("utf-8", b"\xea", 0, 1, "end"), "garbage"),
        (OutputParserException("no"), "garbage"),
        (KeyError("choices"), "garbage"),
    ],
)
def test_an_exception_is_judged_by_its_type(error: Exception, kind: Kind) -> None:
    assert judged(error).kind == kind


def test_openais_wrapping_of_a_lost_connection_is_seen_through() -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx.ConnectError("no")
    assert judged(error).kind == "unreachable"


def test_a_model_error_stays_as_it_is() -> None:
    error = ModelError("stalled")
    assert judged(error) is error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("1.5", 1.5), (" 3 ", 3.0), ("-5", 0.0), ("1e9", 3600.0), ("inf", 3600.0),
        ("-inf", 0.0), ("nan", None), ("", None), ("soon", None), ("7 seconds", None), ("2023", 2023.0),
        ("Wed, 99 Nov 2023 25:00:00 GMT", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds(header: str | None, seconds: float | None) -> None:
    assert judged(status_error(429, header)).retry_after == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(30, 25, 30), (-30, 0, 0), (100_000, 3600, 3600)])
def test_retry_after_is_read_as_a_date(ahead: int, least: float, most: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    waits = judged(status_error(503, date)).retry_after
    assert waits is not None and least <= waits <= most


def test_the_pause_is_the_servers_or_grows() -> None:
    assert pause(ModelError("too_many", 1.2), 1) == 1.2
    assert pause(ModelError("too_many", 0.0), 2) == 0.0
    assert [pause(ModelError("server"), attempt) for attempt in (1, 2)] == [0.2, 0.4]


# --- the key


@pytest.mark.parametrize("status", STATUSES)
def test_the_key_is_in_no_text_of_a_failure(status: int) -> None:
    error = judged(status_error(status))
    assert KEY not in f"{error} {error!r} {error.args}"


@pytest.mark.parametrize(
    "given",
    [
        {"llm": "foo:x"}, {"llm": "anthropic:x"}, {"llm": "azure_openai:x"}, {"llm": "openai:x", "llm_url": "ftp://h"},
        {"llm": "openai:x", "llm_url": "http://h:port"}, {"llm": "ollama:x", "llm_url": "http://["},
    ],
)  # fmt: skip
def test_the_key_is_in_no_traceback_of_a_bad_setting(
    given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelSettingError) as caught:
        build(**given, llm_key=KEY)
    assert KEY not in "".join(traceback.format_exception(caught.value)) + caplog.text


@pytest.mark.parametrize("llm", ["openai:x", "ollama:x"])
def test_the_key_is_not_shown_with_the_settings_or_the_model(llm: str) -> None:
    given = settings(llm, llm_key=KEY)
    assert KEY not in f"{given} {given!r} {given.model_dump_json()}"
    choice = chosen(llm)
    assert choice is not None
    assert KEY not in f"{address(choice, given)} {choice}"
