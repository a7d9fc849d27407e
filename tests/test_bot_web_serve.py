"""Starting and stopping the server."""

import asyncio
import gc
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from web_bot import LibraryBot
from web_server import live

from bot.web.serve import ServingError, _settle, address, bind, check_settings, serve
from bot.web.types import WebSettings

ROOT = Path(__file__).resolve().parents[1]


def test_a_port_in_use_is_one_korean_line() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ServingError, match=rf"127.0.0.1:{port}\S+ 이미 쓰이고 있습니다.*--port {port + 1}"
        ) as caught:
            serve(None, WebSettings(port=port))  # type: ignore[arg-type]
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "port"), [("203.0.113.1", 0), ("127.0.0.1", 99_999), ("no-such-host.invalid", 0)]
)
def test_an_address_that_cannot_be_used_is_one_korean_line(host: str, port: int) -> None:
    with pytest.raises(ServingError, match="열 수 없습니다"):
        bind(host, port)


@pytest.mark.parametrize(
    "settings",
    [
        WebSettings(origins=("*",)),
        WebSettings(origins=("null",)),
        WebSettings(origins=("https://a.kr/",)),
        WebSettings(origins=("a.kr",)),
        WebSettings(origins=("https://*.a.kr",)),
        WebSettings(allowed_hosts=("*",)),
        WebSettings(allowed_hosts=("a.kr:80",)),
        WebSettings(allowed_hosts=("https://a.kr",)),
        WebSettings(frame_ancestors=("*",)),
        WebSettings(frame_ancestors=("https://a.kr; x",)),
    ],
)
def test_a_setting_that_would_open_a_fence_is_refused(settings: WebSettings) -> None:
    with pytest.raises(ServingError, match="쓸 수 없습니다"):
        check_settings(settings)


def test_good_settings_are_taken() -> None:
    check_settings(
        WebSettings(
            allowed_hosts=("bot.example.kr", "10.0.0.5"),
            origins=("https://a.kr", "http://127.0.0.1:9001"),
            frame_ancestors=("'self'", "https://*.a.kr", "http://b.kr:8080"),
        )
    )


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_can_be_opened(host: str, shown: str) -> None:
    assert address(host, 80) == shown


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_lets_the_running_answer_end_and_exits_with_0(sign: int) -> None:
    paths = [str(ROOT), str(ROOT / "tests")]
    asked = json.dumps({"settings": {"port": 0}, "fenced": True, "bot": {"pace": 0.3}})
    start = f"import sys; sys.path[:0] = {paths!r}; import web_server; web_server.child(sys.argv[1])"
    with subprocess.Popen(
        [sys.executable, "-c", start, asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            line = process.stdout.readline()
            assert "대화를 시작하세요" in line
            connection = http.client.HTTPConnection(
                "127.0.0.1", int(line.partition("127.0.0.1:")[2].split()[0])
            )
            body = json.dumps({"question": "관장은 누구인가요?"})
            connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            time.sleep(0.3)
            process.send_signal(sign)
            assert b"event: done" in response.read()
            connection.close()
            assert process.wait(timeout=20) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_importing_the_server_imports_no_gradio() -> None:
    code = "import sys; import bot.web.serve, bot.web.app, bot.web.page; print('gradio' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_head_of_the_page_is_korean_and_names_no_other_host() -> None:
    with live() as site:
        page = site.get("/").body.decode()
    assert '<html\n\tlang="ko"' in page
    assert "<title>" in page and "gradio.app" not in page and "githubusercontent" not in page
    assert "https://" not in page


def test_what_a_loaded_bot_keeps_is_left_out_of_garbage_collections() -> None:
    bot = LibraryBot(warm_seconds=0.3)
    loading = threading.Thread(target=bot.warm)
    before = gc.get_freeze_count()
    try:
        loading.start()
        asyncio.run(_settle(bot))
        assert bot.ready
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
        loading.join()
