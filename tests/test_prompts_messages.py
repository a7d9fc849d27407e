"""Messages: filled exactly, and every key is both there and used."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts import UserError, options, say
from prompts.josa import PAIRS

ROOT = Path(__file__).parent.parent
GROUPS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("prompts/*.toml")}
MESSAGES = {f"{group}.{name}": entry for group, entries in GROUPS.items() for name, entry in entries.items()}
TREES = [
    ast.parse(path.read_text(encoding="utf-8"))
    for package in ("bot", "ingest", "vectorstore", "prompts")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def test_a_message_is_filled_in_with_the_particle_that_fits() -> None:
    assert say("ingest.missing", source="기사.txt") == "기사.txt를 찾을 수 없습니다. 경로를 확인해 주세요."
    assert say("ingest.missing", source="보도.html") == "보도.html을 찾을 수 없습니다. 경로를 확인해 주세요."


def test_a_missing_field_raises() -> None:
    with pytest.raises(ValueError, match="source"):
        say("ingest.missing")


def test_a_field_that_the_message_does_not_have_raises() -> None:
    with pytest.raises(ValueError, match="path"):
        say("ingest.missing", source="a.txt", path="a.txt")


@pytest.mark.parametrize("key", ["ingest.no_such_message", "nowhere.empty", "empty", ""])
def test_an_unknown_message_raises(key: str) -> None:
    with pytest.raises(KeyError):
        say(key)


def test_a_list_is_read_with_options_and_a_sentence_with_say() -> None:
    assert "끝" in options("cli.chat_quit")
    with pytest.raises(KeyError):
        say("cli.chat_quit")
    with pytest.raises(KeyError):
        options("cli.chat_bye")


def test_a_value_with_braces_is_not_filled_in_again() -> None:
    assert "{store}" in say("ingest.missing", source="{store}")


def test_a_placeholder_reaches_no_attribute_of_its_value() -> None:
    with pytest.raises(UserError, match="기사"):
        raise UserError("store.article_unknown", article="기사-1")
    for key, template in sentences():
        assert all(name.isidentifier() for name in placeholders(template)), key


def test_every_particle_in_a_message_is_a_known_pair() -> None:
    for key, template in sentences():
        particles = {spec for _, _, spec, _ in string.Formatter().parse(template) if spec}
        assert particles <= set(PAIRS), key


def test_no_message_leaves_the_particle_to_the_reader() -> None:
    undecided = re.compile(r"[은는이가을를과와]\((?:[은는이가을를과와])\)|\(으\)로|\(이\)")
    assert [key for key, template in sentences() if undecided.search(template)] == []


def test_every_message_that_the_code_names_exists() -> None:
    shape = re.compile(rf"(?:{'|'.join(GROUPS)})\.[a-z][a-z0-9_]*")
    named = {text for text in constants() if shape.fullmatch(text)} - set(dynamic_starts())
    modules = {name for name in named if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}
    files = {path.name for path in (ROOT / "bot" / "web" / "embed").iterdir()}
    assert sorted(named - modules - files - set(MESSAGES)) == []


def test_every_call_fills_exactly_the_placeholders_of_its_message() -> None:
    wrong = [
        f"{key}: {sorted(given)}, not {sorted(placeholders(MESSAGES[key]))}"
        for key, given in calls()
        if given != placeholders(MESSAGES[key])
    ]
    assert wrong == []


def test_every_message_is_used() -> None:
    texts, starts = set(constants()) | set(shown_by_scripts()), set(dynamic_starts())
    unused = [
        key
        for key in MESSAGES
        if key not in texts
        and not any(key.startswith(start) and key.removeprefix(start) in texts for start in starts)
    ]
    assert unused == []


def test_every_message_of_the_frame_stands_in_both_languages_with_the_same_fields() -> None:
    texts = GROUPS["embed"]
    for name in (name for name in texts if not name.endswith("_en")):
        assert placeholders(texts[name]) == placeholders(texts[f"{name}_en"]), name


def shown_by_scripts() -> Iterator[str]:
    """What a page or a script of bot/web/embed/ shows, `t.name` or `$t_name`, in both languages."""
    for path in (ROOT / "bot" / "web" / "embed").iterdir():
        for name in re.findall(r"\b(?:t\.|t_)([a-z][a-z_]*)", path.read_text(encoding="utf-8")):
            yield from (f"embed.{name}", f"embed.{name}_en")


def sentences() -> Iterator[tuple[str, str]]:
    """Every message that is a sentence and not a list."""
    return ((key, entry) for key, entry in MESSAGES.items() if isinstance(entry, str))


def placeholders(template: object) -> set[str]:
    """The names that a message must be given."""
    return {name for _, name, _, _ in string.Formatter().parse(str(template)) if name is not None}


def constants() -> Iterator[str]:
    """Every string literal of the product code."""
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def dynamic_starts() -> Iterator[str]:
    """The fixed start of every key that is put together: "ingest." of f"ingest.{status}"."""
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                start = str(node.values[0].value)
                if start.partition(".")[0] in GROUPS and "." in start:
                    yield start


def calls() -> Iterator[tuple[str, set[str]]]:
    """Every call that fills a message by its name: the key, and the fields it is given."""
    errors = user_errors()
    for tree in TREES:
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            key, filled = node.args[0], node.func.id in {"say", *errors}
            spread = any(keyword.arg is None for keyword in node.keywords)
            if filled and not spread and isinstance(key, ast.Constant) and key.value in MESSAGES:
                yield str(key.value), {str(keyword.arg) for keyword in node.keywords}


def user_errors() -> set[str]:
    """UserError and everything that is derived from it by name."""
    known = {"UserError"}
    classes = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while found := {
        node.name
        for node in classes
        if node.name not in known and any(isinstance(b, ast.Name) and b.id in known for b in node.bases)
    }:
        known |= found
    return known
