"""Take the README's pictures: the page over the bundled report, and the chat in the demo community's page.

    .venv/bin/python benchmarks/screenshot.py [question]

Real servers, one question each. Writes benchmarks/screenshot.png and benchmarks/screenshot-embed.png (at most
200 kB each) and needs Chromium on the PATH.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "benchmarks" / "screenshot.png"
EMBEDDED = ROOT / "benchmarks" / "screenshot-embed.png"
LARGEST = 200_000  # bytes
QUESTION = "2부 사회는 누가 봤나요?"
VILLAGE = ROOT / "tests" / "data" / "village" / "articles.jsonl"
VILLAGE_QUESTION = "복숭아잔치에 몇 명이 왔나요?"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RUN = [sys.executable, "-m"]


def main(question: str) -> int:
    """Serve, ask, take the pictures; 1 where Chromium is missing or a picture is too large."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium on the PATH")
        return 1
    report = next((ROOT / "ingest" / "report").glob("*.md"))
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder) / "report", report) as url:
            PICTURE.write_bytes(reduced(taken(chromium, url, question)))
        with (
            served(Path(folder) / "village", VILLAGE) as url,
            community(Path(folder) / "village", url) as page,
        ):
            EMBEDDED.write_bytes(reduced(embedded(chromium, page, VILLAGE_QUESTION)))
    sizes = {picture: picture.stat().st_size for picture in (PICTURE, EMBEDDED)}
    for picture, size in sizes.items():
        print(f"{picture.relative_to(ROOT)}: {size:,} bytes")
    return 0 if max(sizes.values()) <= LARGEST else 1


@contextmanager
def served(store: Path, source: Path) -> Iterator[str]:
    """The address of a server over `source`."""
    subprocess.run([*RUN, "ingest", str(source), "--store", str(store)], cwd=ROOT, check=True, timeout=120)
    command = [*RUN, "bot", "serve", "--store", str(store), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


@contextmanager
def community(store: Path, bot: str) -> Iterator[str]:
    """The address of the demo community, registered with the bot at `bot` and with the tag in its page."""
    sys.path.insert(0, str(ROOT / "tests"))
    from web_host import WRITTEN, hosting

    with hosting() as host:
        host.bot = bot
        told = ["--store", str(store), "--origin", host.url]
        subprocess.run([*RUN, "bot", "sites", "add", "들샘동", *told], cwd=ROOT, check=True, timeout=60)
        asked = [*RUN, "bot", "sites", "snippet", "들샘동", "--store", str(store), "--url", bot]
        tag = subprocess.run(asked, cwd=ROOT, check=True, timeout=60, capture_output=True, text=True).stdout
        plain = f'<script src="{WRITTEN}/widget.js" data-site="deulsaem" async></script>'
        page = (ROOT / "tests" / "data" / "community" / "index.html").read_text(encoding="utf-8")
        host.pages["index.html"] = page.replace(plain, tag)
        yield host.url


def taken(chromium: str, url: str, question: str) -> bytes:
    """The page as PNG, the question answered."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 820, "height": 560}, device_scale_factor=2, locale="ko-KR")
        page.goto(url)
        page.wait_for_selector("#fb-chat button.example", timeout=60_000)
        page.fill("#fb-question textarea", question)
        page.keyboard.press("Enter")
        page.wait_for_selector("#fb-chat mark", timeout=60_000)
        page.wait_for_selector("#fb-question .submit-button")
        page.wait_for_timeout(300)  # the last fonts and fades
        picture = page.screenshot()
        browser.close()
    return picture


def embedded(chromium: str, url: str, question: str) -> bytes:
    """The demo community's page as PNG: in a wide window, and beside it on a phone, each with an answer."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        wide, phone = (
            browser.new_page(viewport=size, device_scale_factor=2, locale="ko-KR")
            for size in ({"width": 980, "height": 760}, {"width": 360, "height": 760})
        )
        pictures = [Image.open(io.BytesIO(answered(page, url, question))) for page in (wide, phone)]
        browser.close()
    gap = 32
    sheet = Image.new("RGB", (sum(each.width for each in pictures) + gap, pictures[0].height), "#c9ced6")
    sheet.paste(pictures[0], (0, 0))
    sheet.paste(pictures[1], (pictures[0].width + gap, 0))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def answered(page: "Page", url: str, question: str) -> bytes:
    """A visitor's page with the chat open and the question answered."""
    page.goto(url)
    page.get_by_role("button", name="AI에게 묻기").click()
    chat = page.frame_locator("iframe")
    chat.locator("#suggestions button").first.wait_for(timeout=60_000)
    chat.locator("#box").fill(question)
    chat.locator("#box").press("Enter")
    chat.locator("li mark").first.wait_for()
    page.wait_for_timeout(500)  # the paragraph around the quote
    return page.screenshot()


def reduced(picture: bytes) -> bytes:
    """The picture in 64 colours, which a page of text does not miss."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else QUESTION))
