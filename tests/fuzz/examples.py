"""Small valid examples of every format, which inputs are made of."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import numpy as np

from paddledvc.releases.bundle.core.manifest import (
    BundledFile,
    BundledModel,
    BundledOutput,
    BundleManifest,
    render_manifest,
)
from tests.fuzz.bench import git
from tests.gated import NET
from tests.tools.paddle.core.test_program_outputs import fetching, message, number, variable
from tests.weights_repo import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

SEPARATOR = b"\n=====8<=====\n"
"""Between the parts of an input."""
WHOLE = b"""\
catalogs:
  team: {kind: index, url: zoo/index.yaml}
  git: {kind: git, url: ../zoo.git}
  s3: {kind: s3, url: "s3://zoo/models", pattern: "{name}/{version}/"}
policy:
  production: {versions: exact, remote: prod, requires: [owner], branches: [main, "release/*"]}
  waivers:
    - {rule: lock-stale, model: alpha, reason: the lab is closed, until: 2026-12-01}
environment: {paddle: 3.3.1}
models:
  - &one
    name: alpha
    version: v1.0.0
    weights_url: https://host/alpha.pdparams
    md5: "0cc175b9c0f1b6a831c399e269772661"
    task: detection
    accuracy_top1: 76.8%
    network: net.py:Net
    inputs: [{name: x, shape: [null, 4], dtype: float32}]
    outputs: [{name: y, shape: [null, 4], dtype: float32}]
    export: {}
    verify: {paths: [jit], batch_sizes: [1, 2]}
  - name: PP-YOLOE+_L
    version: "^1.2"
    source: huggingface
    source_name: team/net
    revision: main
    file: a/b.pdparams
  - name: own
    version: v1.0.0
    train: {command: python train.py --lr 1, params: conf/own.json}
"""
INDEX = b"""\
version: 1
models:
  - name: det
    task: detection
    versions:
      - version: v1.0.0
        url: det/det_v1.pdparams
        urls: ["https://mirror/det_v1.pdparams"]
        md5: 0123456789ABCDEF0123456789ABCDEF
        size: 12
        paddle: ">=3.0"
      - {version: v2.0.0, url: det_v2.json, yanked: NaNs on edge devices}
      - {version: v3.0.0, url: det_v3.bin, format: pdparams, yanked: true}
  - name: ocr
    versions:
      - version: v1.0.0
        files:
          - {path: inference.pdiparams, url: ocr/inference.pdiparams}
          - {path: inference.json, url: ocr/inference.json}
"""
PARAMS = b"""\
beta:
  train: {release: 1, lr: 0.1, steps: [1, 2, 3]}
  verify: {batch_sizes: [1, 2], seed: 7}
"""
OWN_PARAMS = b'{"lr": 0.1, "steps": [1, 2, {"a": null}], "name": "x", "deep": {"b": {"c": true}}}'
OWN_MODELS = b"""\
models:
  - name: beta
    version: v1.0.0
    train: {command: python train.py, params: conf/own.json}
"""
CONFIGS = (
    CONFIG.encode(),
    b"""\
[core]
    remote = prod
    autostage = true
[cache]
    dir = ../cache
    type = "reflink,copy"
['remote "prod"']
    url = s3://bucket/prefix
    endpointurl = https://minio:9000
    profile = team
['remote "ssh"']
    url = ssh://user@host:22/path
    keyfile = ~/.ssh/id
['remote "web"']
    url = https://host/x
    auth = custom
    custom_auth_header = X-Token
