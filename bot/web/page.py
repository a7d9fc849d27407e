"""The chat page: Gradio blocks around one question box.

Gradio takes seconds to import and asks its makers for news unless told not to, so it is imported in
`build_page` only, after the environment is set.
"""

import os
from collections.abc import AsyncIterator
from functools import partial
from importlib.resources import files
from typing import Any

from bot.web.conversations import Conversations, Update
from bot.web.evidence import text_html
from bot.web.limits import Limits
from bot.web.types import MAX_QUESTION, ChatBot, WebSettings
from bot.web.warmup import Warmup
from prompts import say

_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
_FONTS = (
    "Pretendard",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "sans-serif",
)


def mount_page(
    app: Any, bot: ChatBot, warmup: Warmup, settings: WebSettings, limits: Limits | None = None
) -> None:
    """Mount the page at `/` of `app`, a FastAPI application."""
    os.environ.update(_QUIET)  # read by gradio when it is imported
    import gradio as gr

    page = build_page(bot, warmup, limits)
    page.queue(default_concurrency_limit=settings.chats, max_size=settings.waiting, api_open=False)
    page.has_launched = True  # the mounted page then checks what it serves as a launched one does
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=settings.root_path,
        theme=_theme(),
        css=_style(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=1,
        mcp_server=False,
        enable_monitoring=False,
    )


def _style() -> str:
    folder = files("bot.web")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "reply.css"))


def _theme() -> Any:
    import gradio as gr

    return gr.themes.Soft(
        primary_hue="indigo", neutral_hue="slate", font=list(_FONTS), font_mono=["ui-monospace", "monospace"]
    )


def build_page(bot: ChatBot, warmup: Warmup, limits: Limits | None = None) -> Any:
    """The blocks of the page and what happens on each click; without `limits` no question is counted."""
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
        _wire(page, Conversations(bot, warmup), limits, chat, box)
    return page


def _header() -> str:
    return f"<h1>{text_html(say('web.title'))}</h1><p>{text_html(say('web.lead'))}</p>"


def _placeholder() -> str:
    return f'<div class="fb-welcome">{text_html(say("web.suggestions_heading"))}</div>'


def _wire(page: Any, talks: Conversations, limits: Limits | None, chat: Any, box: Any) -> None:
    """Examples, send, retry and stop; each answer updates the box and the chat."""
    import gradio as gr

    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

    async def admit(request: gr.Request) -> None:
        if limits is not None and request.request is not None:
            await limits.question(limits.visitor(request.request))

    async def opened() -> Any:
        return gr.update(examples=[{"text": question} for question in await talks.suggestions()])

    async def send(question: str, messages: Any, request: gr.Request) -> AsyncIterator[Update]:
        yield gr.update(value=""), gr.skip()
        async for update in talks.send(request.session_hash, question, messages, partial(admit, request)):
            yield update

    async def example(picked: gr.SelectData, request: gr.Request) -> AsyncIterator[Update]:
        async for update in talks.example(request.session_hash, picked.index, partial(admit, request)):
            yield update

    async def more(picked: gr.SelectData, messages: Any, request: gr.Request) -> AsyncIterator[Update]:
        async for update in talks.send(
            request.session_hash, str(picked.value), messages, partial(admit, request)
        ):
            yield update

    async def retry(messages: Any, request: gr.Request) -> AsyncIterator[Update]:
        async for update in talks.retry(request.session_hash, messages, partial(admit, request)):
            yield update

    async def stop(request: gr.Request) -> None:
        talks.stop(request.session_hash)

    page.load(opened, None, [chat], concurrency_limit=None, **hidden)
    box.submit(send, [box, chat], [box, chat], **hidden)
    chat.example_select(example, None, [box, chat], **hidden)
    chat.option_select(more, [chat], [box, chat], **hidden)
    chat.retry(retry, [chat], [box, chat], **hidden)
    # Not Gradio's `cancels`: it leaves the box in an error state when the answer ends at the same time.
    box.stop(stop, None, None, concurrency_limit=None, **hidden)
