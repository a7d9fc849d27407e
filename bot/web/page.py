"""The chat page: Gradio blocks around one question box.

Gradio takes seconds to import and asks its makers for news unless told not to, so it is imported in
`build_page` only, after the environment is set.
"""

import os
import time
from asyncio import to_thread
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

from bot.types import Answer, Sources, Token
from bot.web import transcript
from bot.web.api import QuestionRefusedError, check_question, clean
from bot.web.evidence import answer_html, evidence_html, failure_html, partial_html, stopped_html, text_html
from bot.web.stream import Failure, Status, ask, warmed
from bot.web.types import MAX_QUESTION, ChatBot, WebSettings
from bot.web.warmup import Warmup
from prompts import say

_PACE = 0.1  # seconds between two updates of a streamed answer
_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_FONTS = (
    "Pretendard",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "sans-serif",
)


def mount_page(app: Any, bot: ChatBot, warmup: Warmup, settings: WebSettings) -> None:
    """Mount the page at `/` of `app`, a FastAPI application."""
    os.environ.update(_QUIET)  # read by gradio when it is imported
    import gradio as gr

    page = build_page(bot, warmup)
    page.queue(default_concurrency_limit=settings.chats, max_size=settings.waiting, api_open=False)
    page.has_launched = True  # the mounted page then checks what it serves as a launched one does
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=_theme(),
        css=files("bot.web").joinpath("page.css").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=1,
        mcp_server=False,
        enable_monitoring=False,
    )


def _theme() -> Any:
    import gradio as gr

    return gr.themes.Soft(
        primary_hue="indigo", neutral_hue="slate", font=list(_FONTS), font_mono=["ui-monospace", "monospace"]
    )


def build_page(bot: ChatBot, warmup: Warmup) -> Any:
    """The blocks of the page and what happens on each click."""
    import gradio as gr

    with gr.Blocks(title=say("web.title"), analytics_enabled=False, fill_height=True) as page:
        gr.Markdown(_header(), elem_id="fb-header", latex_delimiters=[])
        chat = gr.Chatbot(
            elem_id="fb-chat",
            label=say("web.chat_label"),
            show_label=False,
            container=False,
            scale=1,
            height="100%",
            layout="bubble",
            buttons=[],
            latex_delimiters=[],
            allow_tags=False,
            sanitize_html=True,
            allow_file_downloads=False,
            autoscroll=False,  # page.js scrolls to the question instead of to the end
            feedback_options=None,
            placeholder=_placeholder(),
        )
        box = gr.Textbox(
            elem_id="fb-question",
            label=say("web.question_label"),
            show_label=False,
            container=False,
            placeholder=say("web.question_placeholder"),
            lines=1,
            max_lines=5,
            max_length=MAX_QUESTION,
            autofocus=True,
            submit_btn=True,
        )
        gr.Markdown(text_html(say("web.notice")), elem_id="fb-notice", latex_delimiters=[])
        _wire(page, bot, warmup, chat, box)
    return page


def _header() -> str:
    return f"<h1>{text_html(say('web.title'))}</h1><p>{text_html(say('web.lead'))}</p>"


def _placeholder() -> str:
    return f'<div class="fb-welcome">{text_html(say("web.suggestions_heading"))}</div>'


def _wire(page: Any, bot: ChatBot, warmup: Warmup, chat: Any, box: Any) -> None:
    """Send, example, retry, stop."""
    import gradio as gr

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

    async def suggestions() -> tuple[str, ...]:
        await warmed(warmup)
        return await to_thread(bot.suggestions) if bot.ready else ()

    async def opened() -> Any:
        return gr.update(examples=[{"text": question} for question in await suggestions()])

    async def send(question: str, messages: Any) -> AsyncIterator[tuple[Any, Any]]:
        async for update in converse(bot, warmup, question, transcript.received(messages)):
            yield update

    async def example(picked: gr.SelectData) -> AsyncIterator[tuple[Any, Any]]:
        questions = await suggestions()
        question = questions[picked.index] if picked.index in range(len(questions)) else ""
        async for update in converse(bot, warmup, question, []):
            yield update

    async def retry(messages: Any) -> AsyncIterator[tuple[Any, Any]]:
        before, question = transcript.last_question(transcript.received(messages))
        async for update in converse(bot, warmup, question, before):
            yield update

    page.load(opened, None, [chat], concurrency_limit=None, **hidden)
    running = [
        box.submit(send, [box, chat], [box, chat], **hidden),
        chat.example_select(example, None, [box, chat], **hidden),
        chat.retry(retry, [chat], [box, chat], **hidden),
    ]
    box.stop(stopped, [chat], [box, chat], cancels=running, concurrency_limit=None, **hidden)


async def converse(
    bot: ChatBot, warmup: Warmup, question: str, messages: list[transcript.Message]
) -> AsyncIterator[tuple[Any, list[transcript.Message]]]:
    """Yield (question box, conversation) from the question to its answer, at most ten times a second."""
    try:
        question = check_question(clean(question))
    except QuestionRefusedError as exc:
        if exc.status != 400:  # an empty box needs no lecture
            messages = [*messages, transcript.replied(failure_html(str(exc)))]
        yield _idle(), messages
        return
    history = transcript.turns(messages)
    messages = [*messages, transcript.asked(question)]
    async for reply in _paced(bot, warmup, question, history):
        yield _busy(), [*messages, reply]
    yield _idle(), [*messages, reply]


async def _paced(
    bot: ChatBot, warmup: Warmup, question: str, history: list[Any]
) -> AsyncIterator[transcript.Message]:
    """The reply as it grows; the last one is complete."""
    written, status, shown = "", say("web.searching"), 0.0
    async for event in ask(bot, warmup, question, history):
        match event:
            case Answer():
                yield transcript.replied(answer_html(event), evidence_html(event, bot.article))
                return
            case Failure(text):
                yield transcript.replied(failure_html(text))
                return
            case Token(text):
                written += text
            case Status(text):
                status = text
            case Sources():
                status = say("web.writing")
        if time.monotonic() - shown >= _PACE:
            yield transcript.replied(partial_html(written, status))
            shown = time.monotonic()
    yield transcript.replied(failure_html(say("web.failed")))


def stopped(messages: Any) -> tuple[Any, list[transcript.Message]]:
    """Keep what was written and say that it was stopped."""
    kept = transcript.received(messages)
    if kept and kept[-1]["role"] == "assistant":
        kept[-1] = transcript.replied(stopped_html(transcript.written(kept[-1])))
    return _idle(), kept


def _busy() -> Any:
    import gradio as gr

    return gr.update(value="", submit_btn=False, stop_btn=True)


def _idle() -> Any:
    import gradio as gr

    return gr.update(submit_btn=True, stop_btn=False)
