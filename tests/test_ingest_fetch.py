import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from ingest.fetch import Fetched, fetch
from ingest.guard import Rules, admit, is_public
from ingest.types import SourceError

ALLOWED = frozenset({"127.0.0.1"})


@dataclass
class Site:
    """A web server on the loopback: `pages` answers, `hits` are the paths that were asked for."""

    port: int
    pages: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]]
    hits: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def rules(self) -> Rules:
        return Rules(ports=frozenset({self.port}), trusted=ALLOWED, seconds=5)


def _reply(status: int, body: bytes, **headers: str) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.hits.append(self.path)
            found.headers.append(dict(self.headers.items()))
            found.pages.get(self.path, _reply(404, b"no"))(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def verify_request(self, request: object, client_address: object) -> bool:
            found.connects.append(str(client_address))
            return True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found = Site(server.server_port, {})
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found
        server.shutdown()


def test_a_page_comes_with_its_address_type_and_charset(site: Site) -> None:
    site.pages["/a?b=%EA%B0%80"] = _reply(200, "글".encode("cp949"), Content_Type="Text/HTML; charset=EUC-KR")
    found = fetch(site.url("/a?b=가"), site.rules)
    assert found == Fetched(site.url("/a?b=%EA%B0%80"), "글".encode("cp949"), "text/html", "EUC-KR")


def test_the_request_names_the_host_and_sends_nothing_private(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    site.pages["/"] = _reply(200, b"ok", Content_Type="text/plain")
    rules = replace(site.rules, resolver=lambda host, port: ["127.0.0.1"])
    assert fetch(f"http://news.example:{site.port}/", rules).data == b"ok"
    (sent,) = site.headers
    assert sent["Host"] == f"news.example:{site.port}"
    assert sent["Accept-Encoding"] == "identity"
    assert {"Cookie", "Authorization", "Referer", "Proxy-Authorization"}.isdisjoint(sent)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(site: Site, status: int) -> None:
    site.pages["/old"] = _reply(status, b"", Location="/new")
    site.pages["/new"] = _reply(200, b"here", Content_Type="text/plain")
    assert fetch(site.url("/old"), site.rules).url == site.url("/new")


def test_three_redirects_pass_and_the_fourth_does_not(site: Site) -> None:
    for n in range(5):
        site.pages[f"/{n}"] = _reply(302, b"", Location=f"/{n + 1}")
    site.pages["/3"] = _reply(200, b"end", Content_Type="text/plain")
    assert fetch(site.url("/0"), site.rules).data == b"end"
    site.pages["/3"] = _reply(302, b"", Location="/0")
    with pytest.raises(SourceError, match="3번 넘게"):
        fetch(site.url("/0"), site.rules)


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "x-made-up"])
def test_a_packed_body_is_refused_unread(site: Site, encoding: str) -> None:
    site.pages["/"] = _reply(200, b"x" * 100, Content_Encoding=encoding)
    with pytest.raises(SourceError, match="압축"):
        fetch(site.url(), site.rules)


def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    site.pages["/"] = _reply(200, b"x" * 1001)
    with pytest.raises(SourceError, match="보다 큰"):
        fetch(site.url(), replace(site.rules, max_bytes=1000))
    site.pages["/"] = _reply(200, b"x" * 1000)
    assert len(fetch(site.url(), replace(site.rules, max_bytes=1000)).data) == 1000


def test_a_body_without_end_is_cut_off_at_the_limit(site: Site) -> None:
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    site.pages["/"] = endless
    with pytest.raises(SourceError, match="보다 큰"):
        fetch(site.url(), replace(site.rules, max_bytes=1_000_000))


def test_a_body_shorter_than_promised_is_refused(site: Site) -> None:
    site.pages["/"] = _reply(200, b"half", Content_Length="400")
    with pytest.raises(SourceError):
        fetch(site.url(), site.rules)


