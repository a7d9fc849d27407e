"""A real transformers model in this process: what it says, how it ends, and what is told where it cannot be.

The figures are printed: `pytest tests/test_bot_llm_local.py -s -k figures`.
"""

import asyncio
import random
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import tiny_chat
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from posts import command

from bot.bot import Bot
from bot.doctor import examine
from bot.llm.calls import Model
from bot.llm.factory import open_model
from bot.llm.failures import ModelError
from bot.llm.local import LocalChat
from bot.settings import BotSettings
from bot.types import Answer, Status
from prompts import UserError, say
from vectorstore.errors import EncoderError
from vectorstore.torch_models import in_plain_words

TOKENS = 40
LONG = 4_000  # tokens: many seconds
SOON = 1.0  # second in which a generation that nobody wants must end
TICK, MOST_GAP = 0.01, 0.5  # seconds
GPU_TOKENS = 128
SIZES = (range(8, 15), range(1, 4))  # characters of stop strings
QUESTIONS = (
    "축사는 누가 했나요?", "토론회는 언제 열렸나요?", "광주시의회는 무엇을 하나요?", "시장은 몇 시에 여나요?",
    "회비는 얼마인가요?", "공사는 언제 끝나나요?",
)  # fmt: skip
EXIT = f"""
import sys, threading
from bot.llm.local import LocalChat
stream = LocalChat.open(sys.argv[1], "cpu", 1, {LONG}).stream(sys.argv[2])
next(stream)
print(sum(thread.name == "forum-bot-generate" for thread in threading.enumerate()))
"""
BROKEN = "\N{REPLACEMENT CHARACTER}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_chat.build(tmp_path_factory.mktemp("chat") / "tiny")


@pytest.fixture(scope="module")
def chat(folder: Path) -> Iterator[LocalChat]:
    """The tiny model as the bot opens it, on the CPU with one thread."""
    import torch

    before = torch.get_num_threads()
    yield LocalChat.open(str(folder), "cpu", 1, TOKENS)
    torch.set_num_threads(before)


@pytest.fixture
def model(folder: Path, chat: LocalChat) -> Iterator[Model]:
    """The same through the settings. `chat` is asked for so that the threads are put back."""
    settings = BotSettings(llm=f"local:{folder}", llm_tokens=60, device="cpu", threads=1)
    with closing(open_model(settings)) as opened:
        yield opened


def asked(question: str) -> list[BaseMessage]:
    return [SystemMessage(say("llm.no_answer")), HumanMessage(question)]


def limited(chat: LocalChat, tokens: int) -> LocalChat:
    """The same model with another limit."""
    return chat.model_copy(update={"max_tokens": tokens})


def streamed(chat: LocalChat, question: str, stop: list[str] | None = None) -> list[AIMessageChunk]:
    return list(cast(Iterator[AIMessageChunk], chat.stream(asked(question), stop=stop)))


def flowing(chat: LocalChat, alone: bool = False) -> str:
    """A question whose answer comes in pieces soon; the random model may write without a space for long."""
    many = limited(chat, TOKENS)
    return next(
        question
        for question in QUESTIONS
        if len(list(many.stream([HumanMessage(question)] if alone else asked(question)))) > 3
    )


