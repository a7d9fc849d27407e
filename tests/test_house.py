"""The rules of the house that a reader relies on, read from the source."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "ingest", "vectorstore", "prompts")
MAY_IMPORT = {
    "bot": {"bot", "ingest", "vectorstore", "prompts"},
    "ingest": {"ingest", "vectorstore", "prompts"},
    "vectorstore": {"vectorstore", "prompts"},
    "prompts": {"prompts"},
}
MAY_READ_THE_ENVIRONMENT = {
    "vectorstore/settings.py": "the settings of the store",
    "bot/settings.py": "the settings of the bot",
    "ingest/child.py": "hands the environment on to its child process unread",
}
KOREAN_AS_DATA = {
    "bot/answerable.py": "what an amount of money looks like",
    "bot/compare.py": "how a question compares two articles",
    "bot/discrepancy.py": "particles, and words of misspelling and of attendance",
    "bot/extractive.py": "the particle between a body and its people",
    "bot/elapsed.py": "how a question asks for the time that is left",
    "bot/offices.py": "particles after an office",
    "bot/others.py": "how a question excepts somebody",
    "bot/premise.py": "how a count is written",
    "bot/summary.py": "words that mark the course of an event, and a contradiction",
    "bot/llm/draft.py": "how models say that they found nothing",
    "bot/llm/prompt.py": "brackets",
    "bot/llm/sentences.py": "marks of a citation, and the labels that models begin with",
    "bot/llm/factory.py": "the range of Hangul",
    "bot/grounding/amounts.py": "numbers and units as they are written",
    "bot/token_count.py": "the range of Hangul",
    "bot/special.py": "the particle between a body and its people",
    "bot/grounding/clauses.py": "endings that join clauses, and particles",
    "bot/grounding/polarity.py": "particles",
    "bot/grounding/swaps.py": "particles",
    "bot/grounding/slots.py": "what places, halves of the day and names with a title look like",
    "bot/grounding/agents.py": "what bodies look like, and particles",
    "bot/grounding/signs.py": "what is supposed, excepted or called off",
    "bot/grounding/derived.py": "how a sentence compares, adds up and shares out",
    "bot/grounding/check.py": "quotation marks and scripts",
    "bot/grounding/asserted.py": "how a sentence asks, supposes and excepts",
    "bot/grounding/conditions.py": "endings that join clauses",
    "bot/grounding/frames.py": "units of dates",
    "bot/grounding/days.py": "words of time",
    "bot/grounding/numbers.py": "numbers and units as they are written",
    "bot/grounding/names.py": "particles and titles",
    "bot/grounding/places.py": "endings of places",
    "bot/grounding/text.py": "noon and midnight",
    "bot/english.py": "the range of Hangul",
    "bot/conversation.py": "words that point back to an earlier turn",
    "bot/evaluation/noise.py": "the letters of Hangul, and which are taken for each other",
    "bot/dates.py": "words of time before a day or a month",
    "bot/kinds.py": "what names, dates, places and numbers look like",
    "bot/people.py": "what a name with a title and a speaker's line look like",
    "bot/masking.py": "how an @ and a dot are spelled",
    "bot/masking_numbers.py": "digits as they are said, and words before a number",
    "bot/masking_places.py": "plates, and what streets, houses and counts look like",
    "bot/takedown.py": "what a name looks like",
    "bot/question.py": "question words and what they ask for",
    "bot/reader/spans.py": "particles at the edge of a span",
    "bot/record.py": "what a question about the report itself looks like",
    "bot/runs.py": "titles around a name, and the words between the items of a list",
    "bot/triage.py": "what small talk and requests outside the articles look like",
    "ingest/clean.py": "what boilerplate looks like",
    "ingest/credits.py": "what a publisher's line looks like",
    "ingest/dateline.py": "what a dateline looks like",
    "ingest/decode.py": "Hangul's range, and its invisible fillers",
    "ingest/frontmatter.py": "names of fields",
    "ingest/lines.py": "what bylines, captions and share links look like",
    "ingest/page.py": "the reporter's title after a name",
    "ingest/split.py": "where a long sentence may be cut",
    "vectorstore/selection.py": "words of time in a question, and forms of dates",
    "vectorstore/takedowns.py": "what may follow a name",
    "vectorstore/lexical.py": "words and letters that a search leaves out",
}
HANGUL = re.compile("[ㄱ-ㆎ가-힣]")


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Each module of a package: its path from the root and its tree."""
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{path}: {name}"
        for path, tree in modules(package)
        for name in imported(tree)
        if name in PACKAGES and name not in MAY_IMPORT[package]
    ]
    assert wrong == []


