"""`forum-bot mcp`: serve the tools to a program that starts this one, or by HTTP."""

import argparse
import asyncio
import importlib.util
import signal
import sys

from bot.bot import Bot
from bot.journal import configure
from bot.settings import BotSettings
from prompts import UserError, say

HOST, PORT = "127.0.0.1", 7861


class McpMissingError(UserError):
    """The optional extra `mcp` is not installed."""


def check(arguments: argparse.Namespace) -> int:
    """The exit code of options that do not go together, else 0. Raises McpMissingError without the extra."""
    if not arguments.http and (arguments.host is not None or arguments.port is not None):
        print(say("mcp.http_only"), file=sys.stderr)
        return 2
    if importlib.util.find_spec("mcp") is None:
        raise McpMissingError("mcp.no_package")
    return 0


def run(settings: BotSettings, arguments: argparse.Namespace) -> int:
    """Serve until the client leaves or somebody stops it; returns the exit code. Raises UserError."""
    configure(settings.log)
    bot = Bot(settings)
    if arguments.http:
        from bot.mcp.http import serve_http

        host = HOST if arguments.host is None else arguments.host
        port = PORT if arguments.port is None else arguments.port
        return serve_http(bot, settings, host, port, _tell)
    from bot.mcp.server import serve_stdio

    # The thread that waits for standard input cannot be called off, and nothing is lost by ending at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(serve_stdio(bot))
    return 0


def _tell(url: str) -> None:
    print(say("mcp.serving", url=url), flush=True)
