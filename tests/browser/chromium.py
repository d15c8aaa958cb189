# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a headless Chromium by its DevTools protocol over a pipe: as much of it as these tests need, and no library."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, Sequence

SECONDS_TO_ANSWER = 120
PHONE = 500
"""Narrower pages are shown as a phone does."""


class Browser:
    """One Chromium; `page()` opens a tab."""

    def __init__(self, command: Sequence[str], profile: Path, environment: dict[str, str] | None = None) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        arguments = [
            *command,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--font-render-hinting=none",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
        ]
        # Chromium reads from descriptor 3 and writes to 4; first out of the way, in case one of the pipes' ends is one of these.
        reads, writes = (fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10) for descriptor in (to_browser, from_browser))

        def connect() -> None:
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._log = open(profile / "browser.log", "wb")
        self._process = subprocess.Popen(
            arguments,
            preexec_fn=connect,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        for descriptor in (to_browser, from_browser, reads, writes):
            os.close(descriptor)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            found = self._read()
            if found.get("id") == number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                answer: dict[str, Any] = found["result"]
                return answer
            self.events.append(found)

    def wait_for(self, session: str, method: str) -> dict[str, Any]:
        """The next event of this kind, also one that came already."""
        while True:
            for index, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    return self.events.pop(index)
            self.events.append(self._read())

    def _read(self) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("The browser does not answer.")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise RuntimeError(f"The browser has ended: {Path(self._log.name).read_text(errors='replace')[-2000:]}")
            self._buffer += part
        text, self._buffer = self._buffer.split(b"\0", 1)
        found: dict[str, Any] = json.loads(text)
        return found

    def close(self) -> None:
        with contextlib.suppress(RuntimeError, OSError, TimeoutError):
            self.send("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for descriptor in (self._in, self._out):
            os.close(descriptor)
        self._log.close()

    def page(self) -> Page:
        return Page(self)


class Page:
    """A tab. What the page asks of the network and says on the console is kept in `requests` and `messages`."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.send(method, self.session, **params)

    def show(self, width: int, height: int = 900, scheme: str = "light", media: str = "screen", scale: float = 1) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < PHONE)
        self.send("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path: Path) -> None:
        self.send("Page.navigate", url=path.absolute().as_uri())
        self.browser.wait_for(self.session, "Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """What JavaScript gives for the expression; promises are waited for."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"].get("exception", {}).get("description") or found["exceptionDetails"]["text"]))
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind, more in (("keyDown", {"text": text} if text else {}), ("keyUp", {})):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def picture(self, whole: bool = True) -> bytes:
        return base64.b64decode(self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    def events(self, method: str) -> list[dict[str, Any]]:
        self.run("1")
        return [event["params"] for event in self.browser.events if event.get("method") == method and event.get("sessionId") == self.session]

    def close(self) -> None:
        self.browser.send("Target.closeTarget", targetId=self.target)


@contextlib.contextmanager
def running(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[Browser]:
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(command, Path(folder), environment)
        try:
            yield browser
        finally:
            browser.close()
