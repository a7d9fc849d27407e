"""A community's export: one JSON object a line, `{"id","title","text","published","author","url"}`.

A bad line gets a verdict with its number and its neighbours go in. `id` and `text` are needed, the rest may
be missing or null; `publisher` is read too. The file is read line by line and may be larger than memory.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ingest.decode import decode, tidy
from ingest.names import given_id, web_address
from ingest.types import Raw, SourceError, Verdict
from prompts import say

MAX_LINE = 4_000_000  # bytes of one line: the longest article in six-byte escapes, with room


def read_jsonl(path: Path, source: str) -> Iterator[Raw | Verdict]:
    """A document or a verdict for each line that is not blank, in order."""
    seen: set[str] = set()
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE + 1):
            number += 1
            whole = len(line) <= MAX_LINE
            if not whole:
                _skip_rest(file.readline)
            if line.strip(b" \t\r\n\xef\xbb\xbf"):
                yield _verdict_or_raw(line if whole else None, source, number, seen)
    if number == 0:
        raise SourceError("ingest.empty")


def parse_lines(data: bytes, source: str) -> Iterator[Raw | Verdict]:
    """The same for bytes that were fetched."""
    seen: set[str] = set()
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip(b" \t\r\n\xef\xbb\xbf"):
            yield _verdict_or_raw(line, source, number, seen)


def _skip_rest(readline: Callable[[int], bytes]) -> None:
    while (rest := readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _verdict_or_raw(line: bytes | None, source: str, number: int, seen: set[str]) -> Raw | Verdict:
    label = f"{source}:{number}"
    try:
        if line is None:
            raise SourceError("ingest.line_too_long", limit=MAX_LINE // 1_000_000)
        raw = _document(line, source, label)
    except SourceError as exc:
        return Verdict(label, None, "skipped", say("ingest.line", number=number, reason=str(exc)))
    if raw.id in seen:
        note = say("ingest.repeated_id", id=raw.id)
        raw = replace(raw, note=f"{note} {raw.note}" if raw.note else note)
    seen.add(raw.id)
    return raw


def _document(line: bytes, source: str, label: str) -> Raw:
    try:
        record = json.loads(decode(line))
    except (ValueError, RecursionError) as exc:
        raise SourceError("ingest.bad_json") from exc
    if not isinstance(record, dict):
        raise SourceError("ingest.not_an_object")
    text = record.get("text")
    if not isinstance(text, str):
        raise SourceError("ingest.no_text")
    fields = {key: _text(record, key) for key in ("title", "published", "author", "publisher", "url")}
    link = fields.pop("url")
    url = web_address(link)
    note = say("ingest.bad_link") if link and url is None else None
    body = tidy(text)
    if not body.strip():
        raise SourceError("ingest.empty")
    return Raw(body, source, label, given_id(record.get("id")), url=url, note=note, **fields)


def _text(record: dict[str, object], key: str) -> str | None:
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise SourceError("ingest.bad_field", field=key)
    return " ".join(tidy(str(value)).split()) or None
