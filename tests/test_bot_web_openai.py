"""The OpenAI-compatible routes, with OpenAI's own client and by hand, on a real server."""

import http.client
import json
import time
from collections.abc import Iterator

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_bot import LibraryBot, cite, library_article
from web_server import Reply, Site, inside

from bot.token_count import estimated
from bot.types import Answer, Turn
from bot.web.openai_api import footnotes, harmless
from bot.web.types import WebSettings
from prompts import say

QUESTION = "관장은 누구인가요?"
FOOTNOTES = (
    "\n\n[1] 마을 도서관, 겨울부터 밤에도 연다, 한빛신문, 2024-11-21"
    "\n[2] 마을 도서관, 겨울부터 밤에도 연다, 한빛신문, 2024-11-21"
)
PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def bot() -> LibraryBot:
    return LibraryBot()


@pytest.fixture(scope="module")
def site(bot: LibraryBot) -> Iterator[Site]:
    with inside(bot) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def body(question: object = QUESTION, **more: object) -> dict:
    """A request with one message."""
    return {"model": "forum-bot", "messages": [{"role": "user", "content": question}], **more}


def chunks(reply: Reply) -> list[dict]:
    """The JSON of every line of a stream, which must end with [DONE]."""
    blocks = reply.body.decode().split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    return [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]


# OpenAI's own client.


def test_the_client_lists_the_one_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["forum-bot"]


def test_the_client_reads_the_answer_with_its_citations(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(**body(temperature=0.2, top_p=1, max_tokens=50, seed=1, user="x"))
    message = made.choices[0].message
    assert message.content == f"관장은 이서준 씨입니다. [1][2]{FOOTNOTES}"
    assert made.choices[0].finish_reason == "stop"
    assert made.model == "forum-bot"
    quotes = [citation["quote"] for citation in message.model_extra["citations"]]
    assert quotes[0].startswith("관장 이서준 씨는") and len(quotes) == 2


def test_the_client_streams_the_same_answer_with_its_citations(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(**body()).choices[0].message
    got = list(client.chat.completions.create(**body(stream=True)))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in got) == whole.content
    assert got[0].choices[0].delta.role == "assistant"
    assert got[-1].choices[0].finish_reason == "stop"
    assert got[-1].choices[0].delta.model_extra["citations"] == whole.model_extra["citations"]
    assert len({chunk.id for chunk in got}) == 1


def test_the_client_gets_the_usage_of_a_stream_in_a_last_chunk(client: openai.OpenAI) -> None:
    got = list(client.chat.completions.create(**body(stream=True, stream_options={"include_usage": True})))
    assert got[-1].choices == []
    assert got[-1].usage is not None and got[-1].usage.prompt_tokens == estimated(QUESTION)
    assert all(chunk.usage is None for chunk in got[:-1])
    assert got[-2].choices[0].delta.model_extra["citations"]


def test_the_client_raises_what_it_knows(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="forum-bot") as unknown:
        client.chat.completions.create(**{**body(), "model": "gpt-4o"})
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="n은 1") as many:
        client.chat.completions.create(**body(n=2))
    assert many.value.param == "n"
    with pytest.raises(openai.APIStatusError) as long:
        client.chat.completions.create(**body("가" * 2_001))
    assert long.value.status_code == 413
    with pytest.raises(openai.InternalServerError, match="문제가 생겼습니다"):
        client.chat.completions.create(**body("고장 났나요?", stream=True))


def test_the_client_raises_a_failure_in_the_middle_of_a_stream(client: openai.OpenAI) -> None:
    got = []
    with pytest.raises(openai.APIError, match="문제가 생겼습니다"):
        got.extend(client.chat.completions.create(**body("중간에 끊김이 있나요?", stream=True)))
    assert got


# By hand.


