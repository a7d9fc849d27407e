"""The registry: who is let in, what a crash leaves, what other processes change, and exact origins."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from posts import ROOT, command

from bot.sites.access import allowed_origin, frame_ancestors
from bot.sites.changes import (
    add_key,
    add_site,
    make_secret,
    remove_site,
    revoke_key,
    rotate,
    set_disabled,
)
from bot.sites.errors import RegistryError, SiteError
from bot.sites.file import changing, read_rows
from bot.sites.origins import exact_origin
from bot.sites.registry import Registry
from bot.sites.secret import server_secret
from bot.sites.snippet import snippet
from bot.sites.types import Look, Site
from bot.web.fences import page_policy

ORIGIN = "https://cafe.example.kr"
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and permissions")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store" / "registry.sqlite3"


# Origins


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("https://example.kr", "https://example.kr"),
        ("HTTPS://Example.KR", "https://example.kr"),
        ("https://example.kr:443", "https://example.kr"),
        ("https://example.kr:08443", "https://example.kr:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.2:9001", "http://127.0.0.2:9001"),
        ("https://192.168.0.10", "https://192.168.0.10"),
        ("https://한글.kr", "https://xn--bj0bj06e.kr"),
        ("https://한글.kr", "https://xn--bj0bj06e.kr"),
        ("https://xn--bj0bj06e.kr", "https://xn--bj0bj06e.kr"),
        ("https://ｅｘａｍｐｌｅ。kr", "https://example.kr"),
    ],
)
def test_an_origin_is_kept_as_a_browser_sends_it(written: str, exact: str) -> None:
    assert exact_origin(written) == exact
    assert exact_origin(exact) == exact


@pytest.mark.parametrize(
    "written",
    [
        "", "null", "*", "https://*", "https://a.kr:*", "//a.kr", "https:a.kr", "javascript://a.kr", "ws://a.kr",
        "https://a.kr/", "https://a.kr/x", "https://a.kr?", "https://a.kr#", "https://a.kr\\@b.kr", "https://u:p@a.kr",
        "https://[::1]:1", "https://a..kr", "https://.a.kr", "https://a.kr.", "https://-a.kr", "https://a-.kr",
        "https://a_b.kr", "https://a.kr;script-src", "https://a.kr,https://b.kr", "https://a.kr'none'",
        "https://127.1", "https://2130706433", "https://0x7f.1", "https://0177.0.0.1", "https://1.2.3.256",
        "https://a.kr:0", "https://a.kr:65536", "https://a.kr:", "https://a.kr:-1", "https://a.kr:8 0",
        "https://a.kr:٤٤٣", "http://a.kr", "http://127.0.0.1.a.kr", "http://localhost.a.kr", "http://0.0.0.0",
        "https://a\u200d.kr", "https://fa\u00df.de", "https://a\u00ad\n.kr", "https://" + "a" * 64 + ".kr",
        "https://" + "a." * 127 + "kr", "https://a.kr" + "가" * 5_000, "https://\udcff.kr", "https://㎏/.kr",
    ],
)  # fmt: skip
def test_what_is_no_single_origin_is_refused(written: str) -> None:
    with pytest.raises(SiteError) as caught:
        exact_origin(written)
    assert len(str(caught.value).splitlines()) == 1


def test_an_origin_cannot_break_the_header_that_it_goes_into() -> None:
    chance = random.Random(1)
    for _ in range(3_000):
        text = "https://" + "".join(
            chance.choices("aZ.-:0 ;,'\"\\/\r\n\t한ß。＊％@[]*", k=chance.randrange(1, 12))
        )
        try:
            exact = exact_origin(text)
        except SiteError:
            continue
        assert exact.isascii() and not set(exact) & set(" ;,'\"\\\r\n\t*@")
        assert exact == exact_origin(exact)
        assert f"frame-ancestors {exact};" in page_policy((exact,))


SITE = Site("site_x", "카페", (ORIGIN, "https://xn--bj0bj06e.kr:8443"))
STRANGE = (
    None, "", "null", "*", "https://cafe.example.kr.evil.kr", "https://evil-cafe.example.kr", "https://cafe.example",
    "https://sub.cafe.example.kr", "https://cafe.example.kr:443", "https://cafe.example.kr:8443",
    "http://cafe.example.kr", "HTTPS://cafe.example.kr", "https://CAFE.example.kr", "https://cafe.example.kr.",
    "https://cafe.example.kr/", " https://cafe.example.kr", "https://cafe.example.kr\n", "https://한글.kr:8443",
    "https://xn--bj0bj06e.kr", "https://cafe.example.kr, https://cafe.example.kr", "cafe.example.kr",
)  # fmt: skip


def test_only_the_exact_origin_is_allowed() -> None:
    assert all(allowed_origin(SITE, origin) for origin in SITE.origins)
    assert [origin for origin in STRANGE if allowed_origin(SITE, origin)] == []


@pytest.mark.parametrize(
    "site", [None, Site("site_x", "카페", (ORIGIN,), disabled=True), Site("site_x", "카페", ())]
)
def test_no_site_a_disabled_one_and_one_without_origins_allow_nobody(site: Site | None) -> None:
    assert frame_ancestors(site) == ()
    assert not any(allowed_origin(site, origin) for origin in (*STRANGE, ORIGIN))


def test_a_page_may_be_framed_by_every_origin_of_its_site() -> None:
    assert frame_ancestors(SITE) == SITE.origins


# What is let in


def test_a_registry_that_is_not_there_holds_nothing_and_is_not_made_by_looking(file: Path) -> None:
    registry = Registry(file)
    assert registry.site("site_x") is None
    assert registry.key("fb_x") is None
    assert not registry.guarded
    assert (registry.all_sites(), registry.all_keys()) == ((), ())
    assert not file.parent.exists()


def test_a_site_is_found_by_its_whole_key_only(file: Path) -> None:
    site = add_site(file, "카페", [ORIGIN], Look(limit=7, corpus="마을"))
    registry = Registry(file)
    assert registry.site(site.id) == site
    chance = random.Random(2)
    others = [
        site.id[:-1],
        site.id + "A",
        site.id.swapcase(),
        "",
        "site_",
        "카페",
        "\udcff",
        "' OR 1=1 --",
        "%",
    ]
    others += [f"site_{chance.randbytes(11).hex()}" for _ in range(1_000)]
    assert [other for other in others if registry.site(other)] == []


def test_a_key_is_found_by_its_whole_text_only(file: Path) -> None:
    key = add_key(file, "서버")
    registry = Registry(file)
    found = registry.key(key)
    assert found is not None and found.name == "서버"
    hashes = found.hash
    others = [key[:-1], key + "A", key.swapcase(), "", "fb_", hashes, "서버", "\udcff", "\0", "A" * 10**6]
    assert [other[:20] for other in others if registry.key(other)] == []


def test_a_rotated_key_ends_with_its_grace_time_and_a_second_rotation_ends_it_at_once(file: Path) -> None:
    first = add_site(file, "카페", [ORIGIN]).id
    second, previous = rotate(file, "카페", grace=1, now=1_000_000.0)
    assert (previous.id, previous.until) == (first, 1_003_600.0)
    during, after = Registry(file, lambda: 1_003_599.0), Registry(file, lambda: 1_003_600.0)
    assert during.site(first) == during.site(second) is not None
    assert after.site(first) is None and after.site(second) is not None
    third, _ = rotate(file, "카페", grace=1, now=1_000_000.0)
    during = Registry(file, lambda: 1_000_001.0)
    assert [during.site(id) is None for id in (first, second, third)] == [True, False, False]


def test_the_last_key_that_is_revoked_does_not_open_the_api(file: Path) -> None:
    key = add_key(file, "서버")
    assert Registry(file).guarded
    revoke_key(file, "서버")
    registry = Registry(file)
    assert registry.key(key) is None
    assert registry.guarded


def test_the_day_of_the_last_use_is_noted_once_and_never_goes_back(file: Path) -> None:
    now = 1_800_000_000.0
    key = add_key(file, "서버")
    registry = Registry(file, lambda: now)
    assert registry.all_keys()[0].used is None
    assert registry.key(key) is not None
    assert read_rows(file)[1][0][3] == "2027-01-15"
    written = file.stat().st_mtime_ns
    assert registry.key(key) is not None
    assert file.stat().st_mtime_ns == written
    assert Registry(file, lambda: now - 86_400).key(key) is not None
    assert read_rows(file)[1][0][3] == "2027-01-15"
    assert Registry(file, lambda: now + 86_400).key(key) is not None
    assert read_rows(file)[1][0][3] == "2027-01-16"


@posix
def test_only_the_owner_may_read_what_is_written(file: Path) -> None:
    before = os.umask(0)
    try:
        add_site(file, "카페", [ORIGIN])
        server_secret(file)
    finally:
        os.umask(before)
    file.chmod(0o644)
    make_secret(file, "카페")
    assert {path.name: path.stat().st_mode & 0o077 for path in file.parent.iterdir()} == {
        "registry.sqlite3": 0,
        "registry.sqlite3.secret": 0,
        "registry.sqlite3.secret.lock": 0,
    }


def test_what_is_removed_or_replaced_leaves_no_trace(file: Path) -> None:
    add_site(file, "카페", [ORIGIN])
    secrets = [make_secret(file, "카페") for _ in range(3)]
    raw = file.read_bytes()
    assert [secret.encode() in raw for secret in secrets] == [False, False, True]
    remove_site(file, "카페")
    assert secrets[-1].encode() not in file.read_bytes()


def test_a_row_that_somebody_wrote_by_hand_lets_nobody_in_by_mistake(file: Path) -> None:
    site = add_site(file, "카페", [ORIGIN])
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE site SET origins = ?", ('["*", "https://*.kr", "null", 7, "https://a.kr; x"]',))
    found = Registry(file).site(site.id)
    assert found is not None and found.origins == ()
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE site SET look = '{'")
    with pytest.raises(RegistryError, match="손상"):
        Registry(file).site(site.id)


# Other processes


def test_what_another_process_changes_is_seen_within_a_second(file: Path) -> None:
    id, key = add_site(file, "카페", [ORIGIN]).id, add_key(file, "서버")
    registry = Registry(file)
    assert registry.site(id) is not None
    bot(file, "sites", "disable", "카페")
    assert within_a_second(lambda: registry.site(id) is None)
    bot(file, "sites", "enable", "카페")
    assert within_a_second(lambda: registry.site(id) is not None)
    assert registry.key(key) is not None
    bot(file, "keys", "revoke", "서버")
    assert within_a_second(lambda: registry.key(key) is None)


def bot(file: Path, *argv: str) -> None:
    """Run one of our commands on this registry."""
    assert command("-m", "bot", *argv, "--store", str(file.parent)).returncode == 0


def within_a_second(true: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_changes_that_follow_close_on_each_other_are_all_seen(file: Path) -> None:
    id = add_site(file, "카페", [ORIGIN]).id
    registry = Registry(file)
    for _ in range(2):  # each right after the file was read, maybe within one tick of its clock
        assert within_a_second(lambda: registry.site(id) is not None)
        set_disabled(file, "카페", True)
        assert within_a_second(lambda: registry.site(id) is None)
        set_disabled(file, "카페", False)


WRITER = """
import sys
from pathlib import Path
from bot.sites.changes import add_key, add_site
file, name = Path(sys.argv[1]), sys.argv[2]
print("준비", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[3])):
    add_site(file, f"{name}-{n}", ["https://cafe.example.kr"])
    add_key(file, f"{name}-{n}")
    print(n, flush=True)
