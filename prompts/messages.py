"""Look a message up by name and fill it in.

Messages live in `prompts/<group>.toml`, one key each. A placeholder is `{name}`; `{name:은/는}` adds the
particle that fits the value's last sound. A missing or an unknown placeholder raises, so that a typo is
found by the first test that says the sentence.
"""

import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from prompts.josa import PAIRS, josa


def say(key: str, **fields: object) -> str:
    """Return the message `group.name` with `fields` filled in.

    Raises KeyError for an unknown message, ValueError where the fields are not exactly the placeholders.
    """
    template = _lookup(key)
    if not isinstance(template, str):
        raise KeyError(f"{key} is a list of messages: call options({key!r})")
    return _FORMATTER.fill(key, template, fields)


def options(key: str) -> tuple[str, ...]:
    """Return the messages of a list entry `group.name`, as they stand.

    Raises KeyError for an unknown message or for one that is not a list.
    """
    entry = _lookup(key)
    if isinstance(entry, str):
        raise KeyError(f"{key} is one message: call say({key!r})")
    return tuple(entry)


def sentences(group: str) -> dict[str, str]:
    """Every single message of a group by its name, unfilled, for a page that fills in its own fields.

    Raises FileNotFoundError for an unknown group.
    """
    return {name: entry for name, entry in _group(group).items() if isinstance(entry, str)}


def _lookup(key: str) -> str | Sequence[str]:
    group, _, name = key.partition(".")
    try:
        entry: str | list[str] = _group(group)[name]
    except (KeyError, FileNotFoundError) as exc:
        raise KeyError(f"no message {key!r} in prompts/{group}.toml") from exc
    return entry


@cache
def _group(group: str) -> dict[str, Any]:
    return tomllib.loads((files("prompts") / f"{group}.toml").read_text(encoding="utf-8"))


class _Formatter(string.Formatter):
    """str.format without attribute or index access, where a format spec names a particle."""

    def fill(self, key: str, template: str, fields: Mapping[str, object]) -> str:
        names = {name for _, name, _, _ in self.parse(template) if name is not None}
        if names != set(fields):
            raise ValueError(f"{key} takes {sorted(names)}, not {sorted(fields)}")
        return self.vformat(template, (), fields)

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(value)
        if not format_spec:
            return text
        if format_spec not in PAIRS:
            return format(value, format_spec)
        return text + josa(text, format_spec)


_FORMATTER = _Formatter()
