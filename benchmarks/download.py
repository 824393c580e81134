"""A verified download over loopback HTTP, beside the script that teams copy around.

usage: python benchmarks/download.py [--megabytes 256]
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from timing import compare

from paddledvc.tools.sources import fetch
from paddledvc.tools.sources.fetch import Source
from paddledvc.tools.system import files


class Quiet(SimpleHTTPRequestHandler):
    """Serve files without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def copyfile(self, source: object, outputfile: object) -> None:
        """Send by the kernel, so that the server costs little of the machine."""
        outputfile.flush()  # type: ignore[attr-defined]
        os.sendfile(self.connection.fileno(), source.fileno(), 0, os.fstat(source.fileno()).st_size)  # type: ignore[attr-defined]


def usual_script(url: str, target: Path, md5: str) -> None:
    """Download in small pieces, then read the file again for its MD5."""
    with requests.get(url, stream=True, timeout=60) as response, target.open("wb") as file:
        for chunk in response.iter_content(1024):
            file.write(chunk)
    digest = hashlib.md5(usedforsecurity=False)
    with target.open("rb") as file:
        while chunk := file.read(4096):
            digest.update(chunk)
    if digest.hexdigest() != md5:
        raise ValueError(url)


def main() -> None:
    """Serve one file and download it in both ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=256)
    size = parser.parse_args().megabytes << 20
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        served = root / "weights.pdparams"
        with served.open("wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))
        expected = files.hash_file(served)
        handler = functools.partial(Quiet, directory=str(root))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/weights.pdparams"
        source = Source(model="weights", urls=[url], root=root)
        compare(
            f"verified download of {size >> 20} MiB",
            [
                (
                    "paddledvc (md5 and sha256)",
                    lambda: fetch.fetch_source(source, expected, root / "a"),
                ),
                ("usual script (md5)", lambda: usual_script(url, root / "b", str(expected.md5))),
            ],
        )
        server.shutdown()


if __name__ == "__main__":
    main()