def imported(tree: ast.Module) -> Iterator[str]:
    """The first part of every module that is imported; relative imports stay in their package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_imported_by_its_name_at_run_time(package: str) -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in modules(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in ("import_module", "__import__")
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_only_the_settings_read_the_environment(package: str) -> None:
    readers = {path for path, tree in modules(package) if reads_environment(tree)}
    assert sorted(readers - set(MAY_READ_THE_ENVIRONMENT)) == []


def reads_environment(tree: ast.Module) -> bool:
    """Whether it names os.environ or os.getenv other than to set a library's flags."""
    sets = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("setdefault", "update")
    }
    return any(
        node.attr == "getenv" or (node.attr == "environ" and id(node) not in sets)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    )


@pytest.mark.parametrize("package", ["bot", "ingest", "vectorstore"])
def test_korean_is_in_prompts_or_is_data_of_a_listed_module(package: str) -> None:
    wrong = [
        f"{path}:{line}: {text}"
        for path, tree in modules(package)
        for line, text in literals(tree)
        if HANGUL.search(text) and path not in KOREAN_AS_DATA
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["bot", "ingest", "vectorstore"])
def test_no_module_holds_a_korean_sentence(package: str) -> None:
    sentence = re.compile(r"[가-힣]+ [^|()\[\]\\]*(?:니다|세요|까요|어요|아요)(?:[.?!]|$)")
    wrong = [
        f"{path}:{line}: {text}"
        for path, tree in modules(package)
        for line, text in literals(tree)
        if sentence.search(text)
    ]
    assert wrong == []


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string literal that is not a docstring: its line and its text."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    docstrings = {id(each.value) for body in bodies for each in body if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_every_exception_of_this_file_still_exists() -> None:
    listed = [*MAY_READ_THE_ENVIRONMENT, *KOREAN_AS_DATA]
    assert [path for path in listed if not (ROOT / path).exists()] == []


def test_no_tracked_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    # Written in two parts, so that this file does not name them either.
    hosts = ("pypi" + ".org", "pytho" + "nhosted", "download.pyto" + "rch", "npmjs" + ".")
    paths = ("/ro" + "ot/", "/wo" + "rk/", "/op" + "t/", "/home" + "/")
    wrong = [f"{path}: {word}" for path, text in tracked_texts() for word in (*hosts, *paths) if word in text]
    assert wrong == []


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Every text file that git tracks; skips where this is no git checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (raw := path.read_bytes()):
            yield name, raw.decode("utf-8", errors="replace")


def test_every_make_target_that_the_documents_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for text in documents() for target in re.findall(r"\bmake ([a-z]+)", text)}
    assert {"run", "test"} <= named
    assert sorted(named - targets) == []


def test_every_command_that_the_documents_name_exists(capsys: pytest.CaptureFixture[str]) -> None:
    from bot.cli import main

    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE))
    named = {name for text in documents() for name in re.findall(r"(?<!`)forum-bot ([a-z]+)\b", code(text))}
    assert {"ask", "chat", "serve", "ingest"} <= named
    assert sorted(named - known) == []


def test_every_module_and_every_dependency_is_in_the_file_map_of_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    named = {name for name in files if not name.startswith("__")} | requirements()
    assert (
        sorted(name for name in named if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)) == []
    )


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    from bot.settings import BotSettings

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = {f"FORUM_BOT_{name.upper()}" for name in BotSettings.model_fields}
    assert set(re.findall(r"FORUM_BOT_[A-Z_]+[A-Z]", readme)) == known


def documents() -> list[str]:
    """The documents a person reads."""
    return [
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    ]


def code(text: str) -> str:
    """The code blocks and code spans of a Markdown text."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)).replace("`", "\n")


def test_the_changelog_tells_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_direct_dependency_is_pinned_once() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("==")[0] for line in lines if not line.startswith("#")]
    assert len(pins) == len(set(pins))
    assert sorted(requirements() - set(pins)) == []
    assert not any(name.startswith("nvidia") for name in pins)


def requirements() -> set[str]:
    """The names of everything that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    return {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted} - {"forum-bot"}
