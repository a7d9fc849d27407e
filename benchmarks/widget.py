"""What the chat costs a page that embeds it: `python benchmarks/widget.py [--times 10] [--strict]`.

Sizes as they go over the wire with gzip: the launcher, and everything that the framed page loads. Times in
headless Chromium, against a warm server, each in a fresh profile: from the click on the launcher until the
chat is usable (its first questions are there and a question can be written), and from the click on one of
these questions until the first words of the answer are drawn. Without Chromium only the sizes are told. The
table goes to standard output, the same figures to `results/widget-<commit>.json`.
"""

import argparse
import importlib.util
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from figures import ROOT, Measure, keep, line
from served import UNLIMITED, Served, StartError, ingest, serving

sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests"))

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame

TIMES = 10
FIRST, USABLE = 1.5, 1.0  # seconds
# What these projects' widgets load, in kB of gzip, as was published of them: not measured here.
PUBLISHED = {"AnythingLLM": 214, "Flowise": 284, "n8n": 456, "smallest of the peers": 110, "largest": 546}
# In every frame: when the chat became usable, when first words were drawn, the last click (ms, one clock).
WATCH = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const drawn = (name) => requestAnimationFrame(() => setTimeout(() => (window[name] ??= now())));
  const look = () => {
    if (!location.pathname.endsWith("/embed")) return;
    const find = (selector) => document.querySelector(selector);
    if (find("#suggestions button") && !find("#box").disabled) drawn("usable");
    if (find(".reply .text")?.textContent.trim()) drawn("written");
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  addEventListener("click", (event) => (window.clicked = performance.timeOrigin + event.timeStamp), true);
})();
"""


def main() -> int:
    """Measure, print the table, keep the figures; 1 where a limit is passed and --strict is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=TIMES, help="clicks of each kind")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit is passed")
    arguments = parser.parse_args()
    from web_host import hosting
    from web_sites import registered

    with tempfile.TemporaryDirectory(prefix="forum-bot-widget-") as folder, hosting() as host:
        store = Path(folder) / "store"
        ingest(store)
        registered(store / "registry.sqlite3", "deulsaem", host.url, id="deulsaem")
        try:
            with serving(store, UNLIMITED) as server:
                host.bot = server.url
                measures = [*sizes(server), *clicks(host.url, arguments.times)]
        except StartError as exc:
            print(f"not measured: {exc}")
            return 1
    for measure in measures:
        print(line(measure))
    for name, size in PUBLISHED.items():
        print(f"{f'{name}, as published, not measured here':58} {size:8.2f} kB")
    path = keep(
        "widget-",
        {
            "times": arguments.times,
            "measures": [asdict(measure) | {"good": measure.good} for measure in measures],
            "published_kb_not_measured_here": PUBLISHED,
        },
    )
    print(f"-> {path.relative_to(ROOT)}")
    return int(arguments.strict and not all(measure.good for measure in measures))


def sizes(server: Served) -> Iterator[Measure]:
    """The launcher and the framed page, file by file, in kB of gzip."""
    page, total = server.url + "/embed", 0.0
    yield Measure("launcher, /widget.js, gzip", len(packed(server.url + "/widget.js")) / 1000, "kB")
    for address in (page, *loaded(page)):
        size = len(packed(address)) / 1000
        total += size
        yield Measure(f"chat, /{Path(urlsplit(address).path).name}, gzip", size, "kB")
    yield Measure("chat, everything that /embed loads, gzip", total, "kB")


def loaded(page: str) -> list[str]:
    """The addresses of what a page loads: its style, script and icon."""
    import gzip

    text = gzip.decompress(packed(page)).decode()
    found = re.findall(r"<(?:link|script|img)\b[^>]*\b(?:href|src)=\"([^\"#]+)\"", text)
    return [urljoin(page, address) for address in found]


def packed(address: str) -> bytes:
    """The body at an address as it is sent to a browser. Raises RuntimeError where it is not compressed."""
    asked = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=30) as reply:
        if reply.headers.get("Content-Encoding") != "gzip":
            raise RuntimeError(f"{address} is sent without gzip")
        return bytes(reply.read())


def clicks(host: str, times: int) -> Iterator[Measure]:
    """The two times in Chromium; none, with the reason told, where there is no Chromium."""
    if importlib.util.find_spec("playwright") is None:
        print("times not measured: playwright is not installed (pip install '.[dev]')")
        return
    from playwright.sync_api import sync_playwright
    from web_browser import find_chromium, launch

    path, reason = find_chromium()
    if path is None:
        print(f"times not measured: {reason}")
        return
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        try:
            once(browser, host)  # unmeasured, so that server and browser are warm
            found = [once(browser, host) for _ in range(times)]
        finally:
            browser.close()
    usable, written = zip(*found, strict=True)
    yield from _times(f"launcher clicked until the chat is usable, n={times}", usable, USABLE)
    yield from _times(f"question clicked until first words, n={times}", written, FIRST)


def _times(name: str, values: Sequence[float], limit: float) -> Iterator[Measure]:
    yield Measure(f"{name}, median", statistics.median(values), "s", limit)
    yield Measure(f"{name}, max", max(values), "s", limit)


def once(browser: "Browser", host: str) -> tuple[float, float]:
    """Seconds from the launcher to a usable chat, and from a question to the first words, for one visitor."""
    context = browser.new_context(locale="ko-KR")
    try:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(host + "/")
        page.locator("forum-bot-chat button.launch").click()
        chat = page.frame_locator("forum-bot-chat iframe")
        question = chat.locator("#suggestions button").first
        question.wait_for()
        frame = next(frame for frame in page.frames if urlsplit(frame.url).path.endswith("/embed"))
        usable = _noted(frame, "usable") - _noted(page.main_frame, "clicked")
        question.click()
        written = _noted(frame, "written") - _noted(frame, "clicked")
        return usable, written
    finally:
        context.close()


def _noted(frame: "Frame", name: str) -> float:
    """When what WATCH notes happened, in seconds; waits for it. Raises TimeoutError."""
    for _ in range(600):  # the page's policy forbids Playwright's own way to wait for it
        if (found := frame.evaluate(f"window.{name}")) is not None:
            return float(found) / 1000
        time.sleep(0.05)
    raise TimeoutError(f"{frame.url} has noted no {name!r}")


if __name__ == "__main__":
    sys.exit(main())
