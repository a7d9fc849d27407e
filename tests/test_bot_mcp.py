"""The MCP server: its tools as they are, and as real clients meet them by standard input and by HTTP."""

import asyncio
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import uvicorn
from posts import ROOT, article, command, soon, write
from web_server import Reply, Site

from bot.bot import MAX_QUESTION, Bot
from bot.cli import main
from bot.mcp.tools import MAX_K, Outcome, ToolError, call, described
from bot.settings import BotSettings
from bot.sites.changes import add_key, revoke_key
from bot.web.serve import bind
from ingest.split import prepare
from prompts import UserError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index
from vectorstore.takedowns import put, undo

QUESTION = "2부 사회는 누가 봤나요?"
needs_mcp = pytest.mark.skipif(
    importlib.util.find_spec("mcp") is None, reason='the extra is not installed: pip install "forum-bot[mcp]"'
)
ACCEPT = [("Accept", "application/json, text/event-stream")]


def test_ask_gives_the_published_answer_and_its_quotes_as_text(report_bot: Bot, report_index: Index) -> None:
    outcome = call(report_bot, "ask", {"question": QUESTION})
    expected = report_bot.answer(QUESTION).to_json()
    assert {**outcome.content, "latency_ms": 0} == {**expected, "latency_ms": 0}
    assert "임한필" in outcome.text
    assert outcome.content["citations"]
    for cited in outcome.content["citations"]:
        assert cited["quote"] in outcome.text
        found = report_index.article(cited["article"])
        assert found is not None and found.text[cited["start"] : cited["end"]] == cited["quote"]


def test_search_gives_passages_with_their_places(report_bot: Bot, report_index: Index) -> None:
    outcome = call(report_bot, "search", {"query": "개회식 사회", "k": 2})
    passages = outcome.content["passages"]
    assert 1 <= len(passages) <= 2
    for passage in passages:
        found = report_index.article(passage["article"])
        assert found is not None and found.text[passage["start"] : passage["end"]] == passage["quote"]
        assert passage["quote"] in outcome.text
    assert [passage["score"] for passage in passages] == sorted((p["score"] for p in passages), reverse=True)


def test_what_the_tools_give_is_as_their_schemas_say(report_bot: Bot) -> None:
    ask, search = described()
    for question in (QUESTION, "오늘 서울 날씨 어때?", "안녕하세요"):
        jsonschema.validate(sent(call(report_bot, "ask", {"question": question})), ask.gives)
    for query in ("개회식 사회", "?!"):
        jsonschema.validate(sent(call(report_bot, "search", {"query": query})), search.gives)
    for tool, good in (
        (ask, {"question": "왜?"}),
        (search, {"query": "왜"}),
        (search, {"query": "왜", "k": 3}),
    ):
        jsonschema.validate(good, tool.takes)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"question": "왜?", "more": 1}, ask.takes)


def sent(outcome: Outcome) -> Any:
    """What a program gets, after its way by JSON."""
    return json.loads(json.dumps(outcome.content))


def test_both_tools_are_described_in_korean_and_english() -> None:
    for tool in described():
        for text in (
            tool.title,
            tool.description,
            *(p["description"] for p in tool.takes["properties"].values()),
        ):
            assert any("가" <= sign <= "힣" for sign in text)
            assert any(sign.isascii() and sign.isalpha() for sign in text)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("ask", {}),
    ("ask", {"question": None}),
    ("ask", {"question": ["왜?"]}),
    ("ask", {"question": "   "}),
    ("ask", {"question": "가" * (MAX_QUESTION + 1)}),
    ("ask", {"question": "왜?", "store": "/"}),
    ("search", {"query": 3}),
    ("search", {"query": ""}),
    ("search", {"query": "왜", "k": 0}),
    ("search", {"query": "왜", "k": MAX_K + 1}),
    ("search", {"query": "왜", "k": "3"}),
    ("search", {"query": "왜", "k": True}),
    ("delete", {"article": "forum-report"}),
    ("\x1b[31m", {}),
]


@pytest.mark.parametrize(("name", "arguments"), BAD)
def test_bad_arguments_are_one_korean_line(report_bot: Bot, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        call(report_bot, name, arguments)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_a_question_may_hold_signs_that_no_text_can(report_bot: Bot) -> None:
    assert "임한필" in call(report_bot, "ask", {"question": QUESTION + "\ud800\x00"}).text


def test_a_caller_that_has_left_gets_no_answer_worked_out(tmp_path: Path, encoder: KiwiEncoder) -> None:
    class Silent(Bot):
        def stream(self, question: str, history: Any = (), left: Callable[[], bool] = bool) -> Iterator[Any]:
            assert left()
            return iter(())

    with pytest.raises(ToolError):
        call(Silent(BotSettings(store=tmp_path)), "ask", {"question": QUESTION}, lambda: True)


def test_what_is_taken_down_is_in_no_tool(tmp_path: Path, encoder: KiwiEncoder) -> None:
    write(tmp_path / "store", encoder, prepare(article("market")))
    bot = Bot(BotSettings(store=tmp_path / "store"))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("search", {"query": "야시장 손님"}),
        ("ask", {"question": "상인회장은 무슨 말을 했나요?"}),
    ]
    assert all("오지훈" in str(call(bot, *one)) for one in asked)
    entries = [put(tmp_path / "store", "name", "오지훈")]
    assert soon(lambda: not any("오지훈" in str(call(bot, *one)) for one in asked))
    undo(tmp_path / "store", entries[0])
    put(tmp_path / "store", "article", "market")
    assert soon(lambda: call(bot, "search", {"query": "야시장 손님"}).content["passages"] == [])


