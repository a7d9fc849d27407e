"""Take the README's picture of the page: the real server, the bundled report, one question.

    .venv/bin/python benchmarks/screenshot.py [question]

Writes benchmarks/screenshot.png (at most 200 kB) and needs Chromium on the PATH.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "benchmarks" / "screenshot.png"
LARGEST = 200_000  # bytes
QUESTION = "2부 사회는 누가 봤나요?"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def main(question: str) -> int:
    """Serve, ask, take the picture; 1 where Chromium is missing or the picture is too large."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium on the PATH")
        return 1
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "store") as url:
        PICTURE.write_bytes(reduced(taken(chromium, url, question)))
    size = PICTURE.stat().st_size
    print(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes")
    return 0 if size <= LARGEST else 1


@contextmanager
def served(store: Path) -> Iterator[str]:
    """The address of a server over the bundled report."""
    report = next((ROOT / "ingest" / "report").glob("*.md"))
    run = [sys.executable, "-m"]
    subprocess.run([*run, "ingest", str(report), "--store", str(store)], cwd=ROOT, check=True, timeout=120)
    command = [*run, "bot", "serve", "--store", str(store), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


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


def reduced(picture: bytes) -> bytes:
    """The picture in 64 colours, which a page of text does not miss."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else QUESTION))
