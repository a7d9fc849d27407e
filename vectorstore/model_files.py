"""The folder of a model by its name: a folder as it is, or the hub's files, kept in the hub's own cache.

What is in the cache is used without asking the hub, so that the model of an index stays the one that made
it. Else the hub is asked, after a look whether it can be reached at all: its library would try for 70 s.
Only data is fetched and opened: safetensors weights, never pickled ones, and no code.
"""

import json
import os
import re
import socket
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from vectorstore.errors import EncoderError
from vectorstore.settings import HubSettings

REACH_S = 2.0  # seconds that the hub, or the proxy before it, has to take a connection
ANSWER_S = 5.0  # seconds that it then has to answer
FETCHED = ["*.safetensors", "*.json", "*.txt", "*.model", "*.vocab", "*.tiktoken", "*.jinja"]
UNUSED = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*"]  # other backends' copies of the weights
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


def model_folder(name: str) -> Path:
    """The folder of the model that a setting names; raises EncoderError where there is none to be had."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        check_files(folder, name)
        return folder
    if not _HUB_NAME.fullmatch(name):
        raise EncoderError("store.model_folder_missing", name=name)
    folder = cached(_full_name(name)) or _fetched(_full_name(name))
    check_files(folder, name)
    return folder


def check_files(folder: Path, name: str) -> None:
    """Refuse a folder without a model, with pickled weights only, or that needs code of its own."""
    modules = folder / "modules.json"
    if not modules.is_file() and not (folder / "config.json").is_file():
        raise EncoderError("store.model_empty", name=name)
    if modules.is_file() and (code := _foreign_code(modules, name)):
        raise EncoderError("store.model_code", name=name, code=code)
    pickled = {path.parent for path in folder.rglob("pytorch_model*.bin")}
    if not _weights(folder) or any(not any(part.glob("*.safetensors")) for part in pickled):
        raise EncoderError("store.model_pickled", name=name)


def cached(name: str) -> Path | None:
    """The complete snapshot of a hub model in the hub's cache, or None; nothing is asked over the network."""
    quiet_libraries()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(
            snapshot_download(name, allow_patterns=FETCHED, ignore_patterns=UNUSED, local_files_only=True)
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    # The library knows an interrupted download by the listing it kept; an older cache has none to compare.
    return folder if _weights(folder) else None


def hub_reachable(endpoint: str, limit: float = REACH_S) -> bool:
    """Whether the hub, or the proxy that leads to it, takes a connection within `limit` seconds.

    In a thread of its own, because a look-up of the host's name knows no limit.
    """
    address = _first_stop(endpoint)
    taken = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection(address, timeout=limit):
                taken.set()
        except OSError:
            return

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(limit)
    return taken.is_set()


def quiet_libraries() -> None:
    """Before their import: no telemetry, no progress bars and no chatter of the model libraries."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _full_name(name: str) -> str:
    """Names without an organisation are those of the library itself, as it reads them."""
    return name if "/" in name else f"sentence-transformers/{name}"


def _fetched(name: str) -> Path:
    hub = HubSettings()
    if hub.offline:
        raise EncoderError("store.hub_offline", name=name)
    if not hub_reachable(hub.endpoint):
        raise EncoderError("store.hub_unreachable", name=name, endpoint=hub.endpoint)
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()  # in a terminal they stay: a large model takes minutes
    try:
        HfApi().model_info(name, timeout=ANSWER_S)  # a hub that takes connections and stays silent
        return Path(snapshot_download(name, allow_patterns=FETCHED, ignore_patterns=UNUSED))
    except (RepositoryNotFoundError, GatedRepoError, HFValidationError) as exc:
        raise EncoderError("store.model_unknown", name=name, endpoint=hub.endpoint) from exc
    except Exception as exc:  # the library's own, its HTTP client's, and the disk's
        problem = str(exc).strip().split("\n", 1)[0][:200]
        raise EncoderError("store.hub_failed", name=name, endpoint=hub.endpoint, problem=problem) from exc


def _first_stop(endpoint: str) -> tuple[str, int]:
    """(host, port) of the first machine on the way: the proxy of this scheme, or the hub itself."""
    target = urlsplit(endpoint)
    proxies = getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(target.hostname or ""):
        target = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        return target.hostname or "", target.port or {"https": 443, "socks5": 1080}.get(target.scheme, 80)
    return target.hostname or "", target.port or (80 if target.scheme == "http" else 443)


def _weights(folder: Path) -> list[Path]:
    return list(folder.rglob("*.safetensors"))


def _foreign_code(modules: Path, name: str) -> str | None:
    """The first module of a model that is not the library's own."""
    try:
        types = [str(module["type"]) for module in json.loads(modules.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as exc:
        raise EncoderError("store.encoder_broken", name=name, problem=f"modules.json: {exc}") from exc
    return next((type for type in types if not type.startswith("sentence_transformers.")), None)
