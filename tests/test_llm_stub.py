"""The stub of chat-model servers does on the wire what its modes say."""

import itertools
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from llm_stub import ERRORS, GARBAGE, LONG_BYTES, MODES, REPLY, Stub, cut

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk
    from langchain_openai import ChatOpenAI

OPENAI, OLLAMA = "/v1/chat/completions", "/api/chat"
BOTH = pytest.mark.parametrize("path", [OPENAI, OLLAMA])
FORMS = pytest.mark.parametrize(("path", "stream"), list(itertools.product([OPENAI, OLLAMA], [True, False])))
QUESTION = "도서관은 언제까지 여나요?"
CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(stall=0.2) as made:
        yield made


@pytest.fixture
def client(stub: Stub) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stub.url, timeout=10, verify=False) as made:
        yield made


def body(stream: bool = True, **fields: Any) -> dict[str, Any]:
    return {"model": "stub", "messages": [{"role": "user", "content": QUESTION}], "stream": stream, **fields}


def receive(client: httpx.Client, path: str, stream: bool = True) -> tuple[bytes, bool]:
    """The bytes of an answer, and whether HTTP calls them complete."""
    got = b""
    with client.stream("POST", path, json=body(stream)) as response:
        assert response.status_code == 200
        try:
            for data in response.iter_raw():
                got += data
        except CUT_OFF:
            return got, False
    return got, True


def records(raw: bytes, path: str) -> list[dict[str, Any]]:
    """The JSON of every line; [DONE] and comments left out."""
    lines = [line.removeprefix(b"data: ") for line in raw.split(b"\n") if line and not line.startswith(b":")]
    if path == OPENAI:
        assert all(line.startswith((b"data: ", b":")) for line in raw.split(b"\n\n") if line)
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def pieces(raw: bytes, path: str) -> list[str]:
    """The texts of a stream, in order, without the empty ones."""
    found = records(raw, path)
    texts = [
        each["choices"][0]["delta"].get("content") if path == OPENAI else each["message"]["content"]
        for each in found
    ]
    return [text for text in texts if text]


def whole_text(raw: bytes, path: str) -> str:
    record = json.loads(raw)
    message = record["choices"][0]["message"] if path == OPENAI else record["message"]
    return str(message["content"])


def text_of(raw: bytes, path: str, stream: bool) -> str:
    return "".join(pieces(raw, path)) if stream else whole_text(raw, path)


@FORMS
def test_a_good_answer_brings_the_reply(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    raw, complete = receive(client, path, stream)
    assert complete
    assert text_of(raw, path, stream) == REPLY
    assert stub.requests[0].path == path
    assert stub.requests[0].body == body(stream)
    assert stub.requests[0].headers["content-type"] == "application/json"


def test_a_stream_of_openai_has_a_role_pieces_a_reason_and_done(client: httpx.Client) -> None:
    response = client.post(OPENAI, json=body())
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.content.endswith(b"data: [DONE]\n\n")
    choices = [record["choices"][0] for record in records(response.content, OPENAI)]
    assert choices[0]["delta"] == {"content": "", "role": "assistant"}
    assert all(choice["delta"].keys() == {"content"} for choice in choices[1:-1])
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]


def test_a_stream_of_ollama_ends_with_done_and_counts(client: httpx.Client) -> None:
    response = client.post(OLLAMA, json=body())
    assert response.headers["content-type"] == "application/x-ndjson"
    *lines, last = records(response.content, OLLAMA)
    assert not any(line["done"] for line in lines)
    assert last["done"] and last["done_reason"] == "stop"
    assert last["eval_count"] == len(pieces(response.content, OLLAMA))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (OPENAI, {"max_tokens": 4}),
        (OPENAI, {"max_completion_tokens": 4}),
        (OLLAMA, {"options": {"num_predict": 4}}),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_ends_at_the_length_that_was_asked_for(
    client: httpx.Client, path: str, fields: dict[str, Any], stream: bool
) -> None:
    raw = client.post(path, json=body(stream, **fields)).content
    assert text_of(raw, path, stream) == "".join(list(cut(REPLY))[:4])
    assert (b'"finish_reason":"length"' if path == OPENAI else b'"done_reason":"length"') in raw


