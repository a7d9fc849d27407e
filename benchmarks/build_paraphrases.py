"""Compile the paraphrase lexicon: `python -m benchmarks.build_paraphrases`.

Reads `benchmarks/paraphrases/*.tsv` (groups of expressions that mean the same, written for this project),
analyses every expression with Kiwi and writes `vectorstore/paraphrases.tsv`: one expression a line, its
content words and the numbers of its groups.
"""

from collections import defaultdict
from pathlib import Path

from bot.lexicon import question_words, words
from vectorstore.lexical import QUESTION_WORDS
from vectorstore.morphemes import morphemes_of_all
from vectorstore.paraphrases import MAX_WORDS, content_words

SOURCES = Path(__file__).parent / "paraphrases"
COMPILED = Path(__file__).parent.parent / "vectorstore" / "paraphrases.tsv"


def main() -> None:
    """Compile and say how many expressions there are."""
    groups = [
        line.split("\t")
        for path in sorted(SOURCES.glob("*.tsv"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    empty = words("light") | QUESTION_WORDS | frozenset(question_words())
    found: dict[tuple[str, ...], set[int]] = defaultdict(set)
    flat = [(number, cell.strip()) for number, cells in enumerate(groups) for cell in cells]
    for (number, cell), analysed in zip(flat, morphemes_of_all([cell for _, cell in flat]), strict=True):
        key = tuple(word for word, _ in content_words(analysed))
        if (
            key
            and len(key) <= MAX_WORDS
            and not (len(key) == 1 and (key[0] in empty or _cut_short(cell, key[0])))
        ):
            found[key].add(number)
    members: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for key, numbers in found.items():
        for number in numbers:
            members[number].add(key)
    alone = {number for number, keys in members.items() if len(keys) < 2}
    lines = []
    for key in sorted(found):
        kept = sorted(found[key] - alone)
        if kept:
            lines.append(" ".join(key) + "\t" + " ".join(map(str, kept)))
    COMPILED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(groups)} groups, {len(lines)} expressions")


def _cut_short(cell: str, word: str) -> bool:
    """Whether an expression of several words comes down to one syllable: 막아 내다 would be any 막."""
    return len(word) == 1 and " " in cell


if __name__ == "__main__":
    main()