@pytest.mark.parametrize("status", [204, 304, 400, 403, 404, 429, 500, 503])
def test_an_error_status_is_named(site: Site, status: int) -> None:
    site.pages["/"] = _reply(status, b"")
    with pytest.raises(SourceError, match=str(status)):
        fetch(site.url(), site.rules)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_server_that_drips_is_left_when_the_time_is_up(site: Site, where: str) -> None:
    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        if where == "body":
            handler.send_response(200)
            handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    site.pages["/"] = drip
    begun = time.monotonic()
    with pytest.raises(SourceError, match="초 안에"):
        fetch(site.url(), replace(site.rules, seconds=0.6))
    assert time.monotonic() - begun < 3


def test_a_name_server_that_hangs_is_left_when_the_time_is_up() -> None:
    def hang(host: str, port: int) -> list[str]:
        time.sleep(2)
        return []

    begun = time.monotonic()
    with pytest.raises(SourceError, match="찾을 수 없습니다"):
        fetch("http://slow.example/", Rules(resolver=hang, seconds=0.3))
    assert time.monotonic() - begun < 1.5


def test_a_closed_port_gives_one_line(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="연결하지 못했습니다"):
        fetch(f"http://127.0.0.1:{port}/", Rules(ports=frozenset({port}), trusted=ALLOWED, seconds=3))


