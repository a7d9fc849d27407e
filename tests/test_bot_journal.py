"""A log line is one line of JSON that holds nobody's data."""

import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from datetime import date

import pytest

from bot.journal import MAX_TEXT, configure, escaped, visitor_hash

SECRETS = ("010-2345-6789", "900101-1234567", "4111-1111-1111-1111", "hong@naver.com")
LOGGER = logging.getLogger("bot.journal_test")


@pytest.fixture(params=["json", "text"])
def both(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    yield from logged(request.param)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    yield from logged("json")


def logged(form: str) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level, out = root.level, io.StringIO()
    handler = configure(form, logging.INFO, out)  # type: ignore[arg-type]
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_json_object_a_line(log: io.StringIO) -> None:
    LOGGER.warning("질문 %d개", 3, extra={"site": "광장", "took_ms": 12.5, "ok": True, "none": None})
    (line,) = lines(log)
    assert list(line) == ["time", "level", "logger", "event", "fields"]
    assert (line["level"], line["logger"], line["event"]) == ("WARNING", "bot.journal_test", "질문 3개")
    assert line["fields"] == {"site": "광장", "took_ms": 12.5, "ok": True, "none": None}
    assert str(line["time"]).endswith("Z") and "질문" in log.getvalue()


def test_personal_data_is_masked_wherever_it_stands(both: io.StringIO) -> None:
    deep: dict[str, object] = {"한": [{"둘": SECRETS}, set(SECRETS)], SECRETS[0]: 1}
    LOGGER.info(
        "%s", " ".join(SECRETS), extra={"question": SECRETS[1], "deep": deep, "number": 9001011234567}
    )
    assert not [secret for secret in (*SECRETS, "9001011234567") if secret in both.getvalue()]
    assert "[전화번호]" in both.getvalue()


def test_an_exception_is_its_type_and_its_places_and_not_what_it_says(both: io.StringIO) -> None:
    try:
        try:
            raise KeyError("홍길동의 집")
        except KeyError as exc:
            raise ValueError(f"질문: 홍길동 {SECRETS[0]}") from exc
    except ValueError:
        LOGGER.exception("답하지 못함")
    text = both.getvalue()
    assert "홍길동" not in text and SECRETS[0] not in text
    assert "builtins.ValueError" in text and "builtins.KeyError" in text
    assert "test_an_exception_is_its_type" in text and "답하지 못함" in text


@pytest.mark.parametrize(
    "text",
    [
        "a\nWARNING: forged",
        "\r\n{}",
        "\x1b[2J\x1b]0;제목\x07",
        "\x00\x08\x7f\x9b31m",
        "\u202e거꾸로\u2066",
        "\u2028",
        "\ud800",
    ],
)
def test_no_character_of_a_text_does_anything_to_the_terminal_or_begins_a_line(
    both: io.StringIO, text: str
) -> None:
    LOGGER.warning("%s", text, extra={"field": text, text: 1})
    out = both.getvalue()
    assert out.endswith("\n") and out.count("\n") == 1
    assert len(out.splitlines()) == 1
    assert escaped(out[:-1]) == out[:-1]
    out.encode()


def test_json_reads_back_what_was_escaped(log: io.StringIO) -> None:
    text = "\x1b[31m빨강\x1b[0m\n\u202e끝\x9b 😀"
    LOGGER.warning("%s", text)
    assert lines(log)[0]["event"] == text


def test_a_log_does_not_fail_over_its_arguments(both: io.StringIO) -> None:
    loop: list[object] = []
    loop.append(loop)
    extra = {"loop": loop, "object": object(), "nan": float("nan")}
    record = LOGGER.makeRecord(LOGGER.name, logging.WARNING, "", 0, "셋 %d %s", ("하나",), None, extra=extra)
    ours = [each for each in logging.getLogger().handlers if hasattr(each, "of_forum_bot")]
    ours[0].handle(record)  # pytest's own handler would fail over it
    LOGGER.warning("길다 %s", "가" * 10_000)
    first, second = both.getvalue().splitlines()
    assert "셋 %d %s" in first
    assert len(second) < MAX_TEXT + 300


def test_configuring_again_replaces_what_was_configured() -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    one, two = io.StringIO(), io.StringIO()
    configure("text", stream=one)
    handler = configure("json", stream=two)
    LOGGER.warning("한 번")
    root.removeHandler(handler)
    root.setLevel(level)
    assert one.getvalue() == "" and len(two.getvalue().splitlines()) == 1
    assert root.handlers == before


def test_a_warning_is_its_kind_and_its_place_and_not_what_it_says() -> None:
    root, out = logging.getLogger(), io.StringIO()
    level = root.level
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        handler = configure("text", stream=out)
        warnings.warn(f"질문: 홍길동 {SECRETS[0]}\n\x1b[31m", UserWarning, stacklevel=1)
    root.removeHandler(handler)
    root.setLevel(level)
    text = out.getvalue()
    assert len(text.splitlines()) == 1
    assert "홍길동" not in text and "UserWarning" in text and "test_bot_journal.py" in text


def test_writes_to_a_reader_who_is_gone_fill_no_log(both: io.StringIO) -> None:
    loop = logging.getLogger("asyncio")
    for _ in range(5):
        loop.warning("socket.send() raised exception.")
    loop.warning("something else")
    assert len(both.getvalue().splitlines()) == 1


def test_lines_of_many_threads_do_not_mix(log: io.StringIO) -> None:
    threads = [
        threading.Thread(target=lambda n=n: [LOGGER.warning("%d-%d", n, i) for i in range(50)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line["event"] for line in lines(log)} == {f"{n}-{i}" for n in range(8) for i in range(50)}


DAY, SECRET = date(2025, 4, 17), b"secret"


def test_a_visitor_is_the_same_for_a_day_and_another_on_the_next() -> None:
    assert visitor_hash("203.0.113.7", DAY, SECRET) == visitor_hash(" 203.0.113.7", DAY, SECRET)
    others = [
        visitor_hash("203.0.113.7", date(2025, 4, 18), SECRET),
        visitor_hash("203.0.113.7", DAY, b"other"),
        visitor_hash("203.0.113.8", DAY, SECRET),
    ]
    assert len({visitor_hash("203.0.113.7", DAY, SECRET), *others}) == 4
    assert "203" not in visitor_hash("203.0.113.7", DAY, SECRET) or len(others[0]) == 16


def test_an_ipv6_visitor_is_a_network_of_64_bits() -> None:
    same = {
        visitor_hash(address, DAY, SECRET)
        for address in (
            "2001:db8::1",
            "2001:db8::ffff:1",
            "2001:0db8:0:0:9::2",
            "[2001:db8::3]",
            "2001:db8::1%eth0",
        )
    }
    assert len(same) == 1
    assert visitor_hash("2001:db8:0:1::1", DAY, SECRET) not in same
    assert visitor_hash("::ffff:203.0.113.7", DAY, SECRET) == visitor_hash("203.0.113.7", DAY, SECRET)


@pytest.mark.parametrize("address", ["", "testclient", "999.1.1.1", "\ud800", "가"])
def test_an_address_that_is_none_is_hashed_too(address: str) -> None:
    assert len(visitor_hash(address, DAY, SECRET)) == 16