""",
)
LISTING = json.dumps(
    [
        {"md5": hashlib.md5(b"cat\ndog\n").hexdigest(), "relpath": "sub/labels.txt"},
        {"md5": "0" * 32, "relpath": "inference.json"},
    ]
).encode()
MANIFEST = render_manifest(
    BundleManifest(
        name="a_v1_20250405",
        commit="ab" * 20,
        committed=1743924600,
        models=(BundledModel(name="a", version="v1", image="paddlepaddle/paddle:3.1.0"),),
        outputs=(BundledOutput(path="a.pdparams", md5="0" * 32),),
        files=(BundledFile(path="a.pdparams", size=3, md5="0" * 32, sha256="0" * 64),),
        parts=(BundledFile(path="a_v1_20250405.tar", size=10240, md5="0" * 32, sha256="0" * 64),),
    )
).encode()
RECORD = json.dumps({
    "version": 1, "model": "beta", "model_version": "v1.0.0",
    "weights": {"path": "checkpoints/a.pdparams", "md5": "0" * 32, "sha256": "0" * 64, "size": 3},
    "base": None, "commit": "c0ffee", "dirty": False, "params": {"lr": 0.1},
    "datasets": {"train": {"path": "data", "md5": "0" * 32}}, "seed": 1,
    "launch": {"devices": "0"}, "device": "cpu",
    "runtime": {"paddle": "3.1.0", "commit": "abc", "device": "cpu", "flags": {"FLAGS_x": "1"}},
    "environment": {"OMP_NUM_THREADS": "1"}, "paddle": "3.1.0", "python": "3.11.2",
    "paddledvc": "1.0", "began": "2026-11-22T10:00:00+00:00", "seconds": 12.5,
}).encode()  # fmt: skip
PLACED = json.dumps({
    "format": 3, "commit": "c0ffee", "md5s": {"0" * 64: "0" * 32},
    "outputs": {
        "checkpoints/alpha_v1.0.0.pdparams": [
            "alpha", "v1.0.0", "0" * 32, {"": ["0" * 32, 1, 2, 3]}, {},
        ],
    },
}).encode()  # fmt: skip
WANTED = json.dumps([[
    "checkpoints/alpha_v1.0.0.pdparams", ["0" * 32, "0" * 64, 4096], False, "alpha", "v1.0.0", ["file:///x"],
    [["a", ["file:///a"], "0" * 32, "0" * 64, 1]], None, True, True, None, None,
]]).encode()  # fmt: skip
RWLOCK = json.dumps(
    {"/p/a": {"write": {"pid": 1, "cmd": "dvc repro"}}, "/p/b": {"read": [{"pid": 2, "cmd": "x"}]}}
).encode()
PROGRAM = json.dumps({"program": {"regions": [{"blocks": [{"ops": [
    {
        "#": "1.fetch", "A": [{"N": "col", "AT": {"D": 0}}],
        "O": [{"TT": {"D": [{"#": "0.t_f32"}, [-1, 4], "NCHW", [], 0]}}],
    },
]}]}]}}).encode()  # fmt: skip
METRICS = (b'{"loss": 0.5, "acc": {"top1": 0.9}}',)
JOURNALS = (b'[["models.yaml", null, "models: []"], ["models.lock", "x", "y"]]',)
MARKERS = (b"c0ffee" + b"0" * 34 + b"\ncheckpoints\nexports/beta\n",)
HASHES = (b"1:2:3:4 " + b"0" * 32 + b" " + b"0" * 64 + b"\n",)
EVENTS = (b'{"before": "c0ffee", "ref": "refs/heads/main", "commits": []}', b"{}")
TAGS = (
    b"""\