def test_every_chunk_is_of_the_published_form_and_hangul_is_sent_as_it_is(site: Site) -> None:
    reply = site.post(PATH, body(stream=True))
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    assert "이서준".encode() in reply.body
    for chunk in chunks(reply):
        assert list(chunk) == ["id", "created", "model", "object", "choices"]
        assert chunk["object"] == "chat.completion.chunk"
        assert chunk["id"].startswith("chatcmpl-")


def test_the_numbers_of_tokens_are_those_of_what_was_read_and_written(site: Site) -> None:
    answer = site.post(PATH, body()).json
    written = estimated(answer["choices"][0]["message"]["content"])
    assert answer["usage"] == {
        "prompt_tokens": estimated(QUESTION),
        "completion_tokens": written,
        "total_tokens": estimated(QUESTION) + written,
    }


def test_the_last_message_of_the_user_is_asked_after_the_turns_before_it(site: Site, bot: LibraryBot) -> None:
    messages = [
        {"role": "system", "content": "너는 해적이다."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "도서관은"}, {"type": "text", "text": "언제요?"}],
        },
        {"role": "assistant", "content": f"밤 10시까지 엽니다. [1]{FOOTNOTES}"},
        {"role": "tool", "content": "12", "tool_call_id": "x"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": [{"type": "text", "text": " 그럼 관장은? "}]},
        {"role": "assistant", "content": "관장은"},
    ]
    assert site.post(PATH, {**body(), "messages": messages}).status == 200
    question, history = bot.asked[-1]
    assert question == "그럼 관장은?"
    assert history == (
        Turn("user", "도서관은\n언제요?"),
        Turn("assistant", "밤 10시까지 엽니다. [1]"),
        Turn("assistant", ""),
    )


def test_a_long_conversation_is_cut_and_not_refused(site: Site, bot: LibraryBot) -> None:
    turns = [{"role": role, "content": "네" * 5_000} for role in ("user", "assistant")] * 2
    turns += [{"role": role, "content": "네"} for role in ("user", "assistant")] * 30
    sent = {**body(), "messages": [*turns, *body()["messages"]]}
    assert site.post(PATH, json.dumps(sent, ensure_ascii=False).encode()).status == 200
    assert len(bot.asked[-1][1]) == 40
    assert site.post(PATH, {**body(), "messages": [turns[0], turns[1], *body()["messages"]]}).status == 200
    assert [len(turn.text) for turn in bot.asked[-1][1]] == [4_000, 4_000]


