"""A chat model from a folder or the hub, run by transformers in this process.

LangChain's own pipeline class echoes the prompt, ignores stop strings and goes on after a cancelled stream,
so this one is ours. PyTorch is imported when a model is opened.
"""

import asyncio
import atexit
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from bot.llm.choice import ModelSettingError
from vectorstore.model_files import model_folder
from vectorstore.torch_models import choose_device, in_plain_words, out_of_memory, quiet_loading, set_threads

EXIT_S = 10.0  # seconds that the process waits at its end for a token that is being computed
ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class LocalChat(BaseChatModel):
    """A causal language model with a chat template. Many calls may run at the same time, each in a thread."""

    name_or_folder: str
    device: str
    max_tokens: int = 400
    temperature: float = 0.0
    """0 always takes the likeliest token."""

    _model: Any = PrivateAttr()
    _tokenizer: Any = PrivateAttr()

    @classmethod
    def open(
        cls, name: str, device: str | None = None, threads: int | None = None, max_tokens: int = 400
    ) -> "LocalChat":
        """Load the weights. Raises ModelSettingError, EncoderError."""
        folder = model_folder(name)
        place = choose_device(device)
        set_threads(place, threads)
        chat = cls(name_or_folder=name, device=place, max_tokens=max_tokens)
        with in_plain_words(name, place), quiet_loading():
            from transformers import AutoModelForCausalLM, AutoTokenizer

            only = {"local_files_only": True, "trust_remote_code": False}
            chat._tokenizer = AutoTokenizer.from_pretrained(folder, **only)
            chat._model = AutoModelForCausalLM.from_pretrained(
                folder, use_safetensors=True, **_weights(folder, place), **only
            ).eval()  # type: ignore[no-untyped-call]
            if not _is_quantised(folder):
                chat._model.to(place)
        if not chat._tokenizer.chat_template:
            raise ModelSettingError("llm.no_template", model=name)
        return chat

    @property
    def _llm_type(self) -> str:
        return "forum-bot-local"

    def get_num_tokens(self, text: str) -> int:
        """How many tokens a text has, by the model's own tokenizer."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        chunks = list(self._stream(messages, stop))
        text = "".join(str(chunk.message.content) for chunk in chunks)
        info = chunks[-1].generation_info or {}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text), generation_info=info)])

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        import queue

        arrived: queue.SimpleQueue[_Piece] = queue.SimpleQueue()
        job = _Job(self, messages, stop or [], arrived.put)
        job.start()
        try:
            while (piece := arrived.get()).text is not None:
                yield _chunk(piece.text)
            yield piece.ending()
        finally:
            job.cancelled.set()
            job.join()

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:  # fmt: skip
        arrived: asyncio.Queue[_Piece] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        job = _Job(
            self, messages, stop or [], lambda piece: loop.call_soon_threadsafe(arrived.put_nowait, piece)
        )
        job.start()
        try:
            while (piece := await arrived.get()).text is not None:
                yield _chunk(piece.text)
            yield piece.ending()
        finally:
            job.cancelled.set()

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        text, info = "", {}
        async with aclosing(self._astream(messages, stop)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                text += str(chunk.message.content)
                info = chunk.generation_info or {}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text), generation_info=info)])


class _Piece:
    """A piece of the text; without one, the end: why it ended, or what went wrong."""

    def __init__(self, text: str | None, reason: str = "", error: Exception | None = None) -> None:
        self.text, self._reason, self._error = text, reason, error

    def ending(self) -> ChatGenerationChunk:
        if self._error is not None:
            raise self._error
        return _chunk("", self._reason)


def _chunk(text: str, reason: str | None = None) -> ChatGenerationChunk:
    info = {"finish_reason": reason} if reason is not None else None
    return ChatGenerationChunk(message=AIMessageChunk(content=text), generation_info=info)


class _Job(threading.Thread):
    """One generation, in a thread of its own, that ends at the next token once it is cancelled."""

    def __init__(
        self,
        chat: LocalChat,
        messages: Sequence[BaseMessage],
        stop: Sequence[str],
        put: Callable[[_Piece], Any],
    ) -> None:
        super().__init__(name="forum-bot-generate", daemon=True)
        self._chat, self._messages, self._stops, self._put = chat, messages, stop, put
        self.cancelled = threading.Event()
        self._held = ""
        self._stopped = False
        self._tokens = 0

    def run(self) -> None:
        """Generate, put the pieces and the end."""
        atexit.register(self._quit)
        try:
            self._generate()
            reason = "length" if self._tokens >= self._chat.max_tokens and not self._stopped else "stop"
            self._tell(_Piece(None, reason))
        except Exception as exc:  # noqa: BLE001 - whatever it is, the one who reads the pieces raises it
            self._tell(_Piece(None, error=MemoryError(str(exc)) if out_of_memory(exc) else exc))
        finally:
            atexit.unregister(self._quit)

    def _quit(self) -> None:
        """End before the interpreter does: PyTorch aborts a process that exits while it computes."""
        self.cancelled.set()
        self.join(EXIT_S)

    def _generate(self) -> None:
        import torch
        from transformers import StoppingCriteriaList

        chat = self._chat
        inputs = _prompt(chat._tokenizer, self._messages).to(chat.device)
        sampled = (
            {"do_sample": True, "temperature": chat.temperature} if chat.temperature else {"do_sample": False}
        )
        with torch.inference_mode():
            ids = chat._model.generate(
                **inputs, max_new_tokens=chat.max_tokens, streamer=_streamer(chat._tokenizer, self._say),
                stopping_criteria=StoppingCriteriaList([self._ended]), **sampled,
                pad_token_id=chat._tokenizer.pad_token_id or chat._tokenizer.eos_token_id,
            )  # fmt: skip
        self._say("", end=True)
        self._stopped = self._stopped or int(ids[0, -1]) in _ends(chat._model)

    def _ended(self, ids: Any, scores: Any, **kwargs: Any) -> Any:
        """Whether to stop, for each sequence of the batch, shape (1,)."""
        import torch

        self._tokens += 1
        return torch.full((ids.shape[0],), self.cancelled.is_set() or self._stopped, device=ids.device)

    def _say(self, text: str, end: bool = False) -> None:
        """Put what is certain not to begin a stop string; what follows one is not said."""
        if self._stopped:
            return
        self._held += text.replace(
            "\N{REPLACEMENT CHARACTER}", ""
        )  # bytes that are no letter, or half of one
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        self._stopped = bool(found)
        cut = min(found) if found else len(self._held) - (0 if end else _begun(self._held, self._stops))
        said, self._held = self._held[:cut], self._held[cut:]
        if said:
            self._tell(_Piece(said))

    def _tell(self, piece: _Piece) -> None:
        """Put a piece, unless nobody listens any more: the call is cancelled, or its event loop closed."""
        try:
            if not self.cancelled.is_set():
                self._put(piece)
        except RuntimeError:
            self.cancelled.set()


def _prompt(tokenizer: Any, messages: Sequence[BaseMessage]) -> Any:
    """The token ids of a conversation, shape (1, tokens), as the model's own template writes it."""
    from jinja2 import TemplateError

    told = [{"role": ROLES[message.type], "content": message.text} for message in messages]
    options = {"add_generation_prompt": True, "return_tensors": "pt", "return_dict": True}
    try:
        return tokenizer.apply_chat_template(told, enable_thinking=False, **options)
    except TemplateError:
        if told[0]["role"] != "system" or len(told) == 1:
            raise
    # Templates as Gemma 2's refuse a system message: it goes before the first question.
    first = {**told[1], "content": f"{told[0]['content']}\n\n{told[1]['content']}"}
    return tokenizer.apply_chat_template([first, *told[2:]], enable_thinking=False, **options)


def _ends(model: Any) -> Sequence[int]:
    """The tokens that end an answer."""
    ids = model.generation_config.eos_token_id
    return ids if isinstance(ids, list) else [ids]


def _begun(text: str, stops: Sequence[str]) -> int:
    """The length of the longest end of a text that begins a stop string."""
    return max(
        (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size])), default=0
    )


def _streamer(tokenizer: Any, say: Callable[[str], None]) -> Any:
    """A streamer of transformers that hands each finished piece to `say`."""
    from transformers import TextStreamer

    class Pieces(TextStreamer):
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                say(text)

    return Pieces(tokenizer, skip_prompt=True, skip_special_tokens=True)


def _is_quantised(folder: Any) -> bool:
    import json

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return "quantization_config" in config


def _weights(folder: Any, device: str) -> dict[str, Any]:
    """In which numbers the weights are held: as they are if quantised; else 16 bits where those are fast."""
    import torch

    if _is_quantised(folder):
        return {"dtype": "auto", "device_map": {"": device}}
    if device.startswith("cuda"):
        return {"dtype": torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16}
    if device == "mps":
        return {"dtype": torch.float16}
    has_mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    fast = has_mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return {"dtype": torch.bfloat16 if fast else torch.float32}
