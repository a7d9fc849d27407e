"""Look at a model before it is used: is its server there, does it have the model, does it answer?"""

import time
from contextlib import closing

import httpx

from bot.llm.choice import LOCAL, Choice, ModelSettingError, chosen
from bot.llm.factory import CONNECT_S, address, open_model
from bot.llm.failures import ModelError
from bot.settings import BotSettings
from prompts import say

ANSWER_S = 5.0  # seconds that a server has to list its models
SHOWN = 5  # names of models in a message


def examine_model(settings: BotSettings) -> str:
    """What is good about the model, in a Korean clause. Raises ModelSettingError that names the way out."""
    choice = chosen(settings.llm)
    if choice is None:
        raise ModelSettingError("llm.bad_setting", value=settings.llm)
    url = address(choice, settings)
    with closing(open_model(settings)) as model:
        if choice.provider != LOCAL and url is not None:
            _look(choice, url, settings)
        began = time.perf_counter()
        try:
            model.ask_a_word()
        except ModelError as exc:
            raise ModelSettingError("llm.doctor_failed", model=str(choice), why=exc) from exc
    shown = str(choice) if url is None else say("llm.doctor_with_url", model=choice, url=url)
    return say("llm.doctor_good", model=shown, seconds=f"{time.perf_counter() - began:.1f}")


def _look(choice: Choice, url: str, settings: BotSettings) -> None:
    """Ask the server for its list of models; a server that keeps none is not held to it."""
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    path = "/api/tags" if choice.provider == "ollama" else "/models"
    try:
        reply = httpx.get(url + path, headers=headers, timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S))
    except httpx.HTTPError as exc:
        missing = "llm.doctor_unreachable_ollama" if choice.provider == "ollama" else "llm.doctor_unreachable"
        raise ModelSettingError(missing, url=url) from exc
    if reply.status_code in (401, 403):
        raise ModelSettingError("llm.doctor_key", url=url)
    known = _names(reply)
    if not known or choice.name in known or f"{choice.name}:latest" in known:
        return
    if choice.provider == "ollama":
        raise ModelSettingError("llm.doctor_not_pulled", model=choice.name)
    raise ModelSettingError("llm.doctor_no_model", url=url, model=choice.name, known=", ".join(known[:SHOWN]))


def _names(reply: httpx.Response) -> list[str]:
    """The models of Ollama's or OpenAI's list; none where it is neither."""
    try:
        body = reply.json()
        listed = body.get("models") or body.get("data") or []
        return [str(entry.get("name") or entry.get("id")) for entry in listed]
    except (ValueError, AttributeError, TypeError):
        return []