def joined(chunks: Sequence[AIMessageChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def reason(chunks: Sequence[AIMessageChunk]) -> str:
    """The one reason why a stream ended."""
    (found,) = [meta["finish_reason"] for chunk in chunks if (meta := chunk.response_metadata)]
    return str(found)


async def gathered(chat: LocalChat, question: str, stop: list[str] | None = None) -> list[AIMessageChunk]:
    return [cast(AIMessageChunk, chunk) async for chunk in chat.astream(asked(question), stop=stop)]


def reference(chat: LocalChat, question: str, tokens: int = TOKENS) -> list[int]:
    """The tokens that transformers itself writes for the prompt, without ours around it."""
    import torch

    told = [
        {"role": "system", "content": say("llm.no_answer")},
        {"role": "user", "content": question},
    ]
    inputs = chat._tokenizer.apply_chat_template(
        told, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).to(chat.device)
    with torch.inference_mode():
        ids = chat._model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    new: list[int] = ids[0, inputs["input_ids"].shape[1] :].tolist()
    return new


def decoded(chat: LocalChat, ids: Sequence[int]) -> str:
    text: str = chat._tokenizer.decode(ids, skip_special_tokens=True)
    return text


def whole(text: str) -> str:
    """A text without what is no letter."""
    return text.replace(BROKEN, "")


def generating() -> int:
    return sum(thread.name == "forum-bot-generate" for thread in threading.enumerate())


def ended(seconds: float = SOON) -> bool:
    """Whether every generation ends within so many seconds."""
    until = time.monotonic() + seconds
    while generating() and time.monotonic() < until:
        time.sleep(0.005)
    return generating() == 0


def test_every_way_of_asking_gives_what_transformers_writes_and_no_prompt(chat: LocalChat) -> None:
    for question in QUESTIONS[:3]:
        text = whole(decoded(chat, reference(chat, question)))
        assert text
        assert chat.invoke(asked(question)).text == text
        assert joined(streamed(chat, question)) == text
        assert asyncio.run(chat.ainvoke(asked(question))).text == text
        assert joined(asyncio.run(gathered(chat, question))) == text


def test_a_stream_comes_in_pieces_before_its_end(chat: LocalChat) -> None:
    question = asked(flowing(chat))
    with closing(cast(Generator[AIMessageChunk], limited(chat, LONG).stream(question))) as pieces:
        began = time.monotonic()
        assert next(pieces).text
        assert time.monotonic() - began < SOON


def test_the_likeliest_token_is_always_the_same_and_a_temperature_varies(chat: LocalChat) -> None:
    assert len({chat.invoke(asked(QUESTIONS[0])).text for _ in range(3)}) == 1
    warm = chat.model_copy(update={"temperature": 3.0})
    assert len({warm.invoke(asked(QUESTIONS[0])).text for _ in range(3)}) == 3


@pytest.mark.parametrize("tokens", [1, 2, 7, 23])
def test_no_more_tokens_than_allowed_are_written(chat: LocalChat, tokens: int) -> None:
    reply = limited(chat, tokens).invoke(asked(QUESTIONS[1]))
    assert reply.text == whole(decoded(chat, reference(chat, QUESTIONS[1], tokens)))
    assert reply.response_metadata["finish_reason"] == "length"


def test_a_token_that_ends_the_answer_ends_it_with_the_reason_stop(
    chat: LocalChat, folder: Path, tmp_path: Path
) -> None:
    question, ids, place = next(
        (question, ids, place)
        for question in QUESTIONS
        for ids in [reference(chat, question)]
        for place in range(8, TOKENS)
        if ids[place] not in ids[:place]
    )
    other = LocalChat.open(
        str(tiny_chat.ending_with(folder, tmp_path / "ends", ids[place])), "cpu", 1, TOKENS
    )
    for limit in (TOKENS, place + 1):
        chunks = streamed(limited(other, limit), question)
        # Special tokens are not shown; this one is a word that ends the answer.
        assert joined(chunks) == whole(decoded(chat, ids[: place + 1]))
        assert reason(chunks) == "stop"
        assert asyncio.run(gathered(limited(other, limit), question))[-2].response_metadata == {
            "finish_reason": "stop"
        }
    assert reason(streamed(limited(other, place), question)) == "length"


def stops(chat: LocalChat, count: int) -> list[tuple[str, str, str]]:
    """Questions, their whole answers and parts of these, of which every second spans several tokens."""
    chosen = random.Random(5)
    found = []
    for number in range(count):
        question = QUESTIONS[number % len(QUESTIONS)]
        ids = reference(chat, question)
        text = whole(decoded(chat, ids))
        parts = [
            text[start : start + size] for size in SIZES[number % 2] for start in range(1, len(text) - size)
        ]
        words = [decoded(chat, [token]) for token in ids]
        spread = [part for part in parts if not any(part in word for word in words)]
        found.append((question, text, chosen.choice(parts if number % 2 else spread)))
    return found


def test_stop_strings_end_the_answer_and_are_never_seen(chat: LocalChat) -> None:
    for question, text, stop in stops(chat, 8):
        expected = text[: text.index(stop)]
        chunks = streamed(chat, question, [stop])
        assert (joined(chunks), reason(chunks)) == (expected, "stop"), stop
        reply = chat.invoke(asked(question), stop=[stop, "결코 나오지 않는 말"])
        assert (reply.text, reply.response_metadata) == (expected, {"finish_reason": "stop"}), stop
        assert joined(asyncio.run(gathered(chat, question, [stop]))) == expected, stop


def test_the_first_of_several_stop_strings_counts(chat: LocalChat) -> None:
    (question, text, _), *_ = stops(chat, 1)
    parts = [text[place : place + 4] for place in (len(text) // 2, len(text) // 4, len(text) // 3)]
    assert joined(streamed(chat, question, parts)) == text[: min(map(text.index, parts))]


def test_a_stop_string_that_is_only_begun_takes_nothing_away(chat: LocalChat) -> None:
    for question, text, stop in stops(chat, 4):
        chunks = streamed(chat, question, [stop + "☃", text[-3:] + "☃"])
        assert (joined(chunks), reason(chunks)) == (text, "length")


def test_a_stop_string_ends_the_work_too(chat: LocalChat) -> None:
    question = flowing(chat)
    first, *_ = streamed(chat, question)
    began = time.monotonic()
    reply = limited(chat, LONG).invoke(asked(question), stop=[first.text])
    assert (reply.text, time.monotonic() - began < SOON) == ("", True)
    assert ended()


def test_half_a_letter_or_bytes_that_are_none_are_left_out(chat: LocalChat) -> None:
    raw = [decoded(chat, reference(chat, question, tokens)) for question in QUESTIONS for tokens in (5, 6, 7)]
    said = [limited(chat, tokens).invoke(asked(q)).text for q in QUESTIONS for tokens in (5, 6, 7)]
    assert any(BROKEN in text for text in raw)
    assert said == [whole(text) for text in raw]


def test_closing_a_stream_ends_its_thread(chat: LocalChat) -> None:
    pieces = cast(Generator[AIMessageChunk], limited(chat, LONG).stream(asked(flowing(chat))))
    next(pieces)
    assert generating() == 1
    pieces.close()
    assert ended()


def test_closing_an_async_stream_ends_its_thread(chat: LocalChat) -> None:
    question = asked(flowing(chat))

    async def left() -> bool:
        stream = limited(chat, LONG).astream(question)
        async with aclosing(cast(AsyncGenerator[AIMessageChunk], stream)) as pieces:
            await anext(pieces)
            assert generating() == 1
        return await asyncio.to_thread(ended)

    assert asyncio.run(left())


def test_a_stream_that_is_dropped_unclosed_ends_its_thread(chat: LocalChat) -> None:
    question = asked(flowing(chat))

    async def left() -> bool:
        async for _ in limited(chat, LONG).astream(question):
            break
        return await asyncio.to_thread(ended)

    for _ in limited(chat, LONG).stream(question):
        break
    assert ended()
    assert asyncio.run(left())


@pytest.mark.parametrize("wait", [0.0, 0.3])
def test_cancelling_a_waiting_task_ends_its_thread(chat: LocalChat, wait: float) -> None:
    async def cancelled() -> bool:
        task = asyncio.create_task(limited(chat, LONG).ainvoke(asked(QUESTIONS[0])))
        await asyncio.sleep(wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(ended)

    assert asyncio.run(cancelled())


def test_an_event_loop_that_is_gone_before_the_thread_is_no_error(chat: LocalChat) -> None:
    async def started() -> None:
        async with asyncio.timeout(0.2):
            await limited(chat, LONG).ainvoke(asked(QUESTIONS[0]))

    for _ in range(3):  # a thread that raised would be a warning of pytest, hence an error
        with pytest.raises(TimeoutError):
            asyncio.run(started())
    assert ended()


async def ticking(work: Coroutine[Any, Any, Any]) -> tuple[Any, float]:
    """What the work gives, and the longest time in which a ticker beside it could not tick."""
    gap, last, done = 0.0, time.monotonic(), asyncio.Event()

    async def tick() -> None:
        nonlocal gap, last
        while not done.is_set():
            await asyncio.sleep(TICK)
            now = time.monotonic()
            gap, last = max(gap, now - last), now

    ticker = asyncio.create_task(tick())
    result = await work
    done.set()
    await ticker
    return result, gap


async def at_once(chat: LocalChat, questions: Sequence[str]) -> list[str]:
    replies = await asyncio.gather(*(chat.ainvoke(asked(question)) for question in questions))
    return [reply.text for reply in replies]


def test_four_at_once_say_what_they_say_one_by_one_and_the_loop_lives(chat: LocalChat) -> None:
    alone = [chat.invoke(asked(question)).text for question in QUESTIONS[:4]]
    runs = [asyncio.run(ticking(at_once(chat, QUESTIONS[:4]))) for _ in range(2)]
    assert [together for together, _ in runs] == [alone, alone]
    assert min(gap for _, gap in runs) < MOST_GAP  # of two: other programs take the cores too
    assert len(set(alone)) == 4


def test_tokens_may_be_counted_while_it_writes(chat: LocalChat) -> None:
    counts: list[int] = []
    counting = threading.Thread(
        target=lambda: counts.extend(chat.get_num_tokens(question * 9) for question in QUESTIONS * 50)
    )
    counting.start()
    texts = [chat.invoke(asked(QUESTIONS[0])).text for _ in range(3)]
    counting.join()
    assert (len(set(texts)), len(counts), min(counts) > 9) == (1, 300, True)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, chat: LocalChat) -> LocalChat:
    """A model that fails after ten tokens of its answer to the first question."""
    room = len(reference_prompt(chat)) + 10
    built = tiny_chat.build_short(tmp_path_factory.mktemp("short") / "model", room)
    return LocalChat.open(str(built), "cpu", 1, TOKENS)


def reference_prompt(chat: LocalChat) -> list[int]:
    told = [{"role": "system", "content": say("llm.no_answer")}, {"role": "user", "content": QUESTIONS[0]}]
    ids: list[int] = chat._tokenizer.apply_chat_template(told, add_generation_prompt=True)["input_ids"]
    return ids


def test_an_error_inside_the_generation_reaches_whoever_asked(short: LocalChat) -> None:
    ways: list[Callable[[], Any]] = [
        lambda: short.invoke(asked(QUESTIONS[0])),
        lambda: streamed(short, QUESTIONS[0]),
        lambda: asyncio.run(short.ainvoke(asked(QUESTIONS[0]))),
        lambda: asyncio.run(gathered(short, QUESTIONS[0])),
    ]
    for way in ways:
        with pytest.raises(IndexError):
            way()
    assert limited(short, 5).invoke(asked(QUESTIONS[0])).response_metadata == {"finish_reason": "length"}
    assert ended()


def test_an_error_inside_the_generation_is_a_reason_for_the_bot(short: LocalChat) -> None:
    settings = BotSettings(llm=f"local:{short.name_or_folder}", llm_tokens=60, device="cpu", threads=1)
    with closing(open_model(settings)) as model, pytest.raises(ModelError) as caught:
        list(model.write(asked(QUESTIONS[0])))
    assert caught.value.kind == "garbage"


def test_a_template_without_system_messages_gets_the_rules_before_the_question(
    chat: LocalChat, folder: Path, tmp_path: Path
) -> None:
    other = LocalChat.open(str(tiny_chat.without_system(folder, tmp_path / "plain")), "cpu", 1, TOKENS)
    question = f"{say('llm.no_answer')}\n\n{QUESTIONS[0]}"
    assert other.invoke(asked(QUESTIONS[0])).text == chat.invoke([HumanMessage(question)]).text


def test_through_the_settings_it_writes_the_same(model: Model, chat: LocalChat) -> None:
    model.ask_a_word()
    for question in QUESTIONS[:2]:
        text = limited(chat, 60).invoke(asked(question)).text
        assert "".join(map(str, model.write(asked(question)))) == text
        assert model.short(asked(question), 30) == text
    assert model.count(QUESTIONS[0]) == chat.get_num_tokens(QUESTIONS[0])


def test_a_reader_who_leaves_ends_the_work(folder: Path, chat: LocalChat) -> None:
    settings = BotSettings(llm=f"local:{folder}", llm_tokens=LONG, device="cpu", threads=1)
    question = asked(flowing(chat))
    with closing(open_model(settings)) as model:
        with closing(model.write(question)) as pieces:
            next(pieces)
            assert generating() == 1
        assert ended()
        gone = time.monotonic() + 0.4
        list(model.write(question, lambda: time.monotonic() > gone))
        assert ended()
        with pytest.raises(ModelError, match=say("llm.why_slow_start")):
            model.short(question, 0.3)
        assert ended()
        writing = model.write(question)
        next(writing)
    assert ended()


def test_a_process_that_exits_while_it_writes_exits_in_peace(folder: Path, chat: LocalChat) -> None:
    done = command("-c", EXIT, str(folder), flowing(chat, alone=True))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "1\n")


def one_line(error: UserError) -> str:
    """Its text: one line of Korean."""
    (line,) = str(error).splitlines()
    assert any("가" <= letter <= "힣" for letter in line)
    return line


@pytest.mark.parametrize(
    ("variant", "way_out"),
    [
        (tiny_chat.without_template, "Instruct나 it가 붙은 모델을 지정해 주세요"),
        (tiny_chat.pickled, "safetensors로 저장한 모델을 지정해 주세요"),
        (tiny_chat.with_needed_code, "그런 코드가 없는 모델을 지정해 주세요"),
        (tiny_chat.quantised, '`pip install "accelerate"` 명령으로 설치해 주세요'),
        (tiny_chat.broken, "모델을 다시 받아 주세요"),
    ],
)
def test_a_model_that_cannot_be_opened_is_one_korean_line_with_the_way_out(
    variant: Callable[[Path, Path], Path], way_out: str, folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bad = variant(folder, tmp_path / "bad")
    with pytest.raises(UserError) as opened:
        LocalChat.open(str(bad), "cpu")
    assert way_out in one_line(opened.value)
    assert str(bad) in str(opened.value)
    with pytest.raises(UserError) as built:
        open_model(BotSettings(llm=f"local:{bad}"))
    assert str(built.value) == str(opened.value)
    monkeypatch.setenv("FORUM_BOT_LLM", f"local:{bad}")
    finding = next(each for each in examine(tmp_path / "store") if each.name == say("cli.doctor_model"))
    assert (finding.good, finding.value) == (False, str(opened.value))
    assert not (bad / tiny_chat.RAN).exists()


def test_code_beside_a_model_that_needs_none_is_not_run(
    folder: Path, tmp_path: Path, chat: LocalChat
) -> None:
    beside = tiny_chat.with_code(folder, tmp_path / "code")
    opened = LocalChat.open(str(beside), "cpu", 1, TOKENS)
    assert opened.invoke(asked(QUESTIONS[0])).text == chat.invoke(asked(QUESTIONS[0])).text
    assert not (beside / tiny_chat.RAN).exists()


@pytest.mark.parametrize(
    ("error", "package"),
    [
        (
            ImportError("Using 8 bits requires accelerate: `pip install 'accelerate>=1.1.0'`"),
            "accelerate>=1.1.0",
        ),
        (ImportError("it requires that: `pip install -U bitsandbytes>=0.46.1`"), "bitsandbytes>=0.46.1"),
        (ImportError("You can install it with pip: `pip install\npeft`. Restart."), "peft"),
        (ImportError("AQLM: `pip install aqlm[gpu,cpu]`"), "aqlm[gpu,cpu]"),
        (ImportError("Please install it with: pip install sinq."), "sinq"),
        (ModuleNotFoundError("No module named 'hqq'", name="hqq"), "hqq"),
    ],
)
def test_the_package_that_a_library_misses_is_named_as_pip_takes_it(error: ImportError, package: str) -> None:
    with pytest.raises(EncoderError) as caught, in_plain_words("모델", "cpu"):
        raise error
    assert f'`pip install "{package}"`' in one_line(caught.value)


def test_a_model_cannot_have_a_package_of_its_choice_recommended(folder: Path, tmp_path: Path) -> None:
    bad = tiny_chat.quantised(folder, tmp_path / "bad", "x; requires `accelerate`: `pip install evil`")
    with pytest.raises(EncoderError) as caught:
        LocalChat.open(str(bad), "cpu")
    assert "pip install evil" not in str(caught.value)


def test_the_doctor_says_that_it_is_there(folder: Path, report_store: Path) -> None:
    done = command(
        "-m", "bot", "doctor", "--store", str(report_store), FORUM_BOT_LLM=f"local:{folder}",
        FORUM_BOT_DEVICE="cpu",
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    (line,) = [line for line in done.stdout.splitlines() if say("cli.doctor_model") in line]
    assert f"local:{folder}" in line
    assert line.endswith("초 만에 답함")


def test_the_bot_answers_from_the_article_where_the_model_writes_nonsense(
    folder: Path, report_store: Path, report_bot: Bot, chat: LocalChat
) -> None:
    settings = BotSettings(
        store=report_store, llm=f"local:{folder}", llm_tokens=60, device="cpu", threads=1, llm_first=60
    )
    bot = Bot(settings)
    question = "토론회는 언제 열렸나요?"
    events = list(bot.stream(question))
    answer, alone = events[-1], report_bot.answer(question)
    assert isinstance(answer, Answer)
    assert (answer.kind, answer.mode) == ("answer", "extractive")
    assert answer.fallback in {say(f"llm.why_{why}") for why in ("uncited", "unsupported", "empty")}
    assert Status(say("llm.fell_back", why=answer.fallback)) in events
    assert (answer.answer, answer.citations) == (alone.answer, alone.citations)
    assert answer.citations
    for citation in answer.citations:
        article = bot.article(citation.article)
        assert article is not None
        assert article.text[citation.start : citation.end] == citation.quote
    assert ended()


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model costs on a machine."""

    prompt: int
    first: float
    rate: float
    rate_of_four: float
    gap: float

    def __str__(self) -> str:
        return (
            f"{self.prompt} tokens of prompt; first token after {self.first * 1000:.0f} ms;"
            f" {self.rate:.0f} tokens/s; four at once {self.rate_of_four:.0f} tokens/s together,"
            f" longest gap of the loop {self.gap * 1000:.0f} ms"
        )


def measured(chat: LocalChat, tokens: int) -> Figures:
    """Figures for an answer of `tokens` tokens to a question with the bundled report."""
    report = (tiny_chat.ROOT / "ingest/report/forum-report.md").read_text(encoding="utf-8")[:1500]
    many = limited(chat, tokens)
    many.invoke(asked(report))  # warm
    first, reply = clocked(lambda: limited(chat, 1).invoke(asked(report)))
    took, reply = clocked(lambda: many.invoke(asked(report)))
    assert reply.response_metadata["finish_reason"] == "length"
    alone = [many.invoke(asked(report + question)).text for question in QUESTIONS[:4]]
    questions = [report + question for question in QUESTIONS[:4]]
    together, (texts, gap) = clocked(lambda: asyncio.run(ticking(at_once(many, questions))))
    assert texts == alone
    count = chat.get_num_tokens(report)
    return Figures(count, first, (tokens - 1) / (took - first), 4 * tokens / together, gap)


def clocked(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def told(chat: LocalChat, machine: str, found: Figures) -> None:
    size = f"{chat._model.num_parameters() / 1e6:,.2f} M parameters, {chat._model.dtype}"
    print(f"\n{machine}, {size}: {found}")  # noqa: T201 - for whoever asks for the figures


def test_figures_of_the_tiny_model_on_this_cpu(chat: LocalChat) -> None:
    found = measured(chat, TOKENS)
    told(chat, "CPU, 1 thread", found)
    assert 0 < found.first < SOON


def test_figures_of_a_model_of_a_billion_parameters_on_a_gpu(tmp_path: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("PyTorch finds no CUDA device")
    built = tiny_chat.build(tmp_path / "large", shape=tiny_chat.BILLION, device="cuda", bits=16)
    took, chat = clocked(lambda: LocalChat.open(str(built), "cuda", max_tokens=GPU_TOKENS))
    found = measured(chat, GPU_TOKENS)
    memory = torch.cuda.max_memory_allocated() / 2**30
    told(chat, f"{torch.cuda.get_device_name()}, opened in {took:.1f} s, at most {memory:.1f} GiB", found)
    assert found.gap < MOST_GAP
    check_it_ends(chat)


def check_it_ends(chat: LocalChat) -> None:
    """Stop strings, a closed stream and a cancelled task, as on the CPU."""
    question = flowing(chat)
    text = chat.invoke(asked(question)).text
    stop = text[len(text) // 2 :][:9]
    assert joined(streamed(chat, question, [stop])) == text[: text.index(stop)]
    test_closing_a_stream_ends_its_thread(chat)
    test_cancelling_a_waiting_task_ends_its_thread(chat, 0.3)