"""


def writer(file: Path, name: str, count: int) -> "subprocess.Popen[str]":
    """A process that waits for a line and then adds sites and keys, and says when each is in."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), name, str(count)], cwd=ROOT, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_two_processes_that_change_it_at_once_lose_nothing(file: Path) -> None:
    with writer(file, "가", 25) as one, writer(file, "나", 25) as two:
        for process in (one, two):
            assert process.stdout is not None and process.stdout.readline() == "준비\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in (one, two):
            _, errors = process.communicate(timeout=60)
            assert (process.returncode, errors) == (0, "")
    expected = sorted(f"{name}-{n}" for name in "가나" for n in range(25))
    registry = Registry(file)
    assert sorted(site.name for site in registry.all_sites()) == expected
    assert sorted(key.name for key in registry.all_keys()) == expected
    assert len({site.id for site in registry.all_sites()}) == 50


@posix
def test_a_kill_at_any_moment_leaves_every_acknowledged_change_and_a_readable_file(file: Path) -> None:
    chance = random.Random(20)
    for trial in range(20):
        with writer(file, f"{trial}", 10_000) as process:
            assert process.stdout is not None and process.stdin is not None
            assert process.stdout.readline() == "준비\n"
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            acknowledged = len(process.stdout.read().splitlines())
            process.stdin.close()
        registry = Registry(file)  # it takes a half-written change back
        sites = {site.name for site in registry.all_sites() if site.name.startswith(f"{trial}-")}
        keys = {key.name for key in registry.all_keys() if key.name.startswith(f"{trial}-")}
        assert {f"{trial}-{n}" for n in range(acknowledged)} <= keys <= sites
        assert acknowledged <= len(keys) <= len(sites) <= acknowledged + 1
        with closing(sqlite3.connect(file)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        add_site(file, f"{trial} 뒤", [ORIGIN])


HALFWAY = """
import os, signal, sys
from pathlib import Path
from bot.sites.file import changing
with changing(Path(sys.argv[1])) as db:
    db.execute("UPDATE site SET disabled = 1")
    for n in range(60):  # more than SQLite holds in memory: the file itself is half changed
        db.execute("INSERT INTO key (name, hash, created) VALUES (?, ?, '')", (str(n), f"{n}" * 100_000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@posix
def test_a_change_that_is_cut_off_in_the_middle_is_taken_back_by_the_next_reader(file: Path) -> None:
    site = add_site(file, "카페", [ORIGIN])
    registry = Registry(file)
    assert registry.site(site.id) == site
    done = command("-c", HALFWAY, str(file))
    assert done.returncode == -signal.SIGKILL
    assert file.with_name(f"{file.name}-journal").stat().st_mode & 0o077 == 0
    assert file.stat().st_size > 1_000_000
    time.sleep(0.5)
    assert registry.site(site.id) == site
    assert Registry(file).site(site.id) == site
    assert Registry(file).all_keys() == ()
    set_disabled(file, "카페", True)
    assert Registry(file).site(site.id) is None


@posix
def test_a_kill_before_the_first_change_leaves_an_empty_registry(file: Path) -> None:
    code = HALFWAY.replace("UPDATE site SET disabled = 1", "SELECT 1").replace("range(60)", "range(0)")
    assert command("-c", code, str(file)).returncode == -signal.SIGKILL
    assert file.exists()
    assert Registry(file).all_sites() == ()
    add_site(file, "카페", [ORIGIN])
    assert len(Registry(file).all_sites()) == 1


def test_threads_may_share_a_registry_while_it_changes(file: Path) -> None:
    site, key = add_site(file, "카페", [ORIGIN]), add_key(file, "서버")
    registry = Registry(file)
    wrong: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found, opened = registry.site(site.id), registry.key(key)
            if found != site or opened is None or registry.site("site_none") is not None:
                wrong.append((found, opened))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for n in range(20):
        add_site(file, f"다른 {n}", [ORIGIN])
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert wrong == []


# A file that cannot be read


def test_a_lock_held_by_another_process_for_a_while_does_not_stop_the_server(file: Path) -> None:
    site = add_site(file, "카페", [ORIGIN])
    registry = Registry(file)
    assert registry.site(site.id) == site
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        time.sleep(0.5)
        assert registry.site(site.id) == site
        with pytest.raises(RegistryError, match="다른 프로세스"), changing(file, patience=0.1):
            pass
        with pytest.raises(RegistryError, match="다른 프로세스"):
            Registry(file).site(site.id)


def test_a_file_that_vanishes_or_breaks_under_a_server_closes_it_after_a_while(
    file: Path,
) -> None:
    add_key(file, "서버")
    site = add_site(file, "카페", [ORIGIN])
    for damage in (file.unlink, lambda: file.write_bytes(b"?" * 5_000)):
        patient, strict = Registry(file), Registry(file, stale=0.1)
        assert patient.guarded and strict.guarded
        held = file.read_bytes()
        damage()
        time.sleep(0.5)
        assert patient.site(site.id) == site
        for ask in (lambda strict=strict: strict.site(site.id), lambda strict=strict: strict.guarded):
            with pytest.raises(RegistryError):
                ask()
        file.write_bytes(held)
        assert strict.site(site.id) == site


def test_a_change_ends_no_lock_that_another_thread_of_this_process_holds(file: Path) -> None:
    add_site(file, "카페", [ORIGIN])
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError, match="다른 프로세스"), changing(file, patience=0.1):
            pass
        code = "import sys; from pathlib import Path; from bot.sites.changes import mark_used\n"
        done = command("-c", code + "mark_used(Path(sys.argv[1]), '', '')", str(file))
        assert "다른 프로세스" in done.stderr
        db.execute("COMMIT")


# The server's secret and the tag


def test_the_secret_of_the_server_is_made_once_by_whoever_comes_first(file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.sites.secret import server_secret\n"
        "print(server_secret(Path(sys.argv[1])).hex())"
    )
    argv = [sys.executable, "-c", code, str(file)]
    processes = [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(4)]
    made = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert made == {server_secret(file).hex()}
    assert len(made.pop()) == 64
    assert server_secret(file.with_name("other.sqlite3")) != server_secret(file)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_secret_that_is_cut_off_is_not_used(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.with_name(f"{file.name}.secret").write_bytes(content)
    with pytest.raises(RegistryError, match="비밀 파일이 손상"):
        server_secret(file)


def test_a_half_written_secret_of_a_crash_is_made_anew(file: Path) -> None:
    file.parent.mkdir()
    file.with_name(f"{file.name}.secret.new").write_bytes(b"half")
    assert len(server_secret(file)) == 32
    assert not file.with_name(f"{file.name}.secret.new").exists()


def test_the_tag_names_the_look_that_the_site_was_given() -> None:
    tag = '<script src="https://bot.kr/widget.js" data-site="site_x"{} async></script>'
    assert snippet("https://bot.kr", "site_x", look=Look()) == tag.format("")
    dark = Look(theme="dark", lang="en")
    assert snippet("https://bot.kr", "site_x", look=dark) == tag.format(' data-theme="dark" data-lang="en"')


def test_the_tag_pins_the_script_where_its_hash_is_known() -> None:
    assert snippet("https://bot.kr", "site_x", "1.2", 'sha384-a+/="><b>') == (
        '<script src="https://bot.kr/widget-1.2.js" integrity="sha384-a+/=&quot;&gt;&lt;b&gt;"'
        ' crossorigin="anonymous" data-site="site_x" async></script>'
    )


@pytest.fixture(autouse=True)
def _no_file_is_left_open(tmp_path: Path) -> Iterator[None]:
    yield
    folder = Path("/proc/self/fd")
    if folder.is_dir():
        held = [str(path.readlink()) for path in folder.iterdir() if path.is_symlink()]
        assert [name for name in held if name.startswith(str(tmp_path))] == []
