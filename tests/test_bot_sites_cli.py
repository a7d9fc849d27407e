"""`forum-bot sites | keys`, as an operator at a terminal meets them."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from posts import command

from bot.cli import main
from bot.sites.registry import Registry

ORIGIN = "https://cafe.example.kr"
Output = pytest.CaptureFixture[str]


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    return "--store", str(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store" / "registry.sqlite3"


def listed(at: tuple[str, str], capsys: Output, half: str = "sites") -> list[dict[str, object]]:
    capsys.readouterr()
    assert main([half, "list", "--json", *at]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def refused(argv: list[str], capsys: Output, code: int = 1) -> str:
    """The one line that a failing command says."""
    capsys.readouterr()
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert re.search("[가-힣]", err)
    return err


def test_a_site_is_added_and_listed(at: tuple[str, str], file: Path, capsys: Output) -> None:
    argv = [
        "sites",
        "add",
        "동네카페",
        "--origin",
        "https://Cafe.example.KR:443",
        "--origin",
        "https://한글.kr",
    ]
    assert main([*argv, "--limit", "30", "--theme", "dark", "--corpus", "마을", *at]) == 0
    assert "site_" in capsys.readouterr().out
    (site,) = listed(at, capsys)
    assert re.fullmatch(r"site_[\w-]{22}", str(site["id"]), re.ASCII)
    assert site["origins"] == [ORIGIN, "https://xn--bj0bj06e.kr"]
    chosen = [site[name] for name in ("name", "limit", "theme", "lang", "corpus", "disabled", "secret")]
    assert chosen == ["동네카페", 30, "dark", "ko", "마을", False, False]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_table_says_in_korean_what_is_on_and_what_is_off(at: tuple[str, str], capsys: Output) -> None:
    assert main(["sites", "list", *at]) == 0
    assert "등록한 사이트가 없습니다" in capsys.readouterr().out
    for name in ("가", "나"):
        assert main(["sites", "add", name, "--origin", f"https://{name}.kr", *at]) == 0
    assert main(["sites", "disable", "나", *at]) == 0
    capsys.readouterr()
    assert main(["sites", "list", *at]) == 0
    heads, first, second = capsys.readouterr().out.splitlines()
    assert "공개 키" in heads
    assert first.startswith("켜짐") and " 가 · https://" in first
    assert second.startswith("꺼짐") and " 나 · https://" in second


def test_a_site_is_switched_off_and_on_and_removed(at: tuple[str, str], file: Path, capsys: Output) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    id = str(listed(at, capsys)[0]["id"])
    assert Registry(file).site(id) is not None
    assert main(["sites", "disable", "카페", *at]) == 0
    assert Registry(file).site(id) is None
    assert main(["sites", "enable", "카페", *at]) == 0
    assert Registry(file).site(id) is not None
    assert main(["sites", "remove", "카페", *at]) == 0
    assert Registry(file).site(id) is None
    assert listed(at, capsys) == []


def test_a_rotated_key_works_on_for_its_grace_time(at: tuple[str, str], file: Path, capsys: Output) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    first = str(listed(at, capsys)[0]["id"])
    assert main(["sites", "rotate", "카페", *at]) == 0
    said = capsys.readouterr().out
    second = str(listed(at, capsys)[0]["id"])
    assert first in said and second in said and first != second
    assert Registry(file).site(first) == Registry(file).site(second) is not None
    assert main(["sites", "rotate", "카페", "--grace", "0", *at]) == 0
    assert "이제 쓸 수 없으니" in capsys.readouterr().out
    assert Registry(file).site(first) is None
    assert Registry(file).site(second) is None


def test_a_secret_is_printed_once_and_never_listed(at: tuple[str, str], file: Path, capsys: Output) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    capsys.readouterr()
    assert main(["sites", "secret", "카페", *at]) == 0
    out, err = capsys.readouterr()
    secret = out.strip()
    assert len(secret) >= 43
    assert "다시 볼 수 없으니" in err
    (site,) = listed(at, capsys)
    assert site["secret"] is True
    assert main(["sites", "list", *at]) == 0
    assert secret not in json.dumps(site) + capsys.readouterr().out
    (kept,) = Registry(file).all_sites()
    assert kept.secret == secret
    assert secret not in repr(kept)


def test_the_snippet_is_one_tag(at: tuple[str, str], capsys: Output) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    id = listed(at, capsys)[0]["id"]
    for url in ("https://bot.example.kr/chat", "https://bot.example.kr/chat/"):
        assert main(["sites", "snippet", "카페", "--url", url, *at]) == 0
        tag = capsys.readouterr().out
        assert re.fullmatch(
            r'<script src="https://bot\.example\.kr/chat/widget-[0-9a-f]{12}\.js" '
            rf'integrity="sha384-[^"]{{64}}" crossorigin="anonymous" data-site="{id}" async></script>\n',
            tag,
        )


def test_a_key_is_printed_once_and_only_its_hash_is_kept(
    at: tuple[str, str], file: Path, capsys: Output
) -> None:
    assert main(["keys", "add", "서버", *at]) == 0
    out, err = capsys.readouterr()
    key = out.strip()
    assert re.fullmatch(r"fb_[\w-]{43}", key, re.ASCII)
    assert "Bearer" in err
    assert key.encode() not in file.read_bytes()
    assert [entry["name"] for entry in listed(at, capsys, "keys")] == ["서버"]
    found = Registry(file).key(key)
    assert found is not None and found.name == "서버"
    assert main(["keys", "revoke", "서버", *at]) == 0
    assert Registry(file).key(key) is None
    assert Registry(file).guarded
    assert main(["keys", "list", *at]) == 0
    assert "꺼짐  서버" in capsys.readouterr().out
    assert main(["keys", "add", "서버", *at]) == 0
    assert Registry(file).key(key) is None


def test_without_an_origin_it_is_a_usage_error_with_an_example(
    at: tuple[str, str], file: Path, capsys: Output
) -> None:
    assert "--origin https://" in refused(["sites", "add", "카페", *at], capsys, code=2)
    assert not file.exists()
    for argv in (["sites"], ["sites", "없는일"], ["sites", "add"], ["sites", "snippet", "카페"], ["keys"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("", "빈칸 없이"),
        ("https://a.kr https://b.kr", "빈칸 없이"),
        ("https://a.kr\nX: y", "빈칸 없이"),
        ("null", "https://로 시작하지"),
        ("*", "*를 쓸 수 없습니다"),
        ("https://*.example.kr", "*를 쓸 수 없습니다"),
        ("example.kr", "https://로 시작하지"),
        ("file:///etc", "https://로 시작하지"),
        ("http://example.kr", "localhost"),
        ("https://example.kr/", "경로"),
        ("https://example.kr?x", "경로"),
        ("https://me@example.kr", "사용자 이름"),
        ("https://[::1]", "IPv6"),
        ("https://example.kr.", "호스트 이름"),
        ("https://my_site.kr", "호스트 이름"),
        ("https://127.1", "호스트 이름"),
        ("https://", "호스트 이름"),
        ("https://example.kr:0", "포트"),
        ("https://example.kr:https", "포트"),
    ],
)
def test_a_bad_origin_is_one_korean_line_with_its_reason(
    at: tuple[str, str], file: Path, capsys: Output, origin: str, reason: str
) -> None:
    assert reason in refused(["sites", "add", "카페", "--origin", ORIGIN, "--origin", origin, *at], capsys)
    assert not file.exists()


@pytest.mark.parametrize(
    "extra",
    [
        ["--limit", "0"],
        ["--limit", "-5"],
        ["--limit", "많이"],
        ["--limit", "1.5"],
        ["--limit", "inf"],
        ["--limit", "9" * 4_000],
        ["--theme", "검정"],
        ["--lang", "fr"],
        ["--corpus", "../밖"],
        ["--corpus", ""],
        [part for n in range(21) for part in ("--origin", f"https://{n}.kr")],
    ],
)
def test_a_bad_option_is_one_short_korean_line(
    at: tuple[str, str], file: Path, capsys: Output, extra: list[str]
) -> None:
    line = refused(["sites", "add", "카페", "--origin", ORIGIN, *extra, *at], capsys)
    assert len(line) < 300
    assert not file.exists()


@pytest.mark.parametrize("name", ["", "   ", "가" * 61, "줄\n바꿈", "\x1b[31m", "\udcff"])
def test_a_bad_name_is_one_korean_line_everywhere(at: tuple[str, str], capsys: Output, name: str) -> None:
    assert "이름으로 쓸 수 없습니다" in refused(["sites", "add", name, "--origin", ORIGIN, *at], capsys)
    for argv in (["sites", "disable"], ["sites", "rotate"], ["sites", "remove"], ["keys", "add"]):
        assert "이름으로 쓸 수 없습니다" in refused([*argv, name, *at], capsys)
    assert "이름으로 쓸 수 없습니다" in refused(["sites", "snippet", name, "--url", ORIGIN, *at], capsys)


def test_a_name_that_is_taken_or_unknown_is_one_korean_line(at: tuple[str, str], capsys: Output) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    assert main(["keys", "add", "서버", *at]) == 0
    assert "이미 있습니다" in refused(["sites", "add", " 카페 ", "--origin", "https://b.kr", *at], capsys)
    assert "이미 있습니다" in refused(["keys", "add", "서버", *at], capsys)
    for what in ("disable", "enable", "rotate", "secret", "remove"):
        assert "sites list" in refused(["sites", what, "없음", *at], capsys)
    assert "sites list" in refused(["sites", "snippet", "없음", "--url", ORIGIN, *at], capsys)
    assert "keys list" in refused(["keys", "revoke", "없음", *at], capsys)
    assert [site["origins"] for site in listed(at, capsys)] == [[ORIGIN]]


@pytest.mark.parametrize(
    "url", ["", "bot", "http://bot.kr", "https://bot.kr/?a=1", 'https://bot.kr/"><script>']
)
def test_a_bad_address_of_the_bot_is_one_korean_line(at: tuple[str, str], capsys: Output, url: str) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    refused(["sites", "snippet", "카페", "--url", url, *at], capsys)


@pytest.mark.parametrize("grace", ["-1", "nan", "inf", "721", "하루"])
def test_a_bad_grace_time_changes_nothing(at: tuple[str, str], capsys: Output, grace: str) -> None:
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    before = listed(at, capsys)
    refused(["sites", "rotate", "카페", "--grace", grace, *at], capsys)
    assert listed(at, capsys) == before


def test_a_registry_that_is_broken_newer_or_a_folder_is_one_korean_line(
    at: tuple[str, str], file: Path, capsys: Output
) -> None:
    file.parent.mkdir()
    file.write_text("이것은 데이터베이스가 아닙니다. " * 40, encoding="utf-8")
    for argv in (["sites", "list"], ["sites", "add", "카페", "--origin", ORIGIN], ["keys", "list"]):
        assert "손상" in refused([*argv, *at], capsys)
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    assert "다른 버전" in refused(["sites", "list", *at], capsys)
    assert "다른 버전" in refused(["sites", "remove", "카페", *at], capsys)
    file.unlink()
    file.mkdir()
    assert str(file) in refused(["sites", "add", "카페", "--origin", ORIGIN, *at], capsys)


def test_another_file_may_be_named_by_a_variable(
    tmp_path: Path, at: tuple[str, str], capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_BOT_REGISTRY", str(tmp_path / "다른 곳" / "등록 #1?.sqlite3"))
    assert main(["sites", "add", "카페", "--origin", ORIGIN, *at]) == 0
    assert len(listed(at, capsys)) == 1
    assert [path.name for path in (tmp_path / "다른 곳").iterdir()] == ["등록 #1?.sqlite3"]
    assert not (tmp_path / "store").exists()


def test_the_commands_load_nothing_heavy_and_bring_nothing_into_the_store(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.cli import main\n"
        "assert main(['sites', 'list']) == 0\n"
        "heavy = {'torch', 'gradio', 'chromadb', 'langchain_core', 'fastapi', 'numpy'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = command("-c", code, FORUM_BOT_STORE=str(tmp_path / "store"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "store").exists()