det@v1.0.0 c0ffee 1
det@v1.0.0#prod#1 c0ffee 2
zoo:det@v2.0.0!#3 - 3
det@deprecated#4 c0ffee -""",
)
PUSHED = (
    b"""\
refs/heads/main HEAD refs/heads/main 00
(delete) 00 refs/tags/v1 c0ffee
refs/heads/a HEAD refs/for/main%topic=x 00
HEAD HEAD refs/changes/01/1/1 00
""",
)
CODE = (
    NET.encode(),
    b"""\
import os
from . import layers as l
from .sub.mod import *
try:
    from net2 import Net as Other
except ImportError:
    Other = None
class Net(Other or object):
    x: int = 1
    def __init__(self, *a, scale=1, **k): self.x = [i for i in a if (j := i)]
    async def f(self): return await self
    def forward(self, x, /, y=None, *, z=f"{1:{2}}"):
        match x:
            case {"a": [1, *_]} | None: return None
        return lambda q: (yield q)
def samples(): global Net; del Net; return {"x": 1}
if __name__ == "__main__": Net = 1
""",
)
TABLES = (
    b"""\
import os
BASE = "https://paddle-model-ecology.bj.bcebos.com"
NAMES = ["a", "b"] + ["c"]
OFFICIAL_MODELS = {
    "PP-LCNet": f"{BASE}/v3.0.0/PP-LCNet_infer.tar",
    "ResNet": BASE + "/v3.0.0/" + "ResNet" + "_infer.tar",
    "odd": "https://host/" "x",
}
def f(a, *b): return a
class C:
    model_list = ["a"]
""",
)
WORDS = tuple(
    one.encode()
    for one in (
        *(
            "exports/beta/a",
            "checkpoints/a.pdparams",
            "https://user:secret@host:8080/a/b.pdparams?x=1#f",
        ),
        *(
            "git+git@host:team/models.git@" + "0" * 40 + "#zoo/det.pdparams",
            "s3://bucket/key%20a?endpoint_url=http%3A%2F%2Fh",
        ),
        *(
            "resnet50_imagenet",
            "PP-YOLOE+_L",
            ">=1.0,<2",
            "^1.2",
            "v1.0.0rc1",
            "registry:5000/paddle/paddle:3.1.0@sha256:" + "0" * 64,
        ),
        *(
            "ssh://user@host:22/path",
            "refs/heads/feature/a",
            "feature/*",
            "2026-11-22",
            "3.1.0-gpu-cuda12.6-cudnn9.5",
            "file:///a/b",
        ),
    )
)
ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nETag: x\r\n\r\nhello",
    b"HTTP/1.1 503 Busy now\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: https://other/x?y=1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\nX-Error-Message: no\r\nWWW-Authenticate: Basic realm=x\r\n\r\nno",
)
_PAGE = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>zoo</Name>
<Prefix>m/</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
<Contents><Key>m/det/v1.0.0/a.pdparams</Key><Size>12</Size>
<LastModified>2026-11-22T10:00:00.000Z</LastModified></Contents></ListBucketResult>"""
_XML = b"Content-Type: application/xml\r\n\r\n"
S3 = (
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(_PAGE) + _XML + _PAGE,
    b"HTTP/1.1 200 OK\r\n" + _XML + _PAGE,
    b"HTTP/1.1 403 Forbidden\r\n" + _XML + b"<Error><Code>AccessDenied</Code></Error>",
    b"HTTP/1.1 404 Not Found\r\n\r\n",
)
HUB = json.dumps({
    "refs": {
        "branches": [{"name": "main", "targetCommit": "a" * 40}],
        "tags": [{"name": "v1.0.0", "targetCommit": "b" * 40}],
    },
    "commits": [{"id": "a" * 40, "date": "2025-11-03T14:25:30.000Z"}],
    "revision": {"sha": "a" * 40, "siblings": [
        {"rfilename": "net.pdparams", "size": 12, "lfs": {"sha256": "d" * 64, "size": 12}},
        {"rfilename": "sub/b.yml", "size": 1, "blobId": "c" * 40},
    ]},
    "models?": [{"id": "team/net"}],
    "RevisionMap": {"Branches": [{"Revision": "master"}], "Tags": [{"Revision": "v1.0.0"}]},
    "Commit": [{"Id": "a" * 40, "CommittedDate": 1762179930}],
    "Files": [{"Path": "net.pdparams", "Size": 12, "Sha256": "d" * 64, "Type": "blob"}],
    "data": {"models": [{"id": "team/net"}]},
    "Code": 200, "Message": "", "links": "<https://x/y?z=1>", "status": 200, "reason": "OK",
    "headers": {"Retry-After": "1", "X-Error-Code": "GatedRepo"},
}).encode()  # fmt: skip


TRUST = json.dumps(
    {
        "form": 1,
        "clone": "CLONE",
        "approved": [{"realm": "../../remotes/prod", "digest": "0" * 64, "names": ["prod"]}],
    }
).encode()


def tree_examples(root: Path) -> tuple[bytes, ...]:
    """Give trees of a repository as git stores them."""
    names = git(root, "ls-tree", "-r", "-d", "--object-only", "HEAD").split()
    trees = [git(root, "cat-file", "tree", one.decode()) for one in (b"HEAD^{tree}", *names)]
    whole = trees[0]
    blob = whole[whole.index(b"\0") + 1 :][:20]
    odd = (b"120000", b"160000", b"100755", b"0", b"777777", b"-1", b"100664")
    links = b"".join(mode + b" link%d\0" % number + blob for number, mode in enumerate(odd))
    return (*trees, whole + links)


def make_arrays(suffix: str) -> tuple[bytes, ...]:
    found = []
    for made in (
        np.zeros((3, 4), "float32"),
        np.ones((2, 4), ">f4"),
        np.asfortranarray(np.ones((2, 4), "int64")),
    ):
        file = io.BytesIO()
        np.save(file, made) if suffix == "npy" else np.savez(file, x=made)
        found.append(file.getvalue())
    return tuple(found)


def make_protobuf() -> bytes:
    """Write a program of Paddle 2 with one output, as its own tests do."""
    return message(1, number(1, 0), number(2, -1), variable("a", 5, -1, 10), fetching("a", 0))