def test_usage_comes_where_it_was_asked_for(client: httpx.Client) -> None:
    asked = client.post(OPENAI, json=body(stream_options={"include_usage": True})).content
    assert records(asked, OPENAI)[-1]["usage"]["completion_tokens"] == len(pieces(asked, OPENAI))
    assert b"usage" not in client.post(OPENAI, json=body()).content


def test_pieces_are_short_and_none_is_a_whole_word() -> None:
    draw = random.Random(7)
    words = ["수", "다", "시장", "도서관", "한빛마을은", "10시까지"]
    for _ in range(300):
        text = draw.choice(["", " "]) + " ".join(draw.choices(words, k=draw.randint(2, 12)))
        found = list(cut(text))
        assert "".join(found) == text
        assert {len(piece) for piece in found} <= {1, 2, 3}
        edges = itertools.accumulate(map(len, found), initial=0)
        spans = set(itertools.pairwise(edges))
        assert spans & {match.span() for match in re.finditer(r"\S+", text)} == set()


def test_the_reply_may_be_made_from_the_request(stub: Stub, client: httpx.Client) -> None:
    stub.reply = lambda asked: f"{asked['model']}입니다."
    assert text_of(receive(client, OPENAI)[0], OPENAI, True) == "stub입니다."


def test_models_are_listed(stub: Stub, client: httpx.Client) -> None:
    stub.models = ["하나", "둘:latest"]
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == stub.models
    assert [model["name"] for model in client.get("/api/tags").json()["models"]] == stub.models
    assert client.post("/api/show", json={"model": "둘"}).json()["capabilities"] == ["completion"]
    assert "version" in client.get("/api/version").json()


@pytest.mark.parametrize("path", [OLLAMA, "/api/show"])
def test_ollama_has_no_other_model_than_its_own(client: httpx.Client, path: str) -> None:
    response = client.post(path, json=body(model="다른것"))
    assert response.status_code == 404
    assert response.json() == {"error": "model '다른것' not found"}


def test_modes_are_used_up_before_the_mode_and_by_chats_only(stub: Stub, client: httpx.Client) -> None:
    stub.modes = ["429", "503"]
    assert client.get("/v1/models").status_code == 200
    assert [client.post(OPENAI, json=body()).status_code for _ in range(3)] == [429, 503, 200]
    assert stub.modes == []


def test_a_connection_serves_one_request_after_the_other(stub: Stub, client: httpx.Client) -> None:
    for path in (OPENAI, OLLAMA, "/v1/models", OPENAI):
        client.request("GET" if path == "/v1/models" else "POST", path, json=body())
    assert (stub.connections, len(stub.requests), stub.aborted) == (1, 4, [])


@pytest.mark.parametrize("status", list(ERRORS))
@BOTH
def test_errors_come_in_the_style_of_the_protocol(
    stub: Stub, client: httpx.Client, path: str, status: int
) -> None:
    stub.mode = str(status)
    stub.retry_after = "7"
    response = client.post(path, json=body(), headers={"authorization": "Bearer sk-1"})
    error = response.json()["error"]
    said = error["message"] if path == OPENAI else error
    assert response.status_code == status
    assert isinstance(said, str) and said
    assert response.headers.get("retry-after") == ("7" if status in (429, 503) else None)


