"""What every PyTorch model needs, encoder or reranker: its device, its threads, and errors in plain words."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from vectorstore.errors import EncoderError
from vectorstore.model_files import quiet_libraries

CPU_BATCH = 8  # texts; a BERT of 23 M parameters: 8 → 11.6/s, 32 → 11.0/s, of 0.3 M: 488 and 484/s
GPU_BATCH = 64  # texts; not measured, halved by itself where it does not fit
_DEVICE = re.compile(r"cpu|mps|cuda(:\d+)?", re.ASCII)
_PIP = re.compile(r"pip install\s+(?:-\S+\s+)*['\"]?([A-Za-z0-9][\w.<>=,\[\]-]*)", re.ASCII)

Result = TypeVar("Result")


def choose_device(wanted: str | None) -> str:
    """The device that is asked for, checked; or the best that there is: cuda, mps, cpu.

    Raises EncoderError for one that this machine does not have.
    """
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = [*(["cuda"] if cards else []), *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
    if wanted is None:
        return there[0]
    kind, _, number = wanted.partition(":")
    if not _DEVICE.fullmatch(wanted) or kind not in there or int(number or 0) >= max(cards, 1):
        known = [*there[:1], *(f"cuda:{card}" for card in range(1, cards)), *there[1:]]
        raise EncoderError("store.device_missing", device=wanted, known=", ".join(known))
    return wanted


def set_threads(device: str, threads: int | None) -> None:
    """Limit PyTorch to `threads`, or to half of the cores: the other half is the server's and Kiwi's.

    On 2 cores with other work beside it, a question took 1.6 ms with 1 thread and 2.3 ms (p95 110 ms) with
    2 for a BERT of 0.3 M parameters, 71 and 443 ms for one of 110 M; threads that wait for a core spin.
    """
    import torch

    if device == "cpu" or threads is not None:
        torch.set_num_threads(threads or max(1, (os.cpu_count() or 2) // 2))


def load_options(folder: Path, device: str) -> dict[str, Any]:
    """How sentence-transformers opens a model of ours: from its folder only, without code, in 32 bits."""
    return {
        "model_name_or_path": str(folder), "device": device, "local_files_only": True,
        "trust_remote_code": False,
        # In 32 bits everywhere: an index that a GPU made must serve where there is none.
        "model_kwargs": {"use_safetensors": True, "dtype": "float32"},
    }  # fmt: skip


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep the progress bars of transformers off the terminal."""
    quiet_libraries()
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    yield


@contextmanager
def in_plain_words(name: str, device: str) -> Iterator[None]:
    """Turn what goes wrong while a model is opened into an EncoderError that says what to do."""
    try:
        yield
    except EncoderError:
        raise
    except Exception as exc:
        problem = _first_line(exc)
        if out_of_memory(exc):
            raise EncoderError("store.model_memory", name=name, device=device) from exc
        if "trust_remote_code" in str(exc):
            raise EncoderError("store.model_code", name=name, code="trust_remote_code") from exc
        if package := _missing_package(exc):
            raise EncoderError("store.model_needs", name=name, package=package) from exc
        if type(exc).__name__ == "SafetensorError":
            raise EncoderError("store.model_weights", name=name, problem=problem) from exc
        # Whatever a damaged file makes the libraries raise, tokenizers a bare Exception among it.
        raise EncoderError("store.encoder_broken", name=name, problem=problem) from exc


class Batches:
    """How many texts a model takes at once; halved for good where they do not fit into its memory."""

    def __init__(self, name: str, device: str) -> None:
        self.size = GPU_BATCH if device.startswith("cuda") else CPU_BATCH
        self._name = name
        self._device = device

    def run(self, work: Callable[[int], Result]) -> Result:
        """`work(size)`, with half the size where memory runs out; EncoderError where one text is too much."""
        while True:
            try:
                return work(self.size)
            except (RuntimeError, MemoryError) as exc:
                if not out_of_memory(exc):
                    raise
                if self.size == 1:
                    raise EncoderError("store.model_memory", name=self._name, device=self._device) from exc
            self.size = max(1, self.size // 2)
            _free_memory(self._device)


def out_of_memory(exc: BaseException) -> bool:
    """Whether an error says that the device's memory is full."""
    text = str(exc).lower()
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(exc, MemoryError) or any(sign in text for sign in signs)


def _missing_package(exc: Exception) -> str | None:
    """What is to be installed, as the library's own error says; else the module that is not there."""
    if not isinstance(exc, ImportError):
        # The one package that transformers misses with a ValueError, whose text may quote the model's files.
        return "accelerate" if "requires `accelerate`" in str(exc) else None
    named = _PIP.search(str(exc))
    if named:
        return named[1].rstrip(".,")
    return exc.name if isinstance(exc, ModuleNotFoundError) else None


def _free_memory(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _first_line(exc: BaseException) -> str:
    return str(exc).strip().split("\n", 1)[0][:200] or type(exc).__name__
