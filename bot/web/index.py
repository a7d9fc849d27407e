"""Gradio's index page with its head made ours: Korean, our title, no address of another host."""

import re
from html import escape
from importlib.resources import files

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.fences import inner_path
from prompts import say


class IndexHead:
    """Rewrite the head of the page at `/`; other answers pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._script = files("bot.web").joinpath("page.js").read_text(encoding="utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the page back until it is whole, and send it with a new head."""
        if scope["type"] != "http" or scope["method"] != "GET" or inner_path(scope) != "/":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def holding(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                page = rewritten(body.decode("utf-8"), self._script).encode("utf-8")
                MutableHeaders(scope=start)["content-length"] = str(len(page))
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, holding)


def rewritten(page: str, script: str) -> str:
    """`page` in Korean, with our title, description and script in place of its maker's."""
    page = re.sub(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>', "", page)
    page = page.replace('lang="en"', 'lang="ko"', 1)
    title, lead = escape(say("web.title")), escape(say("web.lead"))
    named = {"description": lead, "fb-send": escape(say("web.send")), "fb-stop": escape(say("web.stop"))}
    metas = "".join(f'<meta name="{name}" content="{content}">' for name, content in named.items())
    head = f"<title>{title}</title>{metas}<script>{script}</script>"
    return page.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{head}', 1)
