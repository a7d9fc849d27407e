"""What gets out: the rows D3, D4, D5 and C1 of the security table, against the server as it is run.

One `forum-bot serve` answers all questions here: with a language model that misbehaves, canaries in its key
and in the questions, and every connection of the process written down, in Python and by the system.
"""

import ast
import base64
import hashlib
import html
import http.client
import json
import os
import random
import re
import shutil
import signal
import string
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import pytest
from llm_asking import KEY, TOLD, told
from llm_stub import Stub
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from web_bot import LibraryBot
from web_process import served
from web_server import Reply, Site, events, inside
from web_sites import registered, shown

from bot.feedback import entries, feedback_file
from bot.journal import escaped
from bot.web.types import WebSettings

ROOT = Path(__file__).resolve().parents[1]
ASKED = "canaryquestion41c8"  # letters and digits: the page writes all other signs as entities
JSON = ("Content-Type", "application/json")

# Run in place of `python -m MODULE`: writes down every connection and every name that is looked up.
WATCHED = """
import atexit, os, runpy, sys
out, module = sys.argv[1:3]
sys.argv = [module, *sys.argv[3:]]
near = ("127.", "::1", "localhost")
def note(event, args):
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        far = isinstance(address, tuple) and not str(address[0]).startswith(near)
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        address = args[0]
        name = address.decode() if isinstance(address, bytes) else address
        far = bool(name) and not name.startswith(near)
    else:
        return
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, f"{'far' if far else 'near'} {event} {address!r}\\n".encode())
    os.close(handle)
def told():
    names = ("GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "ANONYMIZED_TELEMETRY")
    with open(out + ".env", "w") as file:
        print(*(os.environ.get(name) for name in names), file=file)
atexit.register(told)
sys.addaudithook(note)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def command(folder: Path, name: str, module: str, *argv: str) -> list[str]:
    """The command, watched: in Python always, by the system where strace works."""
    traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect", "-o"]
    watched = [sys.executable, "-c", WATCHED, str(folder / f"{name}.python"), module, *argv]
    return [*(*traced, str(folder / f"{name}.strace")), *watched] if strace_works() else watched


def strace_works() -> bool:
    return shutil.which("strace") is not None and works("strace", "-f", "--seccomp-bpf", "true")


def works(*argv: str) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


@dataclass
class Story:
    """What was asked of the server and what came of it."""

    folder: Path
    started: bool = False
    replies: list[Reply] = field(default_factory=list)
    chats: list[Reply] = field(default_factory=list)
    pages: list[Reply] = field(default_factory=list)
    operators: list[Reply] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def printed(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The bundled report taken in, a server started on it, and everything below asked."""
    folder = tmp_path_factory.mktemp("story")
    made = Story(folder)
    with Stub(reply=told, stall=3.0) as stub:
        env = {
            **os.environ, "PYTHONUNBUFFERED": "1", "FORUM_BOT_STORE": str(folder / "store"),
            "FORUM_BOT_LLM": "openai:stub", "FORUM_BOT_LLM_URL": stub.url + "/v1", "FORUM_BOT_LLM_KEY": KEY,
            "FORUM_BOT_LLM_FIRST": "0.5", "FORUM_BOT_LLM_BETWEEN": "0.5", "FORUM_BOT_VISITOR_LIMIT": "none",
            "FORUM_BOT_KEY_LIMIT": "none", "FORUM_BOT_LIMIT": "none", "FORUM_BOT_ADMIN_PORT": "0",
            "FORUM_BOT_LOG": "json",
        }  # fmt: skip
        alone = ["unshare", "-rn"] if works("unshare", "-rn", "true") else []
        subprocess.run(
            [*alone, *command(folder, "ingest", "ingest")],
            cwd=ROOT, env=env, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        with (folder / "out").open("w") as out, (folder / "log").open("w") as log:
            argv = command(folder, "serve", "bot", "serve", "--port", "0")
            process = subprocess.Popen(
                argv, cwd=ROOT, env=env, stdout=out, stderr=log, start_new_session=True
            )
            try:
                site, admin = ports(folder / "out", process)
                site.wait_ready(60)
                tell(made, stub, site, admin)
            finally:
                os.killpg(process.pid, signal.SIGTERM)  # strace itself takes no signal
                process.wait(timeout=40)
        made.started = True
        made.prompts = [
            str(message["content"])
            for request in stub.requests
            for message in (request.body or {}).get("messages", ())
            if message["role"] == "system"
        ]
    yield made


def ports(out: Path, process: subprocess.Popen[bytes]) -> list[Site]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        found = dict.fromkeys(re.findall(r"127\.0\.0\.1:(\d+)", out.read_text(encoding="utf-8")))
        if len(found) == 2:
            return [Site(int(port)) for port in found]
        time.sleep(0.05)
    raise TimeoutError(out.with_name("log").read_text(encoding="utf-8"))


# F1 to F4: the model's server refuses, is slow, sends garbage, or breaks off.
FAULTS = (
    "reset", "slow_first", "stall", "html", "bad_json", "missing_choices", "wrong_types", "long_line",
    "bad_utf8", "nan", "429", "500", "503", "401", "403", "404", "400", "half_stream", "half_hangul",
    "no_done", "double_end", "reset_mid", "error_mid", "redirect", "empty", "repeats",
)  # fmt: skip
# B5: what other programs would run.
CODE = (
    "' OR 1=1 --", "{{7*7}}", "{0.__class__}", "{question}", "${jndi:ldap://127.0.0.1/a}", "../../etc/passwd",
    "\r\nSet-Cookie: a=b", "=cmd|' /C calc'!A0", '<!ENTITY x SYSTEM "file:///etc/passwd">', "%s%n", "$(id)",
    "\x1b[2J\x1b]0;x\x07", "\u202e\u2066", "\x00\x07\x08\x9b31m", "<img src=x onerror=alert(1)>", "`id`",
)  # fmt: skip


def tell(story: Story, stub: Stub, site: Site, admin: Site) -> None:
    """Ask everything, each fault with a good answer behind it, so that the breaker stays closed."""
    questions = list(TOLD)
    for number, fault in enumerate(FAULTS):
        for mode in (fault, "good"):
            stub.mode = mode
            asked = {"question": f"{questions[number % len(questions)]} {ASKED}"}
            story.chats.append(site.post("/api/chat", asked))
    stub.mode = "500"
    story.chats.append(site.post("/api/chat", {"question": f"{questions[0]} {ASKED}", "history": []}))
    for stream in (False, True):
        message = {"role": "user", "content": f"{questions[0]} {ASKED}"}
        body = {"model": "forum-bot", "messages": [message], "stream": stream}
        story.replies.append(site.post("/v1/chat/completions", body))
    stub.mode = "good"
    bad_input(story, site)
    story.pages = [site.get("/"), site.get("/config"), site.get("/embed"), site.get("/theme.css")]
    story.pages.append(on_the_page(site, "watched0page", f"{questions[0]} {ASKED}"))
    story.operators = [admin.get("/metrics"), admin.get("/status"), admin.get("/readyz")]


def bad_input(story: Story, site: Site) -> None:
    """B1 and B5, each text with the canary, as a question and in other places."""
    chance = random.Random(20260701)
    ranges = (
        (0, 0x20), (0x80, 0x9F), (0x1100, 0x11FF), (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x200B, 0x202E),
        (0xE0000, 0xE007F), (0xD800, 0xDFFF),
    )  # fmt: skip
    noise = [
        "".join(chr(chance.randint(*chance.choice(ranges))) for _ in range(chance.randint(1, 60)))
        for _ in range(20)
    ]
    for text in (*CODE, *noise):
        asked = json.dumps({"question": f"{text} {ASKED}"}).encode()
        story.replies.append(site.send("POST", "/api/chat", asked, [JSON]))
    for text in CODE:
        shaped = {"question": 5, ASKED: text, "history": [[text, ASKED]]}
        story.replies.append(site.post("/api/chat", shaped))
        story.replies.append(site.post("/api/token", {"site": f"{text}{ASKED}"}))
        story.replies.append(site.send("POST", "/api/chat", f'{{"{ASKED}'.encode(), [JSON]))
        path = "".join(f"%{byte:02x}" for byte in f"{text}{ASKED}".encode())
        story.replies += [site.get(f"/{path}"), site.get(f"/assets/{path}"), site.get(f"/embed?site={path}")]
        story.replies.append(site.get(f"/embed/evidence?article={path}&start=0&end=1"))
        story.replies.append(site.get(f"/gradio_api/queue/data?session_hash={path}"))


def on_the_page(site: Site, session: str, question: str) -> Reply:
    """What the page's own queue sends for a question."""
    asked = {"data": [question, []], "event_data": None, "fn_index": 1, "session_hash": session}
    assert site.post("/gradio_api/queue/join", asked).status == 200
    return site.get(f"/gradio_api/queue/data?session_hash={session}")


# D3: what is a secret, or a visitor's, is in nothing that others read.


def told_of(story: Story) -> dict[str, str]:
    """Everything that came out of the server, by where."""
    every = [*story.chats, *story.replies, *story.pages, *story.operators]
    bodies = {f"reply {number}": html.unescape(reply.body.decode()) for number, reply in enumerate(every)}
    headers = {f"headers {number}": str(reply.headers) for number, reply in enumerate(every)}
    return {**bodies, **headers, "stdout": story.printed("out"), "log": story.printed("log")}


def test_d3_the_story_met_the_faults(story: Story) -> None:
    assert len(story.chats) == 2 * len(FAULTS) + 1 >= 50
    answers = [dict(events(reply))["answer"] for reply in story.chats]
    assert [answer["mode"] for answer in answers[1:-1:2]] == ["generative"] * len(FAULTS)
    assert sum(answer["fallback"] is not None for answer in answers) >= 20
    assert {reply.status for reply in story.replies} <= {200, 400, 403, 404, 413, 422}


def test_d3_the_key_is_in_nothing_that_comes_out(story: Story) -> None:
    assert [place for place, text in told_of(story).items() if KEY in text] == []
    kept = [path for path in (story.folder / "store").rglob("*") if path.is_file()]
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def test_d3_what_the_model_is_told_is_in_nothing_that_comes_out(story: Story) -> None:
    lines = {line.strip() for prompt in story.prompts for line in prompt.splitlines()}
    lines = {line for line in lines if len(line) > 15}
    assert lines
    found = [(place, line) for place, text in told_of(story).items() for line in lines if line in text]
    assert found == []


def test_d3_a_question_is_in_its_own_answer_alone(story: Story) -> None:
    private = {"stdout": story.printed("out"), "log": story.printed("log")}
    private |= {f"operator {number}": reply.body.decode() for number, reply in enumerate(story.operators)}
    private |= {f"error {number}": reply.body.decode() for number, reply in enumerate(story.replies)
                if reply.status != 200}  # fmt: skip
    private |= {f"page {number}": reply.body.decode() for number, reply in enumerate(story.pages[:4])}
    for number, reply in enumerate([*story.chats, *(one for one in story.replies if is_chat(one))]):
        for name, data in events(reply):
            own = {**data, "question": "", "standalone": ""} if name == "answer" else data
            private[f"event {number} {name}"] = json.dumps(own, ensure_ascii=False)
    assert [place for place, text in private.items() if ASKED in text] == []


def is_chat(reply: Reply) -> bool:
    """Whether it is a stream of our own chat route."""
    return reply.body.startswith(b"event: ")


def test_d3_no_question_is_written_to_the_disk(story: Story) -> None:
    kept = [path for path in (story.folder / "store").rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if ASKED.encode() in path.read_bytes()] == []


def test_d3_no_answer_tells_of_the_inside(story: Story) -> None:
    inside_words = re.compile(r"Traceback|File \"|site-packages|/store/|" + re.escape(str(story.folder)))
    every = [*story.chats, *story.replies, *story.pages[4:], *story.operators]
    assert [reply.body for reply in every if inside_words.search(reply.body.decode())] == []


def test_d3_every_line_of_the_log_is_json_and_does_nothing_to_a_terminal(story: Story) -> None:
    lines = story.printed("log").split("\n")[:-1]
    for line in lines:
        assert {"time", "level", "logger", "event"} <= set(json.loads(line)), line
        assert escaped(line) == line
    for line in story.printed("out").splitlines():
        assert escaped(line) == line


def test_d3_a_crash_leaves_no_question_in_the_log(crowd: "Crowd") -> None:
    lines = [json.loads(line) for line in crowd.log.splitlines()]
    assert len(lines) >= 4  # a crash each
    assert not [line for line in lines if "queue/data" in str(line)]  # a session that is unknown is none
    for text in (crowd.log, crowd.numbers, *(html.unescape(reply.body.decode()) for reply in crowd.crashed)):
        assert "secret" not in text and "Traceback" not in text and "\x1b" not in text
    for text in (crowd.log, crowd.numbers, *(reply.body.decode() for reply in crowd.crashed[:-1])):
        assert ASKED not in text


# D4: nobody reads what is another's.


LETTERS = string.ascii_lowercase + string.digits


OWN, OTHERS = "k3x9q0v7m2a", "p8w1z5c4n6b"  # as the page makes them
MARKS = {OWN: "canarytabone", OTHERS: "canarytabtwo"}


@dataclass
class Crowd:
    """A server that crashes over some questions, with two visitors, and others who guess their sessions."""

    crashed: list[Reply]
    streams: dict[str, str]
    read: list[Reply]
    replays: list[str]
    numbers: str
    log: str


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    with served({"pace": 0.2}, admin_port=0, log="json") as process:
        site = process.site
        site.wait_ready()
        crashed = list(crashes(site))
        with ThreadPoolExecutor(8) as pool:
            asking = {
                name: pool.submit(on_the_page, site, name, f"관장은 누구인가요? {mark}")
                for name, mark in MARKS.items()
            }
            time.sleep(0.2)
            read = list(pool.map(lambda name: site.get(queue(name)), guesses()))
            streams = {name: asked.result().body.decode() for name, asked in asking.items()}
        replays = [replayed(site, name) for name in MARKS]
        assert process.admin is not None and process.process.stderr is not None
        numbers = process.admin.get("/metrics").body.decode()
        process.process.kill()
        log = process.process.stderr.read()
    return Crowd(crashed, streams, read, replays, numbers, log)


def crashes(site: Site) -> Iterator[Reply]:
    """Questions over which the bot fails, before its answer and in the middle of it; last on the page."""
    for word in ("고장", "끊김"):
        question = f"{word} {ASKED}\n\x1b[31m"
        yield site.post("/api/chat", {"question": question})
        message = {"role": "user", "content": question}
        yield site.post("/v1/chat/completions", {"model": "forum-bot", "messages": [message]})
    yield on_the_page(site, "crashing0page", f"고장 {ASKED}")


def guesses() -> list[str]:
    """Four hundred names of sessions: of the page's own form, and near to one that there is."""
    chance = random.Random(11)
    letters = string.ascii_lowercase + string.digits
    made = ["".join(chance.choice(letters) for _ in range(11)) for _ in range(380)]
    return [
        *made,
        OWN[:-1], OWN + "a", OWN.upper(), OWN[::-1], f" {OWN}", f"{OWN}%00", f"{OWN}%20", "%2a", "", "_",
        "null", "undefined", "..", "x" * 1_000, f"{OWN},{OTHERS}", f"x&session={OWN}", "0", "[]", "{}", "%25",
    ]  # fmt: skip


def test_d4_four_hundred_guessed_sessions_of_the_page_read_nothing(crowd: Crowd) -> None:
    assert len(crowd.read) == 400
    assert not [one for one in crowd.read if b"canarytab" in one.body or "이서준".encode() in one.body]
    assert {reply.headers["Cache-Control"] for reply in crowd.read} == {"no-store"}


def test_d4_two_tabs_have_each_their_own_answer_and_once(crowd: Crowd) -> None:
    for name, mark in MARKS.items():
        text = crowd.streams[name]
        assert mark in text and "이서준" in text and "process_completed" in text
        assert not [other for page, other in MARKS.items() if page != name and other in text]
    assert not [text for text in crowd.replays if "canarytab" in text or "이서준" in text]


def queue(session: str) -> str:
    return "/gradio_api/queue/data?session_hash=" + session.replace(" ", "%20")


def replayed(site: Site, session: str) -> str:
    """What comes within half a second for a session that has had its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=0.5)
    got = b""
    try:
        with suppress(TimeoutError, http.client.IncompleteRead):
            connection.request("GET", queue(session))
            response = connection.getresponse()
            while piece := response.read1(4096):
                got += piece
    finally:
        connection.close()
    return got.decode()


def test_d4_three_hundred_tokens_and_three_hundred_ids_of_others_open_nothing(tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    host, away = "https://forum.example.kr", "https://other.example.kr"
    mine, theirs = registered(file, "forum", host), registered(file, "other", away)
    chance = random.Random(12)
    signs = string.ascii_letters + string.digits + "-_"

    def noise(length: int) -> str:
        return "".join(chance.choice(signs) for _ in range(length))

    with inside(LibraryBot(), WebSettings(registry=file)) as site:
        site.wait_ready()
        proof, other = shown(site, mine, host), shown(site, theirs, away)
        payload, _, signature = proof[1][1].removeprefix("Bearer ").partition(".")
        forged = [f"{payload}.{noise(len(signature))}" for _ in range(100)]
        forged += [f"{noise(len(payload))}.{signature}" for _ in range(100)]
        forged += [changed(payload, place, signature) for place in range(97)]
        replays = [(proof[1][1], away, theirs), (other[1][1], host, mine), (proof[1][1], away, mine)]
        attempts = [(f"Bearer {one}", host, mine) for one in forged] + replays
        assert len(attempts) == 300
        quote = "/embed/evidence?article=library&start=0&end=5&site="
        read = [site.get(quote + id, [("Origin", origin), ("Authorization", shown_as)])
                for shown_as, origin, id in attempts]  # fmt: skip
        assert {reply.status for reply in read} <= {401, 403}
        assert not [reply for reply in read if "도서관".encode() in reply.body]

        asked = {"question": "관장은 누구인가요?", "site": mine}
        replies = [site.post("/api/chat", asked, proof) for _ in range(2)]
        ids = [dict(events(reply))["answer"]["id"] for reply in replies]
        ids_of_others = [noise(44) for _ in range(100)] + [ids[0][:22] + noise(22) for _ in range(100)]
        ids_of_others += [noise(22) + ids[0][22:] for _ in range(97)] + [
            ids[0][:22] + ids[1][22:],
            ids[0][:-1],
            "",
        ]
        assert len(ids_of_others) == 300
        bodies = [{"id": id, "verdict": "up", "site": mine} for id in ids_of_others]
        rated = [site.post("/api/feedback", body, proof) for body in bodies]
        assert {reply.status for reply in rated} == {422}
        for headers, id in ((other, theirs), ([], None)):  # a good id, in another's name
            body = {"id": ids[0], "verdict": "up", "site": id}
            assert site.post("/api/feedback", body, headers).status == 422
        assert not feedback_file(file).exists() or entries(feedback_file(file)) == ()
        for reply in (*replies, *read, *rated, site.get("/embed/suggestions"), site.post("/api/token", {})):
            assert reply.headers["Cache-Control"] == "no-store"
            assert reply.headers.get("Set-Cookie") is None and reply.headers.get("ETag") is None


def changed(payload: str, place: int, signature: str) -> str:
    """The token with one letter of what it says replaced."""
    at = place % len(payload)
    letter = "A" if payload[at] != "A" else "B"
    return f"{payload[:at]}{letter}{payload[at + 1 :]}.{signature}"


# D5: nothing leaves this machine.

FAR = re.compile(r'sin6?_addr=inet_addr\("(?!127\.)|inet_pton\(AF_INET6, "(?!::1"|::ffff:127\.)|AF_PACKET')


def test_d5_no_part_in_python_looked_up_a_name_or_connected_to_another_machine(story: Story) -> None:
    assert story.started and len(story.chats) >= 50
    noted = (story.folder / "serve.python").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("near socket.connect") for line in noted)  # the model's server: it does watch
    ingested = story.folder / "ingest.python"
    noted += ingested.read_text(encoding="utf-8").splitlines() if ingested.exists() else []
    assert [line for line in noted if line.startswith("far")] == []


def test_d5_the_system_saw_no_connection_to_another_machine(story: Story) -> None:
    if not (story.folder / "serve.strace").exists():
        pytest.skip("strace is not installed, or may not watch processes here")
    served_calls = (story.folder / "serve.strace").read_text(encoding="utf-8", errors="replace").splitlines()
    assert any("127.0.0.1" in line for line in served_calls)  # the model's server
    calls = served_calls + (story.folder / "ingest.strace").read_text(errors="replace").splitlines()
    assert [line for line in calls if FAR.search(line)] == []


def test_d5_the_pattern_of_the_system_knows_other_machines() -> None:
    call = 'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("%s")}, 16) = -1'
    assert FAR.search(call % "192.0.2.1") and not FAR.search(call % "127.0.0.53")
    six = 'connect(3, {sa_family=AF_INET6, inet_pton(AF_INET6, "%s", &sin6_addr)}, 28) = -1'
    assert FAR.search(six % "2001:db8::1") and not FAR.search(six % "::1")


def test_d5_the_variables_that_libraries_read_are_set_by_the_server(story: Story) -> None:
    told = (story.folder / "serve.python.env").read_text(encoding="utf-8").split()
    assert told[0] == told[3] == "False" and told[1] in ("1", "True") and told[2] == "1"


# C1: what it is made of. The rest of the row (known holes, age of a release) needs a network.

PACKAGES = ("bot", "ingest", "prompts", "vectorstore", "benchmarks")
# Files that Python runs lines of at every start, and who may have put them there.
STARTERS = {
    "distutils-precedence.pth": "setuptools", "_virtualenv.pth": "virtualenv", "a1_coverage.pth": "coverage",
    "_editable_impl_forum_bot.pth": "forum-bot", "lent.pth": "CI", "_lent.pth": "CI",
}  # fmt: skip


def test_c1_everything_that_is_installed_for_us_is_pinned_and_is_of_that_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line) for line in lines if line[0] != "#")
    needed = closure()
    assert len(needed) > 100
    cuda = ("nvidia-", "cuda-", "triton")  # which another build of PyTorch brings
    assert {name for name in needed if name not in pins and not name.startswith(cuda)} == set()
    differs = {name: version for name, version in needed.items() if name in pins and version != pins[name]}
    assert differs == {}


def closure() -> dict[str, str]:
    """Name and version, without a build's mark, of what is installed for what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    todo = [*map(Requirement, project["dependencies"])]
    for extra in project["optional-dependencies"].values():
        todo += map(Requirement, extra)
    seen: set[tuple[str, frozenset[str]]] = set()
    found: dict[str, str] = {}
    while todo:
        wanted = todo.pop()
        name, asked = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if name == "forum-bot" or (name, asked) in seen:
            continue
        seen.add((name, asked))
        with suppress(metadata.PackageNotFoundError):  # an extra that is not installed here
            installed = metadata.distribution(name)
            found[name] = installed.version.partition("+")[0]
            todo += [one for one in map(Requirement, installed.requires or ()) if applies(one, asked)]
    return found


def applies(wanted: Requirement, extras: frozenset[str]) -> bool:
    """Whether a requirement holds here, with these extras of the one who asks."""
    return wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def test_c1_nothing_runs_at_the_start_of_python_but_what_is_known() -> None:
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    found = {path for folder in folders for path in folder.glob("*.pth")}
    ours = re.compile(r"__editable__\.forum_bot-[0-9.]+\.pth")
    assert {path.name for path in found if not ours.fullmatch(path.name)} - set(STARTERS) == set()
    for path in found:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("import")]
        known = path.name in ("distutils-precedence.pth", "_virtualenv.pth", "a1_coverage.pth")
        assert len(lines) <= known, path.name
    assert not [one for folder in folders for one in folder.glob("*customize.py")]


