"""A headless Chromium that is told what to do by its own protocol, over two pipes."""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import subprocess
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
PATIENCE = 20
"""Seconds that it may take to answer."""


class Tab:
    """A page in a browser.

    Attributes:
        said: what the page logged, errors of its policy included.
    """

    def __init__(self, send, receive):
        self._send, self._receive, self._number = send, receive, itertools.count(1)
        self._rest, self._session, self.said = b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        said = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = said["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Ask for something, and wait for its answer."""
        asked = {"id": next(self._number), "method": method, "params": params}
        if self._session is not None:
            asked["sessionId"] = self._session
        os.write(self._send, json.dumps(asked).encode() + b"\0")
        return self._wait(lambda one: one.get("id") == asked["id"])["result"]

    def open(self, url):
        """Show a page, and wait until it is there."""
        self.call("Page.navigate", url=url)
        self._wait(lambda one: one.get("method") == "Page.loadEventFired")

    def run(self, script):
        """Run a script in the page, and give its value."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get(
            "value"
        )

    def enter(self, id_, text):
        """Put a text into a field as a person does."""
        self.run(
            f"(() => {{ const field = document.getElementById({id_!r}); "
            f"field.value = {text!r}; field.dispatchEvent(new Event('input')); }})()"
        )

    def shown(self):
        """Give the first two cells of the rows that can be filtered and are seen."""
        return self.run(
            "[...document.querySelectorAll('tr[data-filter]')].filter(one => one.offsetParent)"
            ".map(one => [...one.cells].slice(0, 3).map(cell => cell.innerText.split('\\n')[0]))"
        )

    def _wait(self, wanted):
        while True:
            while b"\0" not in self._rest:
                assert select.select([self._receive], [], [], PATIENCE)[0], "it does not answer"
                self._rest += os.read(self._receive, 1 << 16)
            message, _, self._rest = self._rest.partition(b"\0")
            found = json.loads(message)
            if found.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.said.append(found["params"])
            if wanted(found):
                return found


@contextmanager
def chromium(folder, *options):
    """Start a browser whose profile is in a folder, and stop it."""
    their_in, send = os.pipe()
    receive, their_out = os.pipe()
    usual = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}")
    code = f'exec "$@" 3<&{their_in} 4>&{their_out}'
    command = ["bash", "-c", code, "bash", CHROMIUM, "--remote-debugging-pipe", *usual, *options]
    with subprocess.Popen(
        command,
        pass_fds=(their_in, their_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(their_in)
        os.close(their_out)
        try:
            yield Tab(send, receive)
        finally:
            process.terminate()
            os.close(send)
            os.close(receive)
