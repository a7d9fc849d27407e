"""A model by name or folder: a tiny real one stands in for the large ones."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_model
from posts import ROOT, command, town, write

from vectorstore.encoders import load_encoder
from vectorstore.errors import EncoderError, StoreError
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.model_encoder import ModelEncoder
from vectorstore.reader import Index
from vectorstore.settings import StoreSettings

TEXTS = ["도서관이 문을 연다.", "시장의 글", "나"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> ModelEncoder:
    return ModelEncoder(str(folder), "cpu")


def test_vectors_are_rows_of_unit_length(model: ModelEncoder) -> None:
    rows = model.encode_documents(TEXTS)
    assert (rows.shape, rows.dtype, model.dimension) == ((3, 32), np.float32, 32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    question = model.encode_query(TEXTS[0])
    assert (question.shape, question.dtype) == ((32,), np.float32)
    assert model.encode_documents([]).shape == (0, 32)


def test_the_prompts_of_the_model_are_put_before_questions_and_documents(
    model: ModelEncoder, folder: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    for text in TEXTS:
        asked, told, bare = (
            plain.encode(each, prompt="", normalize_embeddings=True)
            for each in (f"물음: {text}", f"글: {text}", text)
        )
        np.testing.assert_allclose(model.encode_query(text), asked, atol=1e-5)
        np.testing.assert_allclose(model.encode_documents([text])[0], told, atol=1e-5)
        assert np.abs(asked - told).max() > 1e-3
        assert np.abs(asked - bare).max() > 1e-3


def test_a_text_longer_than_the_model_reads_is_cut_and_not_an_error(model: ModelEncoder) -> None:
    assert np.isfinite(model.encode_query("가나다 " * 500)).all()


def test_the_fingerprint_is_the_same_in_another_place_and_another_with_other_weights(
    model: ModelEncoder, folder: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(folder, tmp_path / folder.name))
    assert ModelEncoder(str(moved), "cpu").fingerprint == model.fingerprint
    other = tiny_model.build(tmp_path / "other", seed=1)
    assert ModelEncoder(str(other), "cpu").fingerprint["revision"] != model.fingerprint["revision"]
    assert model.fingerprint["dimension"] == 32


def test_the_settings_choose_the_encoder(folder: Path) -> None:
    assert isinstance(load_encoder(StoreSettings()), KiwiEncoder)
    assert isinstance(load_encoder(StoreSettings(embedding=str(folder), device="cpu")), ModelEncoder)


def test_a_store_made_with_a_model_is_searched_with_it_and_with_no_other(
    model: ModelEncoder, encoder: KiwiEncoder, tmp_path: Path
) -> None:
    write(tmp_path / "store", model, *town())
    assert (
        Index(tmp_path / "store", model).search("산책로 공사는 언제 끝나나요?", 1)[0].chunk.article == "river"
    )
    with pytest.raises(StoreError) as caught:
        Index(tmp_path / "store", encoder)
    assert "forum-bot reindex" in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "weights", "configuration"])
def test_a_damaged_folder_is_one_korean_line_that_names_it(folder: Path, tmp_path: Path, damage: str) -> None:
    broken = tmp_path / "broken"
    if damage == "empty":
        broken.mkdir()
    else:
        shutil.copytree(folder, broken)
        name = "model.safetensors" if damage == "weights" else "config.json"
        (broken / name).write_bytes(b"{")
    with pytest.raises(EncoderError) as caught:
        ModelEncoder(str(broken), "cpu")
    line = str(caught.value)
    assert str(broken) in line
    assert "\n" not in line
    assert any("가" <= char <= "힣" for char in line)


def test_a_model_that_brings_code_of_its_own_is_refused_and_the_code_is_not_run(
    folder: Path, tmp_path: Path
) -> None:
    strange = Path(shutil.copytree(folder, tmp_path / "strange"))
    mark = tmp_path / "ran"
    (strange / "own_code.py").write_text(
        f"open({str(mark)!r}, 'w').close()\nclass Own: pass\n", encoding="utf-8"
    )
    modules = json.loads((strange / "modules.json").read_text(encoding="utf-8"))
    modules[0]["type"] = "own_code.Own"
    (strange / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(EncoderError):
        ModelEncoder(str(strange), "cpu")
    assert not mark.exists()


def test_a_device_that_is_not_there_is_one_korean_line(folder: Path) -> None:
    with pytest.raises(EncoderError, match="장치") as caught:
        ModelEncoder(str(folder), "quantum")
    assert "quantum" in str(caught.value)


def test_a_hub_name_without_network_fails_at_once_in_korean(tmp_path: Path) -> None:
    done = command(
        "-m", "vectorstore", "info", "--store", str(tmp_path), FORUM_BOT_EMBEDDING="no-such/model",
        HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub"),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "no-such/model" in line
    assert "HF_HUB_OFFLINE" in line


KIWI_FACES = """
import sys, warnings
from pathlib import Path
import numpy as np
from sentence_transformers import SentenceTransformer
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.kiwi_module import save_offline_model
folder = Path(sys.argv[1]) / "kiwi"
save_offline_model(folder)
try:
    SentenceTransformer(str(folder))
except ValueError as refused:
    assert "trust_remote_code" in str(refused)
else:
    raise AssertionError("code beside the library ran unasked")
model = SentenceTransformer(str(folder), trust_remote_code=True, device="cpu")
texts = ["도서관이 문을 연다.", "쀍롱텍 대표", "2024년 7월 5일", "AI 사업 " * 40, ""]
assert model.get_embedding_dimension() == 256
ours = KiwiEncoder().encode_documents(texts)
for face in (model.encode, model.encode_document, model.encode_query):
    assert np.abs(face(texts) - ours).max() < 1e-5, face
again = Path(sys.argv[1]) / "again"
model.save(str(again), create_model_card=False)
assert np.abs(SentenceTransformer(str(again), trust_remote_code=True).encode(texts) - ours).max() < 1e-5
print("same")
"""


def test_both_faces_of_the_offline_encoder_give_the_same_vectors(tmp_path: Path) -> None:
    done = command("-c", KIWI_FACES, str(tmp_path), HF_HUB_OFFLINE="1", PYTHONPATH=str(ROOT))
    assert done.stdout == "same\n", done.stderr
    # A folder of the offline encoder is served by it directly, without torch.
    code = (
        "import sys; from vectorstore.encoders import load_encoder\n"
        "from vectorstore.settings import StoreSettings\n"
        "made = load_encoder(StoreSettings()); print(made.name, 'torch' in sys.modules)"
    )
    served = command("-c", code, FORUM_BOT_EMBEDDING=str(tmp_path / "kiwi"))
    assert served.stdout == "kiwi False\n", served.stderr
