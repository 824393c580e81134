"""Spoil valid examples: their bytes, what they are built of, and the paths and names in them.

One input follows from its seed, its format and its number alone, so that it can be made again.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from tests import plain_yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

PATHS = (
    *(".git", ".git/config", ".GIT/hooks/post-checkout", "git~1/config", ".git /config"),
    *(".git./config", ".git::$INDEX_ALLOCATION/config", ".g\u200cit/config", "a/../.git/config"),
    *("..", "../escaped", "../../escaped", "checkpoints/../../escaped", "..\\escaped", "a/.."),
    *("/tmp/../escaped", "/", "//", "C:\\escaped", "C:escaped", "\\\\host\\share", "~/escaped"),
    *(".", "./", "", " ", "a//b", "a/", "a/./b", "-rf", "--upload-pack=x", "CON", "nul.txt"),
    *(".dvc", ".dvc/config", ".dvc/cache", ".paddledvc/tmp/x", "models.yaml", "exports/beta/x"),
    *("checkpoints", "exports", "a\\b", "a:b", "a" * 300, "a/" * 2000, "é", "e\u0301", "link/x"),
)
"""What is written where a path stood."""
TEXTS = (
    *(
        "\0",
        "a\0b",
        "\x1b[2J\x1b[31mred",
        "\x9b31m",
        "\u202egnp",
        "a\r::error::b",
        "\u2028::warning::",
    ),
    *(
        "::error::made up",
        "##[error]made up",
        "a\n::error::b",
        "##vso[task.setvariable]x",
        "\ud800",
    ),
    *(
        "\udcff",
        "\ufeff",
        "x" * 70_000,
        "%",
        "${x}",
        "${{a}}",
        "$(touch escaped)",
        "`id`",
        "'",
        '"',
    ),
    *(
        "{{",
        "}}",
        "#",
        "&a",
        "*a",
        "!!python/object/apply:os.system",
        "<<",
        "null",
        "~",
        "yes",
        "1e9",
    ),
    *("0x10", "0o17", "1_000", "1:30", "2026-13-45", "2026-11-22", "=", "inf", ".nan", "-0", "١٢"),
    *(
        "v1.0.0",
        ">=1,<2",
        "latest",
        ">=",
        "1.0.0+a.b",
        "==1.*",
        "1!2",
        "9" * 5000,
        "1." * 3000 + "1",
    ),
    *(
        "http://[::1",
        "https://user:pass@host/x",
        "http://host:99999/",
        "s3://",
        "ftp://x",
        "file:x",
    ),
    *(
        "git+ext::sh -c id@",
        "https://" + "a" * 300 + "/",
        "http://\u202ehost/",
        "hdfs://x",
        "ssh://-o/",
    ),
    *("md5", "0" * 32, "0" * 64, "g" * 32, "d41d8cd98f00b204e9800998ecf8427e.dir", "AB" * 16),
)
"""What is written where a text stood."""
VALUES = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 1.5, -0.0, 1e308, float("inf")),
    *(float("nan"), float("-inf"), [], {}, [[]], [{}], {"": ""}, {"a": {}}, [None], [1, "a", None]),
    *({"path": "../escaped"}, ["a"] * 2000, {f"k{i}": i for i in range(500)}, [["a", 1]]),
)
"""What is written where a value of any type stood."""
TOKENS = (
    *(b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\x85"),
    *(b'"\\ud800"', b"'\\ud800'", b"\\u0000", b'"\\x1b[31m"', b"\xe2\x80\xa8", b"\xed\xa0\x80"),
    *(b"\x1b]0;x\x07", b"\x7f", b"%00", b"%ff"),
    *(b"&a ", b"*a", b"*b", b"<<: *a\n", b"? ", b"- ", b"{", b"}", b"[", b"]", b": ", b":", b"\t"),
    *(b"%YAML 9.9\n---\n", b"---\n", b"...\n", b"#", b"!!binary ", b"!!set ", b"!!timestamp "),
    *(b"!!float ", b"!!int ", b"!x ", b"!<tag:x> ", b"!!python/name:os.system ", b"|\n", b">-\n"),
    *(b"<<<<<<< a\n", b"=======\n", b">>>>>>> b\n", b"||||||| c\n", b"|9\n", b"::error::x\n"),
    *(b"1e999", b"NaN", b"-Infinity", b"9" * 5000, b"0." + b"0" * 5000, b"-" * 9000 + b"1"),
    *(b"[" * 3000, b"{a: " * 1500, b'{"a":' * 3000, b"- " * 3000, b"(" * 500),
    *(b"../", b".git/", b"=", b"@", b"!", b",", b" ", b"\n", b"\\", b"/", b'"', b"'"),
)  # fmt: skip
"""What is put between two bytes."""
LONGEST = 1 << 20
"""Bytes of an input; what is larger takes git its time, too."""
BOMB = "bomb: [&a0 [x, x], " + ", ".join(
    f"&a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)
)


def spoil(rng: random.Random, kind: str, examples: Sequence[bytes]) -> bytes:
    """Make an input of a kind of file: ``yaml``, ``json``, ``text`` or ``bytes``."""
    example = rng.choice(examples)
    if kind in {"yaml", "json"} and rng.random() < 0.65:
        data = _rebuild(rng, kind, example)
        return data if rng.random() < 0.8 else _cut(rng, data, examples)
    if rng.random() < 0.02:
        return example
    if kind != "bytes" and rng.random() < 0.5:
        return _reword(rng, example)
    return _cut(rng, example, examples)


def _cut(rng: random.Random, data: bytes, examples: Sequence[bytes]) -> bytes:
    """Change bytes."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randint(0, len(data))
        to = min(len(data), at + rng.choice((0, 1, 1, 2, 5, 20, 200)))
        choice = rng.randrange(9)
        if choice == 0:
            data = data[:at] + data[to:]
        elif choice == 1:
            data = data[:at] + data[at:to] * rng.choice((2, 3, 40)) + data[to:]
        elif choice == 2:
            data = data[:at] + bytes(rng.randrange(256) for _ in range(to - at)) + data[to:]
        elif choice == 3:
            data = data[:at]
        elif choice == 4:
            other = rng.choice(examples)
            data = data[:at] + other[rng.randint(0, len(other)) :]
        elif choice == 5 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        elif choice == 6 and rng.random() < 0.3:
            data = data.replace(b"\n", b"\r\n")
        else:
            data = data[:at] + rng.choice(TOKENS) + data[to:]
    return data[:LONGEST]


