"""The records of the ingest steps, and the one error of a source that cannot be read."""

from dataclasses import dataclass
from typing import Literal

from prompts import UserError

Status = Literal["added", "updated", "unchanged", "skipped"]


class SourceError(UserError):
    """A source that cannot be read: missing, empty, binary, too big, refused, broken."""

    exit_code = 1
    status = 422


@dataclass(frozen=True, slots=True)
class Extract:
    """What a web page or a PDF holds: its visible text, and what it says about itself."""

    text: str
    title: str | None = None
    published: str | None = None
    author: str | None = None
    publisher: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """One document as its reader found it, before cleaning; what the reader does not know is None."""

    text: str
    """Decoded and tidy (see `decode.tidy`): NFC, no invisible characters, line ends are newlines."""
    source: str
    """The path or URL it was read from, as the user gave it."""
    label: str
    """How a verdict names it: the source, with the line number where one source holds many."""
    id: str
    title: str | None = None
    published: str | None = None
    """As the source writes it; `clean` turns it into ISO."""
    author: str | None = None
    publisher: str | None = None
    url: str | None = None
    note: str | None = None
    """Korean remark for the verdict of a document that is good all the same."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one source: one JSON line of `python -m ingest --json`."""

    source: str
    article: str | None
    status: Status
    reason: str | None = None
    fault: bool = False
    """True where the failure is a bug of ours, not of the source; not part of the JSON."""

    def to_json(self) -> dict[str, str | None]:
        """The contract's four fields."""
        return {
            "source": self.source,
            "article": self.article,
            "status": self.status,
            "reason": self.reason,
        }
