"""The protocol's server around the tools, and its way by standard input and output."""

import asyncio
import logging
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from bot.bot import Bot
from bot.mcp.tools import Outcome, call, described
from bot.web.warmup import Warmup
from prompts import UserError, say

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server

CALLS = 4  # tools at work at the same time; more wait
logger = logging.getLogger(__name__)


async def serve_stdio(bot: Bot) -> None:
    """Serve one client on standard input and output, until it closes them."""
    from mcp.server.stdio import stdio_server

    server = build_server(bot)
    Warmup(bot).start()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def build_server(bot: Bot) -> "Server[Any]":
    """A server that answers `tools/list` and `tools/call` with `bot`; belongs to the running event loop."""
    from mcp import types
    from mcp.server import Server

    slots = asyncio.Semaphore(CALLS)

    async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_tools())

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        async with slots:
            return await _called(bot, params.name, params.arguments or {})

    return Server(
        "forum-bot",
        version=_version(),
        title=say("mcp.title"),
        instructions=say("mcp.instructions").strip(),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _version() -> str:
    try:
        return version("forum-bot")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return ""


def _tools() -> "list[types.Tool]":
    from mcp import types

    hints = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.takes,
            output_schema=tool.gives,
            annotations=hints,
        )
        for tool in described()
    ]


async def _called(bot: Bot, name: str, arguments: dict[str, Any]) -> "types.CallToolResult":
    """The tool's result, worked out in a thread; a failure is a result too, in one Korean sentence."""
    gone = threading.Event()
    try:
        return _result(await asyncio.to_thread(call, bot, name, arguments, gone.is_set))
    except UserError as error:
        return _result(str(error))
    except Exception:
        logger.exception("a tool failed")
        return _result(say("web.failed"))
    finally:
        gone.set()  # where the client cancelled, the thread need not go on


def _result(outcome: Outcome | str) -> "types.CallToolResult":
    from mcp import types

    failed = isinstance(outcome, str)
    text = outcome if isinstance(outcome, str) else outcome.text
    content: list[Any] = [types.TextContent(type="text", text=text)]
    if failed:
        return types.CallToolResult(content=content, is_error=True)
    assert isinstance(outcome, Outcome)
    return types.CallToolResult(content=content, structured_content=outcome.content)