def test_without_the_extra_one_line_says_how_to_install_it(report_store: Path) -> None:
    code = (
        "import sys; sys.modules['mcp'] = None\n"
        "from bot.cli import main; sys.exit(main(['mcp', '--store', sys.argv[1]]))"
    )
    done = command("-c", code, str(report_store))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "forum-bot[mcp]" in line


def test_the_other_commands_do_not_import_it(report_store: Path) -> None:
    code = (
        "import sys; from bot.cli import main\n"
        f"assert main(['ask', '{QUESTION}', '--json', '--store', sys.argv[1]]) == 0\n"
        "print(sorted({'mcp', 'mcp_types', 'bot.mcp'} & set(sys.modules)))"
    )
    assert command("-c", code, str(report_store)).stdout.splitlines()[1] == "[]"


def test_a_port_without_http_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--port", "7861"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


# With the package: real clients.


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> Path:
    """A store with one corpus."""
    root = tmp_path_factory.mktemp("mcp") / "store"
    write(root, encoder, prepare(article("market")))
    place = (("title", "도서관 소식"), ("body", "마을 도서관은 아침 8시에 연다."))
    write(root / "corpora" / "산마을", encoder, prepare(article("library", place)))  # type: ignore[arg-type]
    return root


@needs_mcp
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_starts_the_server_lists_and_calls_its_tools(store: Path, mode: str) -> None:
    async def talk() -> None:
        async with started(store, mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ask", "search"}
            for tool in tools.values():
                assert tool.annotations.read_only_hint is True
                assert tool.annotations.destructive_hint is False
                assert tool.annotations.open_world_hint is False
            reply = await client.call_tool("ask", {"question": "야시장은 몇 시에 여나요?"})
            assert "6시" in reply.content[0].text
            assert reply.structured_content["citations"][0]["article"] == "market"
            found = await client.call_tool("search", {"query": "야시장", "k": 1})
            assert "야시장" in found.structured_content["passages"][0]["quote"]
            failed = await client.call_tool("ask", {"question": " "})
            assert failed.is_error
            assert "비어" in failed.content[0].text
            many = await asyncio.gather(
                *(client.call_tool("ask", {"question": "공연은 어디에서 열리나요?"}) for _ in range(12))
            )
            assert all("중앙광장" in one.content[0].text for one in many)

    asyncio.run(talk())


@needs_mcp
def test_a_server_of_a_corpus_answers_from_it_alone(store: Path) -> None:
    async def talk() -> None:
        async with started(store, "auto", "--corpus", "산마을") as client:
            reply = await client.call_tool("ask", {"question": "도서관은 몇 시에 여나요?"})
            assert "8시" in reply.content[0].text
            found = await client.call_tool("search", {"query": "야시장"})
            assert {one["article"] for one in found.structured_content["passages"]} <= {"library"}

    asyncio.run(talk())


@asynccontextmanager
async def started(store: Path, mode: str, *more: str) -> AsyncIterator[Any]:
    """A client of a server that it starts itself."""
    from mcp import Client, StdioServerParameters, stdio_client

    argv = ["-m", "bot", "mcp", "--store", str(store), *more]
    told = StdioServerParameters(command=sys.executable, args=argv, cwd=str(ROOT))
    async with Client(stdio_client(told), mode=mode, read_timeout_seconds=60) as client:
        yield client


HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip
PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}


@needs_mcp
def test_standard_output_holds_the_protocol_alone_and_closing_the_input_ends_the_server(store: Path) -> None:
    lines = [
        HELLO,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        PING,
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "nope", "arguments": {}}},
    ]
    argv = [sys.executable, "-m", "bot", "mcp", "--store", str(store)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        got = []
        for line in lines:
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            if "id" in line:
                got.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert [reply["id"] for reply in got] == [1, 2, 3]
    assert got[0]["result"]["protocolVersion"] == "2025-06-18"
    assert got[2]["result"]["isError"] is True


@contextmanager
def by_http(store: Path, host: str = "127.0.0.1", origins: tuple[str, ...] = ()) -> Iterator[Site]:
    """The fenced HTTP server as if it listened on `host`, on a loopback port of this process."""
    from bot.mcp.http import build_app

    servers: list[uvicorn.Server] = []
    bot = Bot(BotSettings(store=store))

    async def run() -> None:
        app = build_app(bot, BotSettings(store=store, origins=origins), host)
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=2)
        servers.append(uvicorn.Server(config))
        await servers[0].serve(sockets=[listener])

    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        assert soon(lambda: bool(servers) and servers[0].started)
        try:
            yield Site(listener.getsockname()[1])
        finally:
            servers[0].should_exit = True
            thread.join(timeout=10)


