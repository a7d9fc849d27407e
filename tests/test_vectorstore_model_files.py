"""From the name of a model to its folder: folders, the hub's cache, and hubs that do not answer."""

import json
import shutil
import socket
import time
from pathlib import Path

import pytest
import tiny_model
from posts import command

from vectorstore.errors import EncoderError
from vectorstore.model_files import hub_reachable, model_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOAD = """
import sys
from vectorstore.model_encoder import ModelEncoder
model = ModelEncoder(sys.argv[1], "cpu")
print(model.fingerprint, model.encode_query("도서관").shape)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.build(tmp_path_factory.mktemp("tiny"))


def test_a_folder_is_taken_as_it_is(folder: Path) -> None:
    assert model_folder(str(folder)) == folder


@pytest.mark.parametrize("name", ["없는폴더", "a/b/c", "./none", "~/no such folder", ""])
def test_a_name_that_is_neither_folder_nor_hub_name_is_a_missing_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="폴더"):
        model_folder(name or str(tmp_path / "none"))


def test_pickled_weights_are_refused_unopened(folder: Path, tmp_path: Path) -> None:
    pickled = Path(shutil.copytree(folder, tmp_path / "pickled"))
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="safetensors"):
        model_folder(str(pickled))


def test_a_module_list_that_cannot_be_read_is_named(folder: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    (broken / "modules.json").write_text("[{}]", encoding="utf-8")
    with pytest.raises(EncoderError, match=r"modules\.json"):
        model_folder(str(broken))


def test_a_model_in_the_hubs_cache_is_used_without_asking_the_hub(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home" / "hub" / "models--some--model"
    shutil.copytree(folder, home / "snapshots" / COMMIT)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as hub:
        hub.settimeout(0.1)
        endpoint = f"http://127.0.0.1:{hub.getsockname()[1]}"
        done = command(
            "-c", LOAD, "some/model", HF_HOME=str(tmp_path / "home"), HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0"
        )
        expected = {"name": "some/model", "revision": COMMIT[:16], "dimension": 32}
        assert done.stdout == f"{expected} (32,)\n", done.stderr
        assert done.stderr == ""
        with pytest.raises(TimeoutError):
            hub.accept()


def test_a_hub_that_cannot_be_reached_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started = time.monotonic()
    done = command(
        "-m", "vectorstore", "info", "--store", str(tmp_path), FORUM_BOT_EMBEDDING="some/model",
        HF_HOME=str(tmp_path / "home"), HF_ENDPOINT=f"http://127.0.0.1:{port}", HF_HUB_OFFLINE="0",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert f"http://127.0.0.1:{port}에 연결할 수 없습니다" in line
    assert time.monotonic() - started < 10  # seconds, of which the interpreter's start takes the most


def test_a_hub_that_takes_connections_and_stays_silent_is_one_korean_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = command(
            "-c", "from vectorstore.cli import main; main(['info'])", FORUM_BOT_EMBEDDING="some/model",
            HF_HOME=str(tmp_path / "home"), HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0",
        )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert f"허브 {endpoint}에서 모델 some/model을 받지 못했습니다" in line


def test_a_look_at_the_hub_takes_no_longer_than_its_limit() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as hub:
        endpoint = f"http://127.0.0.1:{hub.getsockname()[1]}"
        assert hub_reachable(endpoint)
    assert not hub_reachable(endpoint)
    started = time.monotonic()
    hub_reachable("http://no-such-host.invalid", limit=0.3)
    assert time.monotonic() - started < 2


def test_the_proxy_is_looked_at_where_one_leads_to_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "inside.example.kr")
        assert hub_reachable("https://hub.example.invalid")
        assert not hub_reachable("https://inside.example.kr:1", limit=0.5)


def test_a_model_with_code_in_its_configuration_is_refused(folder: Path, tmp_path: Path) -> None:
    strange = Path(shutil.copytree(folder, tmp_path / "strange"))
    modules = json.loads((strange / "modules.json").read_text(encoding="utf-8"))
    modules.append({"idx": 2, "name": "2", "path": "", "type": "vectorstore.kiwi_module.KiwiModule"})
    (strange / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(EncoderError, match="KiwiModule"):
        model_folder(str(strange))
