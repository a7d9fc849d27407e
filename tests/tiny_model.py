"""A tiny real sentence-transformers model: one layer, a vocabulary of letters, random weights."""

from pathlib import Path

LETTERS = "가나다라마바사아도서관시장물음글문을연다의이는:?."


def build(folder: Path, seed: int = 0) -> Path:
    """Write the model to `folder`; a question is put behind 물음:, a document behind 글:."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(seed)
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *LETTERS,
        *(f"##{letter}" for letter in LETTERS),
    ]
    bare = folder / "bare"
    bare.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(bare)
    tokenizer = BertTokenizerFast(
        vocab=str(folder / "vocab.txt"),
        do_lower_case=False,
        tokenize_chinese_chars=False,
        strip_accents=False,
    )
    tokenizer.save_pretrained(bare)
    model = SentenceTransformer(
        modules=[Transformer(str(bare)), Pooling(32)],
        prompts={"query": "물음: ", "document": "글: "},
        device="cpu",
    )
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"
