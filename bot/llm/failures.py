"""Why a model gave no answer: one exception, told apart by what can be done about it.

Libraries raise what they like, so an exception is judged by its HTTP status and its type's name.
"""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Literal

from prompts import say

Kind = Literal[
    "unreachable", "refused_key", "no_model", "too_many", "server", "request", "garbage", "cut", "empty",
    "slow_start", "stalled", "long", "memory", "resting", "full", "unsupported", "uncited", "loading",
]  # fmt: skip
_STATUS: dict[int, Kind] = {401: "refused_key", 403: "refused_key", 404: "no_model", 429: "too_many"}
_AGAIN = frozenset({"unreachable", "server", "too_many"})
_NETWORK = ("Connect", "Network", "Timeout", "ReadError", "WriteError", "RemoteProtocol", "Proxy")
_DEFAULT_PAUSE = 0.2  # seconds before the first of two retries, doubled for the second
_LONG = 3600.0  # seconds; a Retry-After beyond counts as this


class ModelError(Exception):
    """The model's answer cannot be used. `str()` is a Korean clause that holds nothing the model wrote."""

    def __init__(self, kind: Kind, retry_after: float | None = None) -> None:
        super().__init__(say(f"llm.why_{kind}"))
        self.kind: Kind = kind
        self.retry_after = retry_after
        """Seconds that the server asked to be left alone."""

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed a moment later."""
        return self.kind in _AGAIN


def judged(error: BaseException) -> ModelError:
    """What a library raised, as a ModelError."""
    if isinstance(error, ModelError):
        return error
    for cause in _causes(error):
        status = getattr(cause, "status_code", None)
        if isinstance(status, int) and status >= 400:
            kind = _STATUS.get(status, "server" if status >= 500 else "request")
            return ModelError(kind, _retry_after(error))
    names = [kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__]
    if "OutOfMemoryError" in names or isinstance(error, MemoryError):
        return ModelError("memory")
    if any(name.startswith(_NETWORK) or name == "OSError" for name in names):
        return ModelError("unreachable")
    return ModelError("garbage")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _retry_after(error: BaseException) -> float | None:
    """Seconds of a Retry-After header, in seconds or as a date, where one of the causes kept the response."""
    headers = (getattr(getattr(cause, "response", None), "headers", None) for cause in _causes(error))
    wanted = next((each["retry-after"] for each in headers if each and "retry-after" in each), "")
    try:
        seconds = float(wanted)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(wanted).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return None if isnan(seconds) else min(max(seconds, 0.0), _LONG)


def pause(error: ModelError, attempt: int) -> float:
    """Seconds before the next attempt, the first being 1."""
    return error.retry_after if error.retry_after is not None else _DEFAULT_PAUSE * 2 ** (attempt - 1)
