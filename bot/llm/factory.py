"""The chat model that a setting names, built by LangChain's `init_chat_model`, or ours for local weights."""

import re
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel

from bot.llm.calls import Limits, Model
from bot.llm.choice import LOCAL, Choice, ModelSettingError, chosen
from bot.settings import BotSettings
from bot.token_count import estimated

CONNECT_S = 1.0  # seconds that a server has to take a connection
OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434"
KEEP_ALIVE = "30m"  # how long Ollama keeps the model in memory after a question
TEMPERATURE = 0.1  # the evidence is to be told, not varied


def open_model(settings: BotSettings) -> Model:
    """The model of the settings with its line, limits and breaker. Raises UserError."""
    choice = chosen(settings.llm)
    if choice is None:
        raise ModelSettingError("llm.bad_setting", value=settings.llm)
    chat = build_model(choice, settings)
    limits = Limits(settings.llm_calls, settings.llm_waiting, settings.llm_first, settings.llm_between)
    count = chat.get_num_tokens if choice.provider == LOCAL else estimated
    return Model(chat, str(choice), limits, count)


def check_setting(settings: BotSettings) -> None:
    """Raise ModelSettingError for a model that cannot be set up, before a server is started on it."""
    choice = chosen(settings.llm)
    if choice is not None and choice.provider != LOCAL:
        build_model(choice, settings)


def build_model(choice: Choice, settings: BotSettings) -> BaseChatModel:
    """The model, not yet asked anything. Raises ModelSettingError: unknown provider, package missing."""
    if settings.llm_url and not _is_address(settings.llm_url):
        raise ModelSettingError("llm.bad_url", value=settings.llm_url)
    if choice.provider == LOCAL:
        from bot.llm.local import LocalChat

        return LocalChat.open(choice.name, settings.device, settings.threads, settings.llm_tokens)
    from langchain.chat_models import init_chat_model

    options = _options(choice, settings)
    try:
        model: BaseChatModel = init_chat_model(choice.name, model_provider=choice.provider, **options)
        return model
    except ImportError as exc:
        named = re.search(r"pip install ([\w\[\]-]+)", str(exc))
        package = named[1] if named else f"langchain-{choice.provider.replace('_', '-')}"
        package = "forum-bot[ollama]" if choice.provider == "ollama" else package
        raise ModelSettingError("llm.no_package", provider=choice.provider, package=package) from exc
    except ValueError as exc:
        if "provider" in str(exc):
            raise ModelSettingError("llm.unknown_provider", provider=choice.provider) from exc
        raise ModelSettingError("llm.not_built", model=str(choice)) from None  # exc quotes the key


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    good = bool(url.host) and "%" not in url.host and (url.port or 1) < 65536
    return good and url.scheme in ("http", "https")


def address(choice: Choice, settings: BotSettings) -> str | None:
    """Where the model's server is; None for a model that has none of its own."""
    if settings.llm_url:
        return settings.llm_url.rstrip("/")
    return {"openai": OPENAI_URL, "ollama": OLLAMA_URL}.get(choice.provider)


def _options(choice: Choice, settings: BotSettings) -> dict[str, Any]:
    """What the provider's class takes; without retries of its own, which are the business of calls.py."""
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    waits = httpx.Timeout(settings.llm_first + settings.llm_between, connect=CONNECT_S)
    if choice.provider == "ollama":
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return {
            "base_url": address(choice, settings), "temperature": TEMPERATURE, "keep_alive": KEEP_ALIVE,
            "num_ctx": settings.llm_context, "num_predict": settings.llm_tokens, "reasoning": False,
            "client_kwargs": {"timeout": waits, "follow_redirects": False, "headers": headers},
        }  # fmt: skip
    if choice.provider == "openai":
        options: dict[str, Any] = {
            "base_url": address(choice, settings), "api_key": key or "none", "max_retries": 0,
            "timeout": waits, "use_responses_api": False,
            "stream_chunk_timeout": None,  # by asyncio.wait_for, in which Python 3.11 may lose a cancellation
            "max_tokens": settings.llm_tokens,
            "http_async_client": httpx.AsyncClient(timeout=waits, limits=_many(settings)),
        }  # fmt: skip
        return options | (_of_other_servers(settings) if settings.llm_url else {})
    options = {"temperature": TEMPERATURE, "max_tokens": settings.llm_tokens, "max_retries": 0}
    given = {"api_key": key, "base_url": settings.llm_url}
    return options | {name: value for name, value in given.items() if value}


def _of_other_servers(settings: BotSettings) -> dict[str, Any]:
    """What OpenAI's own API refuses: a second name of max_completion_tokens, which Ollama's and older servers
    ignore; and no thinking aloud, which would take longer than a visitor waits (vLLM, llama.cpp)."""
    return {
        "temperature": TEMPERATURE,
        "extra_body": {
            "max_tokens": settings.llm_tokens, "chat_template_kwargs": {"enable_thinking": False}
        },
    }  # fmt: skip


def _many(settings: BotSettings) -> httpx.Limits:
    return httpx.Limits(max_connections=settings.llm_calls + 2)
