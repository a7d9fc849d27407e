"""Debian's Chromium for the tests: found, or installed where that is allowed; and what a page does in it."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request

INSTALL_SECONDS = 420
AXE = "axe-core@4.14.1"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium() -> tuple[str | None, str]:
    """(path, "") of Chromium, installed first where that is possible, or (None, why not)."""
    found = _on_path()
    if found:
        return found, ""
    if shutil.which("apt-get") is None:
        return None, "Chromium is not installed, and there is no apt-get to install it with"
    admin: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None or _run(["sudo", "-n", "true"], 10) != 0:
            return None, "Chromium is not installed, and this user may not install packages"
        admin = ["sudo", "-n"]
    packages = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
    _run([*admin, "apt-get", "update", "-qq"], INSTALL_SECONDS)
    _run([*admin, "env", "DEBIAN_FRONTEND=noninteractive", *packages], INSTALL_SECONDS)
    found = _on_path()
    return found, "" if found else "Chromium is not installed, and apt-get could not install it"


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _run(command: list[str], seconds: float) -> int:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 1


def find_axe(folder: Path) -> tuple[str, str]:
    """(the source of axe-core, "") fetched into `folder`, or ("", why not)."""
    if shutil.which("npm") is None:
        return "", "axe-core is fetched by npm, which is not installed"
    fetch = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", AXE]
    _run(fetch, 90)
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        return "", "npm could not fetch axe-core"
    return source.read_text(encoding="utf-8"), ""


def launch(playwright: Playwright, path: str, *flags: str) -> Browser:
    """Headless Chromium that calls nobody by itself."""
    return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags], timeout=60_000)


@dataclass
class Watch:
    """A page and everything that went wrong on it."""

    page: Page
    own: str
    others: tuple[str, ...] = ()
    """Other addresses that it may ask."""
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("dialog", self._dialog)
        self.page.add_init_script(
            "window.violations = []; document.addEventListener('securitypolicyviolation',"
            " event => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));"
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*(f"{own}/" for own in (self.own, *self.others)), "data:", "blob:")):
            self.strangers.append(request.url)

    def _dialog(self, dialog: object) -> None:
        self.dialogs.append(str(dialog))

    def open(self) -> None:
        self.page.goto(self.own + "/")
        self.page.wait_for_selector("#fb-question textarea")
        self.page.wait_for_selector("#fb-chat button.example")

    def ask(self, question: str) -> None:
        self.page.fill("#fb-question textarea", question)
        self.page.keyboard.press("Enter")

    def wait_idle(self) -> None:
        """Until the answer is complete: the send button is back and the box is empty."""
        self.page.wait_for_selector("#fb-question .submit-button")

    def wait_replies(self, number: int) -> None:
        """Until there are `number` bot messages, the last of them complete."""
        self.page.wait_for_function(
            "number => document.querySelectorAll('#fb-chat .bot-row').length === number"
            " && !document.querySelector('#fb-chat .fb-busy')"
            " && document.querySelector('#fb-question .submit-button')",
            arg=number,
        )

    def assert_clean(self) -> None:
        """Nothing left for another host, no error, no warning, no violation of the policy, no dialog."""
        assert self.strangers == []
        assert self.errors == []
        assert self.dialogs == []
        for frame in self.page.frames:
            assert frame.evaluate("window.violations") == []
