"""An upload in parts that somebody stops; S3 bills the parts of one that is not aborted."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from paddledvc.tools.dvc.remotes import filesystem


class Server:
    """What s3fs does of an upload in parts, with a server that never answers."""

    def __init__(self) -> None:
        self.aborted: list[tuple[str, str, str]] = []
        self.closed = False

    async def _upload_file_part_concurrent(self, *_):
        await asyncio.sleep(60)

    async def _abort_mpu(self, bucket, key, upload):
        await asyncio.sleep(0)
        assert not self.closed
        self.aborted.append((bucket, key, upload))

    async def set_session(self):
        return self

    async def close(self):
        self.closed = True


def test_an_upload_that_is_stopped_is_aborted_before_the_connection_is_closed():
    server, uploads = Server(), set()
    for _ in range(2):
        filesystem._abort_stopped_uploads(server, uploads)

    async def stop():
        send = server._upload_file_part_concurrent("b", "k", {"UploadId": "u"})
        sending = asyncio.ensure_future(send)
        await asyncio.sleep(0)
        sending.cancel()
        await filesystem._end_session(server, uploads)
        with suppress(asyncio.CancelledError):
            await sending

    asyncio.run(stop())

    assert server.aborted == [("b", "k", "u")]
    assert (server.closed, uploads) == (True, set())