def test_c1_the_weights_are_the_committed_ones() -> None:
    weights = ROOT / "bot" / "reader" / "weights.json"
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == WEIGHTS
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*")]
    assert [path for path in files if path.suffix in BINARY] == []


WEIGHTS = "d155999b02e9adc67c554140c62bd877bd8ff664bdd3d5f2076c454dee922dee"
BINARY = (
    ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".npy", ".npz", ".h5", ".onnx", ".gguf",
    ".safetensors", ".so", ".pyd", ".dll", ".whl",
)  # fmt: skip


@pytest.mark.parametrize("name", ["kiwipiepy_model", "kiwipiepy"])
def test_c1_the_models_that_come_with_packages_are_as_they_were_packed(name: str) -> None:
    installed = metadata.distribution(name)
    files = [file for file in installed.files or () if file.hash is not None and file.suffix != ".pyc"]
    assert len(files) > 5
    for file in files:
        assert file.hash is not None and file.hash.mode == "sha256"
        digest = hashlib.sha256(Path(str(file.locate())).read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value, file


UNPICKLING = {"pickle", "joblib", "marshal", "shelve", "dill", "cloudpickle"}


@pytest.mark.parametrize("package", PACKAGES)
def test_c1_no_code_of_a_model_is_ever_trusted_and_nothing_is_unpickled(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for value in given(node, ("trust_remote_code", "allow_pickle")):
                assert isinstance(value, ast.Constant) and value.value is False, path
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & UNPICKLING, path
            assert not (isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.load"), path


def given(node: ast.AST, names: tuple[str, ...]) -> Iterator[ast.expr]:
    """The values that are given under these names."""
    if isinstance(node, ast.keyword) and node.arg in names:
        yield node.value
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in names:
                yield value
