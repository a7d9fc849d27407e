"""A tiny real causal model of transformers: two layers, random weights, a tokenizer trained on our own text.

Its variants are folders that cannot be opened, each for a reason of its own.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorstore.torch_models import quiet_loading

ROOT = Path(__file__).resolve().parents[1]
VOCABULARY = 1_500
PAD, TURN, END = "<|pad|>", "<|turn|>", "<|end|>"
SPECIAL = 3  # of these, the first tokens
TEMPLATE = (
    "{% for message in messages %}" + TURN + "{{ message.role }}\n{{ message.content }}" + END + "\n"
    "{% endfor %}{% if add_generation_prompt %}" + TURN + "assistant\n{% endif %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}"
RAN = "ran"
CODE = """
from pathlib import Path

from transformers import LlamaConfig as TinyConfig, LlamaForCausalLM as TinyChat

Path(MARK).touch()
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a model is."""

    layers: int = 2
    hidden: int = 64
    between: int = 128
    heads: int = 4
    groups: int = 2


TINY = Shape()
BILLION = Shape(layers=16, hidden=2048, between=8192, heads=32, groups=8)


def build(folder: Path, seed: int = 0, shape: Shape = TINY, device: str = "cpu", bits: int = 32) -> Path:
    """Write a model that fits `shape` to `folder`: weights as safetensors, tokenizer, chat template."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = trained()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=shape.hidden, intermediate_size=shape.between,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.groups,
        max_position_embeddings=8192, tie_word_embeddings=False, initializer_range=0.05, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    with quiet_loading(), torch.random.fork_rng(), torch.device(device):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config).to(torch.bfloat16 if bits == 16 else torch.float32)
        # It never ends by chance: what is to end has an end of its own (ending_with), or a limit.
        model.generation_config.suppress_tokens = list(range(SPECIAL))
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_short(folder: Path, room: int, seed: int = 0) -> Path:
    """Write a model that fails at its `room`-th token: it has learnt no place beyond."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = trained()
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=room, n_embd=32, n_layer=1, n_head=2, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    with quiet_loading(), torch.random.fork_rng():
        torch.manual_seed(seed)
        GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def trained() -> Any:
    """A byte-level BPE tokenizer that has learnt from our README, our prompts and the bundled report."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[PAD, TURN, END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    bare.train_from_iterator(our_texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bare, eos_token=END, pad_token=PAD, additional_special_tokens=[TURN],
        chat_template=TEMPLATE, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def our_texts() -> Iterator[str]:
    """The texts of this repository that a visitor or a model reads."""
    for pattern in ("README.md", "prompts/*.toml", "ingest/report/*"):
        for path in sorted(ROOT.glob(pattern)):
            yield path.read_text(encoding="utf-8")


def without_template(folder: Path, copy: Path) -> Path:
    """A model that was never taught to talk."""
    shutil.copytree(folder, copy)
    (copy / "chat_template.jinja").unlink()
    return copy


def pickled(folder: Path, copy: Path) -> Path:
    """The same weights, pickled."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(folder, copy)
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    return copy


def without_system(folder: Path, copy: Path) -> Path:
    """A model whose template refuses a system message."""
    shutil.copytree(folder, copy)
    (copy / "chat_template.jinja").write_text(NO_SYSTEM + TEMPLATE, encoding="utf-8")
    return copy


def with_code(folder: Path, copy: Path) -> Path:
    """A model of a known architecture that brings code for it all the same; RAN lies where that has run."""
    shutil.copytree(folder, copy)
    (copy / "tiny.py").write_text(CODE.replace("MARK", repr(str(copy / RAN))), encoding="utf-8")
    classes = {"AutoConfig": "tiny.TinyConfig", "AutoModelForCausalLM": "tiny.TinyChat"}
    return configured(copy, auto_map=classes)


def with_needed_code(folder: Path, copy: Path) -> Path:
    """A model of an architecture that only code of its own knows."""
    return configured(with_code(folder, copy), model_type="tiny-of-its-own", architectures=["TinyChat"])


def quantised(folder: Path, copy: Path, method: str = "compressed-tensors", **options: Any) -> Path:
    """A model whose weights only a package reads that is not installed."""
    shutil.copytree(folder, copy)
    return configured(copy, quantization_config={"quant_method": method, **options})


def broken(folder: Path, copy: Path) -> Path:
    """A model of which half the weights have arrived."""
    shutil.copytree(folder, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    return copy


def ending_with(folder: Path, copy: Path, token: int) -> Path:
    """The same model, for which a token of its answers ends them, as several do for many models."""
    shutil.copytree(folder, copy)
    path = copy / "generation_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["eos_token_id"] = [config["eos_token_id"], token]
    path.write_text(json.dumps(config), encoding="utf-8")
    return copy


def configured(folder: Path, **fields: Any) -> Path:
    """Set fields of a model's configuration."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | fields), encoding="utf-8")
    return folder
