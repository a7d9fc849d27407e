"""Who else: the rest of a list of people, where the question names some of it."""

import re

from bot.answerable import LOOKED_AT, PERSONS
from bot.cite import cite
from bot.kinds import SURNAMES, TITLE
from bot.reader.spans import anatomy
from bot.reading import Reading, not_found, quote_around, stated
from bot.runs import listed
from bot.types import Answer

_SOMEBODY = re.compile(rf"{TITLE}$|^{SURNAMES}[가-힣]{{1,2}}$")
_BUT = re.compile(r"(?P<names>[^?]{2,60}?) ?(?:말고|빼고|제외하고|제외한|외에|이외에)(?![가-힣])")


def others_asked(reading: Reading) -> Answer | None:
    """The others of the list that a named person stands in; a refusal where none is left.

    None where nobody is excepted, or no sentence lists the person.
    """
    asked = _BUT.search(reading.question.text)
    if asked is None or reading.question.type != "person":
        return None
    for item in reading.ranked[:LOOKED_AT]:
        line = item.candidate.line
        known = [
            span
            for span in anatomy(line).spans
            if span.keys[0] in PERSONS and line.text[span.start : span.end].split()[0] in asked["names"]
        ]
        if not known:
            continue
        shortest = min(known, key=lambda span: span.end - span.start)
        items = [line.text[run.start : run.end] for run in listed(line, shortest)]
        if len(items) < 2:
            continue
        left = [name for name in items if _SOMEBODY.search(name) and name.split()[0] not in asked["names"]]
        if not left:
            return not_found(reading)
        return stated(reading, ", ".join(left), cite(1, item.candidate.page, *quote_around(line, 0, 0)))
    return None
