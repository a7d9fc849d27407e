"""Encoding on a GPU against the CPU: `python benchmarks/encode_gpu.py [--try]`.

The model has bge-m3's shape (XLM-RoBERTa large: 24 layers, 1,024 numbers, CLS pooling) with random weights
built on the spot, so nothing is downloaded. Its vocabulary is small, which costs no time: looking a token
up is not what takes long. It goes the product's way, by folder through `ModelEncoder`. `--try` compares a
tiny model on the CPU with itself, where no GPU is at hand.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "tests" / "data" / "paraphrase.jsonl"
CLOSE = 1e-3  # how far a number of a vector may be apart


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a model."""

    layers: int
    hidden: int
    heads: int
    inner: int


BGE_M3 = Shape(24, 1024, 16, 4096)
TINY = Shape(2, 32, 2, 64)


def figures() -> Iterator[str]:
    """The lines of the comparison; one line where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        yield "gpu: not measured, PyTorch sees no GPU here"
        return
    yield f"gpu: {torch.cuda.get_device_name(0)}, a model of bge-m3's shape with random weights"
    yield from compared(BGE_M3, "cuda", many=2_000, few=32)


def compared(shape: Shape, device: str, many: int, few: int) -> Iterator[str]:
    """Chunks a second on `device` (`many`) and on the CPU (`few`), and how far their vectors are apart."""
    import numpy as np

    from vectorstore.model_encoder import ModelEncoder

    texts = chunks(many)
    with tempfile.TemporaryDirectory(prefix="forum-bot-gpu-") as folder:
        build(Path(folder), shape)
        speeds, vectors = [], []
        for name, some in ((device, texts), ("cpu", texts[:few])):
            encoder = ModelEncoder(str(folder), name)
            encoder.encode_documents(some[:8])  # once unmeasured: kernels load on first use
            started = time.perf_counter()
            vectors.append(encoder.encode_documents(some))
            speeds.append(len(some) / (time.perf_counter() - started))
            letters = sum(map(len, some)) / len(some)
            yield f"gpu: {name:5} {speeds[-1]:10,.1f} chunks/s of {letters:.0f} letters"
        apart = float(np.abs(vectors[0][:few] - vectors[1]).max())
    yield f"gpu: {speeds[0] / speeds[1]:.1f} times as fast"
    yield f"gpu: vectors at most {apart:.1e} apart, {'ok' if apart <= CLOSE else 'MISSED'} (<= {CLOSE:g})"


def chunks(count: int) -> list[str]:
    """That many different texts: the passages of the test data, numbered where they repeat."""
    lines = TEXTS.read_text(encoding="utf-8").splitlines()
    passages = list(dict.fromkeys(json.loads(line)["passage"] for line in lines))
    return [f"{n // len(passages)} {passages[n % len(passages)]}" for n in range(count)]


def build(folder: Path, shape: Shape) -> None:
    """Write a sentence-transformers model of that shape, with seeded random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(0)
    inner = folder / "transformer"
    tokenizer = trained_tokenizer()
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), num_hidden_layers=shape.layers, hidden_size=shape.hidden,
        num_attention_heads=shape.heads, intermediate_size=shape.inner, max_position_embeddings=514,
        bos_token_id=0, pad_token_id=1, eos_token_id=2,
    )  # fmt: skip
    XLMRobertaModel(config).eval().save_pretrained(inner)
    tokenizer.save_pretrained(inner)
    transformer = Transformer(str(inner), max_seq_length=512)
    pooling = Pooling(shape.hidden, pooling_mode="cls")
    model = SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)


def trained_tokenizer():  # type: ignore[no-untyped-def]
    """A small Unigram tokenizer with XLM-RoBERTa's special tokens, trained on the test passages."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=4_000, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(chunks(84), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        cls_token="<s>", sep_token="</s>",
    )  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for text in compared(TINY, "cpu", many=64, few=16) if "--try" in sys.argv else figures():
        print(text)