@pytest.fixture(scope="module")
def site(store: Path) -> Iterator[Site]:
    with by_http(store, origins=("https://tool.example.kr",)) as running:
        yield running


def hello(site: Site, *headers: tuple[str, str]) -> Reply:
    return site.post("/mcp", HELLO, [*ACCEPT, *headers])


@needs_mcp
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_by_http_lists_and_calls_the_tools(site: Site, mode: str) -> None:
    async def talk() -> None:
        from mcp import Client

        async with Client(f"{site.url}/mcp", mode=mode, read_timeout_seconds=60) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == {"ask", "search"}
            reply = await client.call_tool("ask", {"question": "야시장은 몇 시에 여나요?"})
            assert "6시" in reply.content[0].text
            assert reply.structured_content["citations"][0]["article"] == "market"
            assert (await client.call_tool("search", {"query": "", "k": 1})).is_error

    asyncio.run(talk())


@needs_mcp
def test_a_page_of_another_site_is_refused_and_a_listed_one_is_not(site: Site) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:7861",
        site.url,
        "",
        "https://tool.example.kr.evil",
    ):
        reply = hello(site, ("Origin", origin))
        assert reply.status == 403, origin
        assert "FORUM_BOT_ORIGINS" in reply.json["error"]
    twice = ("Origin", "https://tool.example.kr"), ("Origin", "https://evil.example")
    assert hello(site, *twice).status == 403
    assert hello(site, ("Origin", "https://tool.example.kr")).status == 200
    assert hello(site).status == 200


@needs_mcp
def test_a_name_that_was_pointed_at_this_machine_is_refused(site: Site) -> None:
    for host in ("evil.example", f"evil.example:{site.port}", "127.0.0.1.evil.example"):
        assert hello(site, ("Host", host)).status == 400, host


@needs_mcp
def test_only_posts_of_a_small_body_to_one_path_are_answered(site: Site) -> None:
    for method, path, status in (
        ("GET", "/mcp", 405),
        ("DELETE", "/mcp", 405),
        ("POST", "/", 404),
        ("POST", "/mcp/", 404),
        ("GET", "/.well-known/oauth-protected-resource", 404),
    ):
        assert site.send(method, path, headers=ACCEPT).status == status, (method, path)
    assert site.post("/mcp", b" " * 70_000, ACCEPT).status == 413
    headers = hello(site).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@needs_mcp
def test_where_there_are_keys_one_must_be_shown_at_once_and_a_revoked_one_is_none(
    tmp_path: Path, encoder: KiwiEncoder
) -> None:
    store = tmp_path / "store"
    write(store, encoder, prepare(article("market")))
    registry = BotSettings(store=store).registry_file
    add_key(registry, "처음")  # the registry of a running server takes up to half a second to see the next
    with by_http(store) as site:
        key = add_key(registry, "도구")
        assert soon(lambda: hello(site, ("Authorization", f"Bearer {key}")).status == 200)
        shown = [
            [],
            [f"Bearer {key}x"],
            [key],
            [f"Basic {key}"],
            ["Bearer"],
        ]
        for values in shown:
            reply = hello(site, *(("Authorization", value) for value in values))
            assert reply.status == 401, values
            assert reply.headers["WWW-Authenticate"] == "Bearer"
            assert reply.json["error"]
        asyncio.run(called_with(site, key))
        revoke_key(registry, "도구")
        assert soon(lambda: hello(site, ("Authorization", f"Bearer {key}")).status == 401)


async def called_with(site: Site, key: str) -> None:
    """A real client that shows a key."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http,
        Client(streamable_http_client(f"{site.url}/mcp", http_client=http)) as client,
    ):
        reply = await client.call_tool("ask", {"question": "야시장은 몇 시에 여나요?"})
        assert "6시" in reply.content[0].text


@needs_mcp
def test_who_asks_by_way_of_a_proxy_needs_a_key_even_before_there_is_one(site: Site) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert hello(site, (name, "192.0.2.7")).status == 401, name


@needs_mcp
@pytest.mark.parametrize("more", [[], ["--corpus", "산마을"]])
def test_without_a_key_no_other_address_is_listened_on(
    store: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "bot.example.kr"):
        assert main(["mcp", "--http", "--host", host, "--port", "0", "--store", str(store), *more]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        (line,) = err.splitlines()
        assert host in line and "forum-bot keys add" in line


def test_a_corpus_is_guarded_by_the_keys_of_its_store(store: Path) -> None:
    inner = BotSettings(store=store / "corpora" / "산마을")
    assert inner.registry_file == BotSettings(store=store).registry_file


@needs_mcp
def test_the_command_says_where_it_listens_and_stops_when_told(store: Path) -> None:
    argv = [sys.executable, "-m", "bot", "mcp", "--http", "--port", "0", "--store", str(store)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        site = Site(int(line.partition("127.0.0.1:")[2].partition("/")[0]))
        try:
            reply = hello(site)
            assert reply.status == 200
            assert "server" not in {name.lower() for name in reply.headers}
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""
