"""Generations: an index is built beside the one in use, checked, and switched to in one step.

    store/generations/<id>/{chroma/, lexical/, articles/, manifest.json}
    store/CURRENT                 the id of the generation that is served

Readers open what CURRENT names. A writer holds the lock, works in a folder that no reader opens, and
replaces CURRENT atomically: a crash at any moment leaves the old generation or the new one, never a mix.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from prompts import say
from vectorstore.errors import BusyError, StoreError

FORMAT = 2
KEPT = 2  # the generation in use and the one before it, which a reader may still hold open
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds and what made it."""

    format: int
    encoder: dict[str, str | int]
    splitter: str
    articles: int
    chunks: int
    created: str
    files: dict[str, int]
    """Size in bytes of every file but Chroma's, which changes when it is opened."""


def new_generation(store: Path) -> Path:
    """Make an empty folder for a generation that nobody reads yet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = store / "generations" / f"{stamp}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    return folder


def current_id(store: Path) -> str:
    """The id that CURRENT holds; raises StoreError where there is none or it is no id."""
    path = store / "CURRENT"
    try:
        value = path.read_bytes().decode("utf-8", errors="replace").strip()
    except FileNotFoundError as exc:
        raise StoreError("store.missing", store=store) from exc
    except OSError as exc:
        raise StoreError("store.not_writable", store=store, problem=exc.strerror) from exc
    if not _ID.fullmatch(value):
        raise StoreError("store.current_broken", path=path, value=value[:60])
    return value


def current_generation(store: Path) -> Path:
    """The folder that CURRENT names; raises StoreError where it is not there."""
    value = current_id(store)
    folder = store / "generations" / value
    if not folder.is_dir():
        raise StoreError("store.generation_missing", path=store / "CURRENT", value=value)
    return folder


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation; raises StoreError where it is missing, broken or of another format."""
    path = folder / "manifest.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found = record["format"]
        manifest = Manifest(**record) if found == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise StoreError("store.manifest_broken", path=path) from exc
    if manifest is None:
        raise StoreError("store.format_unknown", found=found, expected=FORMAT)
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its size in the manifest; raises StoreError for the first that differs."""
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise StoreError("store.file_damaged", path=path, problem=say("store.problem_missing"))
        found = path.stat().st_size
        if found != expected:
            problem = say("store.problem_size", found=found, expected=expected)
            raise StoreError("store.file_damaged", path=path, problem=problem)


def write_manifest(
    folder: Path, encoder: dict[str, str | int], splitter: str, articles: int, chunks: int
) -> None:
    """Describe a finished generation and push all of it to the disk."""
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for part in ("lexical", "articles", "vectors")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, encoder, splitter, articles, chunks, created, files)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def switch_to(store: Path, folder: Path) -> None:
    """Point CURRENT at `folder` atomically, then drop the generations that nobody can need."""
    beside = store / "CURRENT.new"
    beside.write_text(folder.name + "\n", encoding="utf-8")
    sync(beside)
    os.replace(beside, store / "CURRENT")  # noqa: PTH105 - the atomic step deserves its plain name
    sync(store)
    drop_old(store)


def drop_old(store: Path) -> None:
    """Remove every generation but the current one and those before it that are still kept."""
    current = current_id(store)
    folders = sorted(path for path in (store / "generations").iterdir() if path.is_dir())
    finished = [path for path in folders if path.name <= current and (path / "manifest.json").is_file()]
    kept = {path.name for path in finished[-KEPT:]} | {current}
    for path in folders:
        if path.name not in kept:
            # A file that another system still holds open is tried again by the next ingest.
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def write_lock(store: Path) -> Iterator[None]:
    """Hold the store's one writer's lock; raises BusyError at once where another process holds it."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = FileLock(store / "write.lock", timeout=0)
        lock.acquire()
    except Timeout as exc:
        raise BusyError("store.busy", store=store) from exc
    except OSError as exc:
        raise StoreError("store.not_writable", store=store, problem=exc.strerror) from exc
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """Push one file or folder to the disk, where the system can."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