def _reword(rng: random.Random, data: bytes) -> bytes:
    """Write other words where a word stood, and other numbers where a number stood."""
    words = _words(data)
    if not words:
        return rng.choice(TOKENS)
    for start, end in sorted(
        rng.sample(words, min(len(words), rng.choice((1, 1, 2)))), reverse=True
    ):
        word = _encode(rng.choice(PATHS + TEXTS))
        data = data[:start] + word + data[end:]
    return data


@cache
def _words(data: bytes) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(rb"[^\s\"',:{}\[\]()=]+", data)]


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _rebuild(rng: random.Random, kind: str, example: bytes) -> bytes:
    """Change what a document is built of."""
    value = deepcopy(_load(kind, example))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = _swap(rng, value)
    write = _json if kind == "json" or rng.random() < 0.15 else _yaml
    text = write(rng, value)
    if kind == "yaml" and rng.random() < 0.04:
        text = rng.choice((f"{BOMB}]\n{text}", f"a: &a\n  <<: *a\n{text}", f"x: &x [*x]\n{text}"))
    if rng.random() < 0.02:
        text = "\ufeff" + text
    if rng.random() < 0.05:
        text = text.replace("\n", "\r\n")
    return _encode(text)


@cache
def _load(kind: str, example: bytes) -> Any:
    return json.loads(example) if kind == "json" else plain_yaml.load(example)


def _json(rng: random.Random, value: Any) -> str:
    text = json.dumps(
        value, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 2)), default=str
    )
    if rng.random() < 0.1 and text.startswith("{"):  # each key twice
        text = f"{text[:-1]}, {text[1:]}" if len(text) > 2 else text
    return text


def _yaml(rng: random.Random, value: Any) -> str:
    flow = rng.choice((False, False, None, True))
    try:
        text = yaml.dump(
            value,
            sort_keys=False,
            allow_unicode=rng.random() < 0.5,
            default_flow_style=flow,
            width=rng.choice((80, 10**6)),
        )
    except (UnicodeEncodeError, RecursionError):
        return _json(rng, value)
    lines = text.splitlines(keepends=True)
    if rng.random() < 0.1 and lines:  # a line twice, and so often a key
        at = rng.randrange(len(lines))
        lines.insert(at, lines[at])
    return "".join(lines)


def _swap(rng: random.Random, value: Any) -> Any:
    """Change one place in a value."""
    places = list(_places(value))
    if not places:
        return _other(rng, value)
    holder, key = rng.choice(places)
    choice = rng.randrange(12)
    if choice == 0:
        del holder[key]
    elif choice == 1 and isinstance(holder, dict):
        new = rng.choice((*PATHS, *TEXTS, *map(str, holder)))
        holder[new] = holder.pop(key)
    elif choice == 2 and isinstance(holder, dict):
        holder[rng.choice((None, 1, 1.5, True, "extra", "", "\x1b[1m", "::error::k"))] = holder[key]
    elif choice == 3 and isinstance(holder, list):
        holder.extend([deepcopy(holder[key])] * rng.choice((1, 2, 300)))
    elif choice == 4:
        holder[key] = [holder[key]] if rng.random() < 0.5 else {"a": holder[key]}
    elif choice == 5:
        other, there = rng.choice(places)
        holder[key] = deepcopy(
            other.get(there)
            if isinstance(other, dict)
            else next(iter(other[there : there + 1]), None)
        )
    elif choice == 6 and rng.random() < 0.2:
        holder[key] = _nested(rng.choice((20, 90, 400)), rng.random() < 0.5)
    else:
        holder[key] = _other(rng, holder[key])
    return value


def _places(value: Any) -> Any:
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in inside:
        yield value, key
        yield from _places(one)


def _nested(depth: int, lists: bool) -> Any:  # noqa: FBT001
    value: Any = "x"
    for _ in range(depth):
        value = [value] if lists else {"a": value}
    return value


def _other(rng: random.Random, value: Any) -> Any:
    if isinstance(value, str) and rng.random() < 0.75:
        made: Callable[[], str] = rng.choice((
            lambda: rng.choice(PATHS),
            lambda: rng.choice(TEXTS),
            lambda: value[: rng.randint(0, len(value))] + rng.choice(PATHS + TEXTS),
            lambda: f"{value}/{rng.choice(PATHS)}",
            lambda: f"{rng.choice(PATHS)}/{value}",
            value.upper,
        ))  # fmt: skip
        return made()
    if isinstance(value, int | float) and rng.random() < 0.4:
        return rng.choice(
            (
                value + 1,
                -value,
                value * 10**6,
                float(value) if abs(value) < 1e300 else 0,
                str(value),
            )
        )
    return deepcopy(rng.choice(VALUES))