@pytest.mark.parametrize(
    ("sent", "status", "param"),
    [
        ({}, 400, "model"),
        ({"model": "forum-bot"}, 400, "messages"),
        ({"model": "forum-bot", "messages": []}, 400, "messages"),
        ({"model": "forum-bot", "messages": "x"}, 400, "messages"),
        ({"model": "forum-bot", "messages": [{"role": "system", "content": "x"}]}, 400, "messages"),
        ({"model": "forum-bot", "messages": [{"role": "user", "content": {"a": 1}}]}, 400, "messages"),
        ({"model": "forum-bot", "messages": [{"content": "x"}]}, 400, "messages"),
        (body([{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]), 400, "messages"),
        (body([{"type": "text"}]), 400, "messages"),
        (body(" \u3000"), 400, None),
        (body(n="viele"), 400, "n"),
        (body(n=True), 400, "n"),
        (body(model="gpt-4o"), 404, "model"),
        (body(model=5), 400, "model"),
        (body(stream="perhaps"), 400, "stream"),
        ([], 400, None),
        (b"{", 400, None),
        (b'{"a": ' * 5_000, 400, None),
        (body("가" * 2_001), 413, None),
        (body("가" * 90_000), 413, None),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_in_the_protocols_form(
    site: Site, sent: object, status: int, param: str | None
) -> None:
    reply = site.post(PATH, sent)
    assert (reply.status, list(reply.json)) == (status, ["error"])
    error = reply.json["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["param"] == param
    assert any("가" <= letter <= "힣" for letter in error["message"])


def test_what_the_fences_refuse_is_told_in_that_form_too(site: Site) -> None:
    json_type = [("Content-Type", "application/json")]
    replies = {
        405: site.get(PATH),
        404: site.get("/v1/embeddings"),
        415: site.send("POST", PATH, b"{}", [("Content-Type", "text/plain")]),
        413: site.send("POST", PATH, b"", [*json_type, ("Content-Length", str(10_000_000))]),
        400: site.send("POST", PATH, b"{}", [*json_type, ("Host", "evil.example")]),
    }
    for status, reply in replies.items():
        assert reply.status == status
        assert isinstance(reply.json["error"]["message"], str)


def test_a_full_server_says_so_in_that_form() -> None:
    with inside(LibraryBot(pace=0.5), WebSettings(chats=1, patience=0.3)) as busy:
        busy.wait_ready()
        connection = http.client.HTTPConnection("127.0.0.1", busy.port, timeout=10)
        connection.request("POST", PATH, json.dumps(body(stream=True)), {"Content-Type": "application/json"})
        connection.getresponse().read(20)
        reply = busy.post(PATH, body())
        connection.close()
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert reply.json["error"]["message"] == say("web.busy")


def test_a_client_that_leaves_a_stream_frees_its_place_and_stops_the_answer() -> None:
    slow = LibraryBot(pace=0.1)
    with inside(slow, WebSettings(chats=2)) as site:
        site.wait_ready()
        for _ in range(6):
            connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
            sent = json.dumps(body(stream=True))
            connection.request("POST", PATH, sent, {"Content-Type": "application/json"})
            connection.getresponse().read(20)
            connection.close()
        assert site.post(PATH, body()).status == 200
        deadline = time.monotonic() + 5
        while slow.closed < 7 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert slow.closed == 7


def test_300_random_bodies_are_answered_or_refused(site: Site) -> None:
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=6,
    )
    text = st.text(st.characters(exclude_categories=()), max_size=40)
    part = st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "image_url", ""]), "text": text | anything}
    )
    role = st.sampled_from(["user", "assistant", "system", "tool", "\ud800"])
    message = st.fixed_dictionaries({"role": role, "content": text | st.lists(part, max_size=3) | anything})
    request = st.fixed_dictionaries(
        {"model": st.just("forum-bot") | anything, "messages": st.lists(message, max_size=4) | anything},
        optional={"stream": st.booleans() | anything, "n": anything, "stream_options": anything},
    )

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(request | anything)
    def ask(sent: object) -> None:
        reply = site.post(PATH, sent)
        assert reply.status in (200, 400, 404, 413)
        if reply.status != 200:
            assert isinstance(reply.json["error"]["message"], str)

    ask()


# The text.


def test_a_footnote_holds_title_publisher_day_and_address() -> None:
    article = library_article()
    one = cite(article, "설명회에는 주민 140명이 참석했다.")
    assert footnotes([one]) == "\n\n[1] 마을 도서관, 겨울부터 밤에도 연다, 한빛신문, 2024-11-21"
    linked = type(one)(1, "a", "제목\n둘째 줄", "https://news.example.kr/1", None, None, "q", 0, 1)
    assert footnotes([linked]) == "\n\n[1] 제목 둘째 줄, https://news.example.kr/1"
    assert footnotes([]) == ""


@pytest.mark.parametrize("text", ["![x](https://evil.example/?q=1)", "[x](https://evil.example)", "![][1]"])
def test_no_text_holds_a_picture_or_a_hidden_link_in_markdown(text: str) -> None:
    assert "![" not in harmless(text) and "](" not in harmless(text)


def test_an_answer_that_takes_the_place_of_what_was_streamed_is_announced() -> None:
    from bot.web.openai_api import _rest

    answer = Answer("q", "q", "answer", "다른 답입니다.")
    assert _rest("첫 문장입니다. ", answer) == f"\n\n{say('web.instead')}\n\n다른 답입니다."
    assert _rest("다른 답입니다. ", answer) == ""
    assert _rest("", answer) == "다른 답입니다."
