"""What the chain reads for a question, as it is handed to an answerer."""

from collections.abc import Callable, Iterator

from bot.chain import Ask, build_chain, spoken
from bot.passages import Pages
from bot.reading import Reading, not_found
from bot.types import Event


def read(pages: Pages, question: str) -> Reading:
    """The reading of a question over these pages."""
    found: list[Reading] = []

    def keep(reading: Reading, left: Callable[[], bool]) -> Iterator[Event]:
        found.append(reading)
        return spoken(not_found(reading))

    list(build_chain(pages, keep, lambda: ()).invoke(Ask(question)))
    return found[0]
