"""How much there is to come, before anything is read: bytes for the disk, documents for the progress bar."""

from collections.abc import Iterator, Sequence
from pathlib import Path

_BLOCK = 1 << 20  # bytes read at once


def size_of(sources: Sequence[str]) -> int:
    """The bytes of all local files of the sources."""
    return sum(path.stat().st_size for path in _files(sources))


def documents_of(sources: Sequence[str]) -> int:
    """About how many documents there are: a line of an export each, one in any other file or at a URL."""
    files = list(_files(sources))
    elsewhere = sum(not Path(source).exists() for source in sources)
    return elsewhere + sum(_lines(path) if path.suffix.lower() == ".jsonl" else 1 for path in files) or 1


def _files(sources: Sequence[str]) -> Iterator[Path]:
    for source in sources:
        try:
            path = Path(source)
            yield from (file for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
        except (OSError, ValueError):  # a name that no file can have, or a folder that may not be read
            continue


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
