"""A real browser for tests: Chromium without a window, driven over its DevTools socket.

https://chromedevtools.github.io/devtools-protocol/ ; only what the tests need.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 120.0
KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
# Over two frames, and what a mouse there would meet is it, or lies in it: smooth scrolling and pictures that
# arrive move what one aims at.
STANDS_STILL = """new Promise(done => {
  const one = document.querySelector(%s), at = () => one.getBoundingClientRect();
  const before = at();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const now = at(), met = document.elementFromPoint(now.x + now.width / 2, now.y + now.height / 2);
    done(now.x === before.x && now.y === before.y && one.contains(met));
  }));
})"""


def browser_path() -> str | None:
    """The installed browser, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """One page. `complaints` are console errors, exceptions and refused requests, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.number = 0
        self.complaints: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer; events met on the way are noted."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=PATIENCE_S))
            if message.get("id") == self.number:
                assert "error" not in message, message
                return dict(message["result"])
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        name, about = event.get("method"), event.get("params", {})
        if name == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"])[:400])
        if name == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(about["args"])[:400])
        if name == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(about["entry"]["text"])
        if name == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def open(self, url: str) -> None:
        """Loads a page and waits for it."""
        self.do("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def reload(self) -> None:
        self.run("window.before = true")
        self.do("Page.reload")
        self.wait("document.readyState === 'complete' && !window.before")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        done = self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if self.run(condition):
                    return
            except AssertionError:  # the page is between two documents
                pass
            time.sleep(0.05)
        raise AssertionError(f"the page never came to: {condition}")

    def press(self, *keys: str) -> None:
        """Key by key, as a keyboard sends them."""
        for key in keys:
            code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
            about: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            self.do("Input.dispatchKeyEvent", type="keyDown", **about, **text)
            self.do("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, selector: str) -> None:
        """A mouse click in the middle of an element, once it stands still and nothing lies over it."""
        self.run(
            f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        )
        self.wait(STANDS_STILL % repr(selector))
        box = self.run(f"(b => [b.x + b.width / 2, b.y + b.height / 2])"
                       f"(document.querySelector({selector!r}).getBoundingClientRect())")  # fmt: skip
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def size(self, width: int, height: int) -> None:
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )


@contextmanager
def browser(folder: Path, downloads: Path) -> Iterator[Tab]:
    """A fresh browser with its profile in `folder`; files are saved into `downloads`."""
    path = browser_path()
    assert path is not None
    flags = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run")
    command = [path, *(f"--{flag}" for flag in flags), "--remote-debugging-port=0"]
    command += [f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_address(folder, process), max_size=None) as socket:
            downloads.mkdir(exist_ok=True)
            tab = Tab(socket)
            tab.do("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
            yield tab
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    """The socket of the first tab, once the browser has said on which port it listens."""
    import urllib.request

    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        port = folder / "DevToolsActivePort"
        if port.is_file() and port.read_text().strip():
            url = f"http://127.0.0.1:{port.read_text().split()[0]}/json"
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                tabs = [one for one in json.load(answer) if one["type"] == "page"]
            if tabs:
                return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("the browser did not start")
