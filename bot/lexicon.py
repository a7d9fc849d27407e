"""The word lists of `lexicon.toml`, as sets."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("bot") / "lexicon.toml").read_text(encoding="utf-8"))


@cache
def question_words() -> dict[str, str]:
    """Question word → expected type."""
    return dict(_tables()["question_words"])


@cache
def focus_types() -> dict[str, str]:
    """Noun → expected type; the first list that holds a noun wins."""
    found: dict[str, str] = {}
    for kind, nouns in _tables()["focus"].items():
        for noun in nouns:
            found.setdefault(noun, kind)
    return found


@cache
def words(table: str, name: str = "words") -> frozenset[str]:
    """One list of a table, as a set."""
    return frozenset(_tables()[table][name])