def test_a_server_that_talks_nonsense_gives_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def talk() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(b"\x00\xff nonsense\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        with pytest.raises(SourceError, match="연결하지 못했습니다"):
            fetch(f"http://127.0.0.1:{port}/", Rules(ports=frozenset({port}), trusted=ALLOWED, seconds=3))


def test_tls_goes_to_the_judged_address_under_the_name_of_the_url() -> None:
    hello: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def listen() -> None:
            client, _ = server.accept()
            with client:
                hello.append(client.recv(4000))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        rules = Rules(
            ports=frozenset({port}), trusted=ALLOWED, seconds=3, resolver=lambda host, port: ["127.0.0.1"]
        )
        with pytest.raises(SourceError):
            fetch(f"https://news.example:{port}/", rules)
        thread.join(3)
    assert b"news.example" in hello[0]


def test_a_certificate_that_is_not_trusted_is_refused(tls_port: int) -> None:
    rules = Rules(ports=frozenset({tls_port}), trusted=ALLOWED, seconds=5)
    with pytest.raises(SourceError, match="인증서"):
        fetch(f"https://127.0.0.1:{tls_port}/", rules)


@pytest.fixture
def tls_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A TLS server with a certificate that nobody signed; skips where openssl is not at hand."""
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate and is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            client, _ = server.accept()
            try:
                context.wrap_socket(client, server_side=True).close()
            except OSError:
                client.close()

        threading.Thread(target=shake, daemon=True).start()
        yield server.getsockname()[1]


# Everything below must never reach the listener.

PRIVATE_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.255.255.254",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fec0::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[::ffff:0:127.0.0.1]",
    "[2001:db8::1]",
    "[100::1]",
    "[0:0:0:0:0:0:0:1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
]


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_host_that_is_not_public_is_never_connected_to(site: Site, host: str) -> None:
    with pytest.raises(SourceError):
        fetch(f"http://{host}:{site.port}/", Rules(ports=frozenset({site.port}), seconds=3))
    assert site.connects == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}\\@1.1.1.1/",
        "http://1.1.1.1\\@127.0.0.1:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://1.1.1.1@127.0.0.1:{port}/",
        "http://user:pw@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#@1.1.1.1/",
        "http://127.0.0.1:{port}?@1.1.1.1/",
        "http://127.0.0.1%2f@1.1.1.1:{port}/",
        "http://127.0.0.1%00.example:{port}/",
        "http://127.0.0.1\t:{port}/",
        "http://127.0.0.1\n:{port}/",
        "http://\r\n127.0.0.1:{port}/",
        " http://127.0.0.1:{port}/",
        "http:///127.0.0.1:{port}/",
        "http:127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://:{port}/",
        "http://./",
        "http://[::1/",
        "http://[fe80::1%25eth0]:{port}/",
        "http://127.0.0.1:{port}:80/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1: {port}/",
        "file:///etc/hostname",
        "ftp://127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/_GET",
        "data:text/plain,hi",
        "javascript:alert(1)",
        "ws://127.0.0.1:{port}/",
        "jar:http://127.0.0.1:{port}/!/",
        "HTTP://127.0.0.1:{port}/",
        "http://" + "a" * 300 + ".example:{port}/",
    ],
)
def test_an_address_in_a_strange_form_is_never_connected_to(site: Site, url: str) -> None:
    with pytest.raises(SourceError):
        fetch(url.format(port=site.port), Rules(ports=frozenset({site.port, 80, 443}), seconds=3))
    assert site.connects == []


@pytest.mark.parametrize("port", [0, 21, 22, 25, 6379, 8000, 8080, 9200, 11434])
def test_only_the_ports_of_the_web_are_connected_to(port: int) -> None:
    with pytest.raises(SourceError, match="포트"):
        fetch(f"http://1.1.1.1:{port}/", Rules(seconds=1))


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "//127.1:{port}/secret",
        "http://2130706433:{port}/secret",
        "file:///etc/hostname",
        "ftp://127.0.0.1/",
        "http://169.254.169.254/latest",
        "http://user@localhost:{port}/secret",
        "javascript:alert(1)",
        "http://127.0.0.2:{port}/secret",
    ],
)
@pytest.mark.parametrize("status", [302, 307])
def test_every_hop_of_a_redirect_is_judged_anew(site: Site, location: str, status: int) -> None:
    site.pages["/"] = _reply(status, b"", Location=location.format(port=site.port))
    rules = replace(
        site.rules, trusted=frozenset({"127.0.0.9"}), resolver=_only_news({"news.example": ["127.0.0.9"]})
    )
    with pytest.raises(SourceError):
        fetch(f"http://news.example:{site.port}/", rules)
    assert "/secret" not in site.hits


def _only_news(known: dict[str, list[str]]) -> Callable[[str, int], list[str]]:
    """Names that a test knows; anything else as the system resolves it."""
    from ingest.guard import resolve

    return lambda host, port: known.get(host) or resolve(host, port)


def test_a_redirect_to_nowhere_is_a_loop_that_ends(site: Site) -> None:
    site.pages["/"] = _reply(302, b"")
    with pytest.raises(SourceError):
        fetch(site.url(), site.rules)
    assert len(site.hits) <= 4


def test_one_private_address_among_public_ones_refuses_the_name(site: Site) -> None:
    rules = Rules(
        ports=frozenset({site.port}), resolver=lambda host, port: ["1.1.1.1", "127.0.0.1"], seconds=2
    )
    with pytest.raises(SourceError, match="공개된"):
        fetch(f"http://mixed.example:{site.port}/", rules)
    assert site.connects == []


def test_a_name_that_changes_its_address_is_looked_up_once_only() -> None:
    answers = [["1.1.1.1"], ["127.0.0.1"]]
    rules = Rules(resolver=lambda host, port: answers.pop(0))
    assert admit("http://rebind.example/", rules, 1).address == "1.1.1.1"
    assert answers == [["127.0.0.1"]]


def test_a_meta_refresh_and_a_canonical_link_are_not_followed(site: Site) -> None:
    page = (
        f'<meta http-equiv="refresh" content="0;url={site.url("/secret")}"><link '
        f'rel="canonical" href="/secret">'
    )
    site.pages["/"] = _reply(200, page.encode(), Content_Type="text/html")
    fetch(site.url(), site.rules)
    assert site.hits == ["/"]


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "223.130.200.219", "2606:4700:4700::1111", "2001:4860:4860::8888"]
)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", "localhost", "1.1.1", "::1%lo", "1.1.1.1/32"])
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_korean_host_is_looked_up_in_ascii() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1"]

    target = admit("https://한글.example/기사?번호=1", Rules(resolver=resolver), 1)
    assert asked == ["xn--bj0bj06e.example"]
    assert target.url == "https://xn--bj0bj06e.example/%EA%B8%B0%EC%82%AC?%EB%B2%88%ED%98%B8=1"