@BOTH
def test_the_401_repeats_the_key(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "401"
    response = client.post(path, json=body(), headers={"authorization": "Bearer sk-canary-1"})
    assert "sk-canary-1" in response.text
    assert stub.requests[0].headers["authorization"] == "Bearer sk-canary-1"


@BOTH
def test_a_chat_without_messages_is_a_bad_request(client: httpx.Client, path: str) -> None:
    assert client.post(path, content=b"[1").status_code == 400


@pytest.mark.parametrize("path", [OPENAI, OLLAMA, "/v1/models"])
def test_a_redirect_leads_elsewhere_where_nothing_is(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "redirect"
    response = client.post(path, json=body())
    assert (response.status_code, response.headers["location"]) == (302, "/elsewhere")
    assert client.get("/elsewhere").status_code == 404


@BOTH
def test_html_is_a_page(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "html"
    response = client.post(path, json=body())
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert response.text.startswith("<!doctype html>")


@FORMS
def test_headers_come_before_a_slow_first_piece(
    stub: Stub, client: httpx.Client, path: str, stream: bool
) -> None:
    stub.mode = "slow_first"
    start = time.monotonic()
    with client.stream("POST", path, json=body(stream)) as response:
        headers = time.monotonic()
        raw = response.read()
    assert time.monotonic() - start >= 0.2
    assert time.monotonic() - headers >= 0.1
    assert text_of(raw, path, stream) == REPLY


@FORMS
def test_first_delays_the_first_piece(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.first = 0.15
    start = time.monotonic()
    receive(client, path, stream)
    assert 0.15 <= time.monotonic() - start < 2


@BOTH
def test_rate_is_in_pieces_a_second(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.rate = 100
    number = len(list(cut(REPLY)))
    start = time.monotonic()
    receive(client, path)
    assert (number - 1) / 100 <= time.monotonic() - start < number / 100 + 2


@BOTH
def test_a_stall_comes_after_ten_pieces_and_keeps_the_connection(
    stub: Stub, client: httpx.Client, path: str
) -> None:
    stub.mode, stub.stall = "stall", 30
    got = b""
    with (
        pytest.raises(httpx.ReadTimeout),
        client.stream("POST", path, json=body(), timeout=0.3) as response,
    ):
        for data in response.iter_raw():
            got += data
    assert pieces(got, path) == list(cut(REPLY))[:10]
    stub.wait()
    assert len(stub.aborted) == 1


@FORMS
def test_a_stall_ends(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "stall"
    raw, complete = receive(client, path, stream)
    assert complete
    assert text_of(raw, path, stream) == REPLY


@FORMS
def test_keepalive_says_nothing_for_a_while(
    stub: Stub, client: httpx.Client, path: str, stream: bool
) -> None:
    stub.mode = "keepalive"
    raw, _ = receive(client, path, stream)
    assert text_of(raw, path, stream) == REPLY
    if stream and path == OPENAI:
        assert raw.startswith(b": ping\n\ndata: ")
    if not stream:
        assert raw.startswith(b"\n\n")


@FORMS
def test_an_empty_answer_ends_properly(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "empty"
    raw, complete = receive(client, path, stream)
    assert complete
    assert text_of(raw, path, stream) == ""
    assert b'"stop"' in raw


@FORMS
def test_bad_json_does_not_parse(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "bad_json"
    raw, complete = receive(client, path, stream)
    assert complete
    with pytest.raises(json.JSONDecodeError):
        records(raw, path) if stream else json.loads(raw)


@FORMS
def test_the_field_of_the_text_is_missing(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "missing_choices"
    raw, _ = receive(client, path, stream)
    field = "choices" if path == OPENAI else "message"
    assert sum(field not in record for record in (records(raw, path) if stream else [json.loads(raw)])) == 1


@FORMS
def test_types_are_wrong(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "wrong_types"
    raw, _ = receive(client, path, stream)
    assert b'"content":7' in raw
    found = records(raw, path) if stream else []
    wrong = [each for each in found if not isinstance(each.get("choices", []), list)]
    wrong += [each for each in found if not isinstance(each.get("message", {}), dict)]
    assert len(wrong) == int(stream)


@FORMS
def test_a_long_line_is_ten_megabytes(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "long_line"
    raw, complete = receive(client, path, stream)
    assert complete
    assert max(map(len, raw.split(b"\n"))) >= LONG_BYTES - 3


@FORMS
def test_bytes_are_no_utf8(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "bad_utf8"
    raw, _ = receive(client, path, stream)
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    assert "가\ufffd" in raw.decode(errors="replace")


@FORMS
def test_numbers_are_not_numbers(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "nan"
    raw, _ = receive(client, path, stream)
    assert b":NaN" in raw
    assert "가나" in text_of(raw, path, stream)


@pytest.mark.parametrize("mode", GARBAGE)
@BOTH
def test_garbage_stands_between_good_pieces(stub: Stub, client: httpx.Client, path: str, mode: str) -> None:
    stub.mode, stub.before = mode, 5
    raw, complete = receive(client, path)
    assert complete
    start = raw[: raw.index(dumped(list(cut(REPLY))[5]))]
    assert all(dumped(piece) in start for piece in list(cut(REPLY))[:5])
    assert raw.endswith(b"[DONE]\n\n" if path == OPENAI else b"}\n")


def dumped(text: str) -> bytes:
    return b'"content":' + json.dumps(text, ensure_ascii=False).encode()


@FORMS
def test_half_a_stream_is_cut_off_without_an_end(
    stub: Stub, client: httpx.Client, path: str, stream: bool
) -> None:
    stub.mode = "half_stream"
    raw, complete = receive(client, path, stream)
    assert not complete
    half = list(cut(REPLY))[: len(list(cut(REPLY))) // 2]
    assert (pieces(raw, path) if stream else raw.decode().rpartition('"')[2]) == (
        half if stream else "".join(half)
    )
    assert b"stop" not in raw and b"[DONE]" not in raw
    stub.wait()
    assert stub.aborted == []


@BOTH
def test_half_a_stream_looks_complete_where_the_connection_ends_the_body(
    stub: Stub, client: httpx.Client, path: str
) -> None:
    stub.mode, stub.chunked = "half_stream", False
    raw, complete = receive(client, path)
    assert complete
    assert 0 < len(pieces(raw, path)) < len(list(cut(REPLY)))
    stub.mode = "good"
    assert text_of(receive(client, path)[0], path, True) == REPLY


@FORMS
def test_half_a_syllable_is_the_last_that_comes(
    stub: Stub, client: httpx.Client, path: str, stream: bool
) -> None:
    stub.mode = "half_hangul"
    raw, complete = receive(client, path, stream)
    assert not complete
    raw[:-2].decode()
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        raw.decode()


@BOTH
def test_no_done_leaves_out_the_last_line(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "no_done"
    raw, complete = receive(client, path)
    assert complete
    assert "".join(pieces(raw, path)) == REPLY
    assert (b'"finish_reason":"stop"' in raw) == (path == OPENAI)
    assert b"[DONE]" not in raw and b'"done":true' not in raw
    receive(client, path)
    assert stub.connections == 2


@BOTH
def test_a_double_end_is_followed_by_more_text(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "double_end"
    raw, _ = receive(client, path)
    assert raw.count(b"[DONE]" if path == OPENAI else b'"done":true') == 2
    assert raw.count(b'"stop"') == 2
    assert "".join(pieces(raw, path)) == REPLY + "그리고 더"
    receive(client, path, stream=False)


@BOTH
def test_an_error_in_the_middle_ends_the_stream(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "error_mid"
    raw, complete = receive(client, path)
    assert complete
    assert "error" in records(raw, path)[-1]
    assert client.post(path, json=body(stream=False)).status_code == 500


@BOTH
def test_reset_kills_new_connections_and_old_ones(stub: Stub, client: httpx.Client, path: str) -> None:
    receive(client, path)
    stub.mode = "reset"
    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            client.post(path, json=body())
    assert stub.connections == 3
    stub.mode = "good"
    assert text_of(receive(client, path)[0], path, True) == REPLY


def test_a_reset_of_the_queue_takes_one_connection(stub: Stub) -> None:
    stub.modes = ["reset", "good"]
    with pytest.raises(httpx.TransportError):
        httpx.post(stub.url + OPENAI, json=body())
    assert httpx.post(stub.url + OPENAI, json=body()).status_code == 200
    assert stub.modes == []


@FORMS
def test_reset_mid_kills_half_a_text(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "reset_mid"
    with client.stream("POST", path, json=body(stream)) as response, pytest.raises(httpx.ReadError):
        response.read()


@pytest.mark.parametrize("path", [OPENAI, OLLAMA, "/v1/models"])
def test_hangs_never_answers(stub: Stub, client: httpx.Client, path: str) -> None:
    stub.mode = "hangs"
    with pytest.raises(httpx.ReadTimeout):
        client.post(path, json=body(), timeout=0.1)
    stub.wait()
    assert len(stub.aborted) == (path != "/v1/models")
    assert [request.path for request in stub.requests] == [path]


@FORMS
def test_endless_goes_on_until_the_client_hangs_up(
    stub: Stub, client: httpx.Client, path: str, stream: bool
) -> None:
    stub.mode = "endless"
    size = 0
    with client.stream("POST", path, json=body(stream)) as response:
        for data in response.iter_raw():
            size += len(data)
            if size > 30_000:
                assert stub.open == 1
                break
    stub.wait()
    assert len(stub.aborted) == 1


@FORMS
def test_repeats_says_what_was_asked(stub: Stub, client: httpx.Client, path: str, stream: bool) -> None:
    stub.mode = "repeats"
    assert text_of(receive(client, path, stream)[0], path, stream) == QUESTION


def test_a_message_may_be_in_parts(stub: Stub, client: httpx.Client) -> None:
    stub.mode = "repeats"
    parts = [{"type": "text", "text": "가나"}, {"type": "text", "text": "다라"}]
    raw = client.post(OPENAI, json=body(messages=[{"role": "user", "content": parts}])).content
    assert "".join(pieces(raw, OPENAI)) == "가나다라"


def test_open_and_aborted_count_thirty_clients_that_hang_up(stub: Stub) -> None:
    stub.mode, stub.stall = "stall", 60
    with httpx.Client(base_url=stub.url, timeout=10) as client, ThreadPoolExecutor(30) as pool:
        hold = threading.Event()

        def chat(_: int) -> None:
            with client.stream("POST", OPENAI, json=body()) as response:
                parts = response.iter_raw()
                next(parts)
                hold.wait(10)

        chats = [pool.submit(chat, each) for each in range(30)]
        stub.wait(open=30)
        before = time.monotonic()
        hold.set()
        for each in chats:
            each.result()
        stub.wait()
    assert len(stub.aborted) == 30
    assert max(stub.aborted) - before < 2


def test_leaving_ends_every_connection_at_once() -> None:
    start = time.monotonic()
    with httpx.Client(timeout=30) as client, ThreadPoolExecutor(4) as pool:
        with Stub(modes=["stall", "hangs", "endless", "slow_first"]) as stub:
            chats = [pool.submit(read_all, client, stub.url) for _ in range(4)]
            stub.wait(open=4)
        assert time.monotonic() - start < 3
        assert all(isinstance(each.exception(), httpx.TransportError) for each in chats)
    assert stub.aborted == []
    assert "llm-stub" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(httpx.ConnectError):
        httpx.get(stub.url)


def read_all(client: httpx.Client, url: str) -> None:
    with client.stream("POST", url + OPENAI, json=body()) as response:
        for _ in response.iter_raw():
            pass


def test_a_mode_that_does_not_exist_is_an_error_of_the_test(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="no mode 'godo'"), Stub(mode="godo") as stub:
        with pytest.raises(httpx.TransportError):
            httpx.post(stub.url + OPENAI, json=body())
        stub.wait()


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_leaves_the_stub_fit_for_the_next_request(stub: Stub, mode: str) -> None:
    stub.stall = 0.05
    patience = 0.3 if mode == "hangs" else 10
    with httpx.Client(base_url=stub.url, timeout=patience, verify=False) as client:
        for path, stream in itertools.product([OPENAI, OLLAMA], [True, False]):
            stub.modes = [mode]
            try:
                with client.stream("POST", path, json=body(stream)) as response:
                    for data in itertools.islice(response.iter_raw(), 50):
                        assert data
            except httpx.TransportError:
                assert mode in ("half_stream", "half_hangul", "reset", "reset_mid", "hangs")
        client.timeout = httpx.Timeout(10)
        for path, stream in itertools.product([OPENAI, OLLAMA], [True, False]):
            assert text_of(receive(client, path, stream)[0], path, stream) == REPLY


def test_two_hundred_chats_at_once(stub: Stub) -> None:
    stub.rate = 100
    with (
        httpx.Client(base_url=stub.url, timeout=30, limits=httpx.Limits(max_connections=200)) as client,
        ThreadPoolExecutor(40) as pool,
    ):
        got = list(pool.map(lambda _: receive(client, OPENAI), range(200)))
    assert {"".join(pieces(raw, OPENAI)) for raw, _ in got} == {REPLY}
    assert (stub.open, stub.aborted) == (0, [])


def test_the_program_prints_its_url_and_counts(tmp_path: Path) -> None:
    reply = tmp_path / "reply.txt"
    reply.write_text("다른 답입니다.\n", encoding="utf-8")
    program = Path(__file__).with_name("llm_stub.py")
    command = [sys.executable, str(program), "--port", "0", "--rate", "500", "--reply-file", str(reply)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            raw = httpx.post(url + OPENAI, json=body()).content
            counts = httpx.get(url + "/stub").json()
        finally:
            process.terminate()
    assert "".join(pieces(raw, OPENAI)) == "다른 답입니다."
    assert counts == {"connections": 2, "requests": 2, "open": 0, "aborted": 0}


def chat_model(stub: Stub) -> "ChatOpenAI":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model="stub",
        base_url=stub.url + "/v1",
        api_key=SecretStr("none"),
        max_retries=0,
        use_responses_api=False,
    )


def stream_all(stub: Stub) -> "AIMessageChunk":
    """The chunks of a chat by way of LangChain, added up."""
    first, *rest = chat_model(stub).stream(QUESTION)
    return sum(rest, start=first)


def test_langchain_streams_a_good_answer(stub: Stub) -> None:
    answer = stream_all(stub)
    assert answer.content == REPLY
    assert answer.response_metadata["finish_reason"] == "stop"
    assert chat_model(stub).invoke(QUESTION).content == REPLY
    assert stub.requests[0].headers["authorization"] == "Bearer none"
    assert stub.aborted == []


def test_langchain_hears_of_half_a_stream_where_http_tells(stub: Stub) -> None:
    import openai

    stub.mode = "half_stream"
    with pytest.raises((httpx.RemoteProtocolError, openai.APIConnectionError)):
        stream_all(stub)


def test_langchain_takes_half_a_stream_for_a_whole_where_http_does_not_tell(stub: Stub) -> None:
    stub.mode, stub.chunked = "half_stream", False
    answer = stream_all(stub)
    assert 0 < len(answer.content) < len(REPLY)
    assert answer.response_metadata.get("finish_reason") is None


def test_langchain_raises_at_a_429_with_its_header(stub: Stub) -> None:
    import openai

    stub.mode, stub.retry_after = "429", "3"
    with pytest.raises(openai.RateLimitError) as caught:
        stream_all(stub)
    assert caught.value.response.headers["retry-after"] == "3"
    assert len(stub.requests) == 1
