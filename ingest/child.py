"""Web pages and PDFs are parsed in a child process: a bomb or a broken parser costs one document only.

    python -m ingest.child        # reads requests on standard input until it closes

The child is started with the first document, reused for the next, and replaced when it dies. Its processor
time and memory are limited where the system has such limits (not on Windows), its wall time everywhere.
"""

import json
import os
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ingest.types import Extract, SourceError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost."""

    cpu_seconds: int = 10
    wall_seconds: float = 20.0  # the processor is shared, and the first document pays for the start
    memory: int = 512 * 2**20  # bytes of address space; the parsers themselves take 80 MB
    answer: int = 40_000_000  # bytes of the extracted text


class Child:
    """The child process, as a context manager; `extract` may be called any number of times."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def extract(self, kind: str, data: bytes) -> Extract:
        """What the document holds; `kind` is `page` (UTF-8 HTML) or `pdf`.

        Raises SourceError with the parser's reason, or when the document took too much time or memory.
        """
        process = self._process = self._running()
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._limits.wall_seconds, end)
        timer.daemon = True
        timer.start()
        try:
            answer = self._ask(process, kind, data)
        except (OSError, EOFError, ValueError) as exc:
            died_of_time = late.is_set() or _killed_by_cpu(self._ended())
            key = "ingest.too_slow" if died_of_time else "ingest.parser_died"
            raise SourceError(key) from exc
        finally:
            timer.cancel()
        if "error" in answer:
            raise SourceError(answer["error"], **answer["fields"])
        return Extract(**answer)

    def stop(self) -> None:
        """End the child, if one runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.Popen(
            [sys.executable, "-m", "ingest.child", json.dumps(asdict(self._limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        )

    def _ask(self, process: subprocess.Popen[bytes], kind: str, data: bytes) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        _write(process.stdin, kind.encode())
        _write(process.stdin, data)
        answer: dict[str, Any] = json.loads(_read(process.stdout, self._limits.answer))
        return answer

    def _ended(self) -> int:
        """The exit status of the child, which is ended if it still runs."""
        process = self._process
        assert process is not None
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = 0
        self.stop()
        return code


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except BrokenPipeError:  # it flushes what the dead child never read
        return


def _killed_by_cpu(code: int) -> bool:
    import signal

    return hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU


def _write(pipe: IO[bytes], data: bytes) -> None:
    """One frame: eight bytes of length, then the bytes."""
    pipe.write(struct.pack(">Q", len(data)) + data)
    pipe.flush()


def _read(pipe: IO[bytes], limit: int) -> bytes:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError("the pipe closed")
    (length,) = struct.unpack(">Q", head)
    if length > limit:
        raise ValueError(f"{length} bytes where {limit} are allowed")
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError("the pipe closed")
    return data


def serve(limits: Limits, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the parent closes the pipe (runs in the child)."""
    _limit_memory(limits)
    while True:
        try:
            kind, data = _read(requests, 100).decode(), _read(requests, 100_000_000)
        except EOFError:
            return
        _write(answers, json.dumps(_answer(kind, data, limits)).encode())


def _answer(kind: str, data: bytes, limits: Limits) -> dict[str, Any]:
    try:
        if kind == "page":
            from ingest.page import extract_page as extract
        else:
            from ingest.pdf import extract_pdf as extract
        _limit_cpu(limits)
        return asdict(extract(data))
    except SourceError as exc:
        return {"error": exc.key, "fields": {name: str(value) for name, value in exc.fields.items()}}
    except ImportError:
        return {"error": "ingest.extra_missing", "fields": {"extra": "html" if kind == "page" else "pdf"}}
    except MemoryError:
        return {"error": "ingest.too_heavy", "fields": {}}
    except RecursionError:
        return {"error": "ingest.too_deep", "fields": {}}


def _limit_memory(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))


def _limit_cpu(limits: Limits) -> None:
    """Allow this many seconds from now on: the limit counts all that the process has ever used."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft = int(time.process_time()) + limits.cpu_seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    serve(Limits(**json.loads(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
