from __future__ import annotations

import json

import pytest
from jsonschema_rs import meta

from paddledvc.core import registry
from paddledvc.core.entries import PLAIN_FIELDS
from paddledvc.core.model import (
    Engine,
    Export,
    Input,
    Launch,
    Metric,
    Model,
    Reference,
    Tolerance,
    Train,
    Verify,
)
from paddledvc.core.versions import Requirement
from paddledvc.errors import InvalidFile, UnknownModel
from paddledvc.tools import schemas, yaml


def parse(text):
    return registry.parse(yaml.parse(text, "models.yaml"), schemas.schema("models"))


def complaints(text):
    with pytest.raises(InvalidFile) as caught:
        parse(text)
    return str(caught.value).splitlines()


def a_model(lines):
    """Write a registry of one model with these lines below its name and version."""
    text = "models:\n  - name: a\n    version: v1\n"
    return text + "".join(f"    {line}\n" for line in lines.split("\n"))


def named(name):
    return f"models:\n  - name: {name}\n    version: v1\n"


def of_version(version):
    return f"models:\n  - name: a\n    version: {version}\n"


BROKEN = [
    pytest.param(
        "~",
        [
            "1:1: found nothing, expected a mapping with models",
        ],
        id="null top",
    ),
    pytest.param(
        "hello",
        [
            "1:1: found 'hello', expected a mapping with models",
        ],
        id="text",
    ),
    pytest.param(
        "- name: a",
        [
            "1:1: found a list, expected a mapping with models",
        ],
        id="list top",
    ),
    pytest.param(
        "policy: {}",
        [
            "1:1: 'models' is missing",
        ],
        id="no models",
    ),
    pytest.param(
        "models: a\n",
        [
            "1:9: models: found 'a', expected a list of models",
        ],
        id="models text",
    ),
    pytest.param(
        "models:\n  a: {version: v1}\n",
        [
            "2:3: models: found a mapping, expected a list of models",
        ],
        id="models mapping",
    ),
    pytest.param(
        "models: [a]\n",
        [
            ("1:10: models[0]: found 'a', expected a mapping that starts with name and version"),
        ],
        id="model text",
    ),
    pytest.param(
        "models:\n  -\n",
        [
            ("2:4: models[0]: found nothing, expected a mapping that starts with name and version"),
        ],
        id="model null",
    ),
    pytest.param(
        "models:\n  - version: v1\n",
        [
            "2:5: models[0]: 'name' is missing",
        ],
        id="no name",
    ),
    pytest.param(
        "models:\n  - name: a\n",
        [
            "2:5: models[0]: 'version' is missing",
        ],
        id="no version",
    ),
    pytest.param(
        a_model("vresion: v2"),
        [
            "4:5: models[0].vresion: unknown key 'vresion'; did you mean 'version'?",
        ],
        id="unknown key",
    ),
    pytest.param(
        a_model("zzz: 1"),
        [
            (
                "4:5: models[0].zzz: unknown key 'zzz'; expected one of base, config_path, "
                "description, environment, export, format, hub_url, input_size, inputs, "
                "license, md5, meta, metrics, name, network, network_args, owner, sha256, "
                "size, source, tags, task, train, urls, verify, version, weights_url"
            ),
        ],
        id="unknown far",
    ),
    pytest.param(
        "model: []\n",
        [
            "1:1: model: unknown key 'model'; did you mean 'models'?",
            "1:1: 'models' is missing",
        ],
        id="unknown top",
    ),
    pytest.param(
        a_model("MD5: x"),
        [
            (
                "4:5: models[0].MD5: unknown key 'MD5'; expected one of base, config_path, "
                "description, environment, export, format, hub_url, input_size, inputs, "
                "license, md5, meta, metrics, name, network, network_args, owner, sha256, "
                "size, source, tags, task, train, urls, verify, version, weights_url"
            ),
        ],
        id="uppercase",
    ),
    pytest.param(
        of_version("1.10"),
        [
            (
                "3:14: models[0].version: found 1.10, which YAML reads as a number (1.1); "
                'expected a version such as v3.3.0, in quotes: "1.10"'
            ),
        ],
        id="ver num",
    ),
    pytest.param(
        of_version("3"),
        [
            (
                "3:14: models[0].version: found 3, which YAML reads as a whole number; "
                'expected a version such as v3.3.0, in quotes: "3"'
            ),
        ],
        id="ver int",
    ),
    pytest.param(
        of_version("on"),
        [
            (
                "3:14: models[0].version: 'on' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver bool",
    ),
    pytest.param(
        of_version("''"),
        [
            "3:14: models[0].version: found '', expected a version such as v3.3.0",
        ],
        id="ver empty",
    ),
    pytest.param(
        of_version("' '"),
        [
            (
                "3:14: models[0].version: ' ' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver blank",
    ),
    pytest.param(
        of_version("newest"),
        [
            (
                "3:14: models[0].version: 'newest' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver word",
    ),
    pytest.param(
        of_version("' v1'"),
        [
            (
                "3:14: models[0].version: ' v1' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver spaced",
    ),
    pytest.param(
        of_version("1e3"),
        [
            (
                "3:14: models[0].version: found 1e3, which YAML reads as a number "
                '(1000.0); expected a version such as v3.3.0, in quotes: "1e3"'
            ),
        ],
        id="ver exp",
    ),
    pytest.param(
        of_version("'>=3.2,<'"),
        [
            (
                "3:14: models[0].version: '>=3.2,<' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver range bad",
    ),
    pytest.param(
        of_version("^x"),
        [
            (
                "3:14: models[0].version: '^x' is not a version; expected one such as "
                "v3.3.0, or a range such as >=3.2,<4 or latest"
            ),
        ],
        id="ver caret bad",
    ),
    pytest.param(
        named("50"),
        [
            (
                "2:11: models[0].name: found 50, which YAML reads as a whole number; "
                'expected a name such as resnet50, in quotes: "50"'
            ),
        ],
        id="name int",
    ),
    pytest.param(
        named("a/b"),
        [
            (
                "2:11: models[0].name: found 'a/b', expected a name without / or \\, "
                "because files and stages are named after it"
            ),
        ],
        id="name slash",
    ),
    pytest.param(
        named("a b"),
        [
            (
                "2:11: models[0].name: found 'a b', expected a name without spaces or "
                "characters that a shell reads, because stages run commands with it"
            ),
        ],
        id="name space",
    ),
    pytest.param(
        named("a;b"),
        [
            (
                "2:11: models[0].name: found 'a;b', expected a name without spaces or "
                "characters that a shell reads, because stages run commands with it"
            ),
        ],
        id="name semi",
    ),
    pytest.param(
        named('"${x}"'),
        [
            (
                "2:11: models[0].name: found '${x}', expected a name without $, { and }, "
                "because DVC reads ${…} as a template"
            ),
        ],
        id="name dollar",
    ),
    pytest.param(
        named("a'b"),
        [
            (
                '2:11: models[0].name: found "a\'b", expected a name without spaces or '
                "characters that a shell reads, because stages run commands with it"
            ),
        ],
        id="name quote",
    ),
    pytest.param(
        named("a."),
        [
            (
                "2:11: models[0].name: found 'a.', expected a name of letters, digits, "
                "'.', '_', '+' and '-' that starts with a letter or digit and ends with "
                "one of these or '+'"
            ),
        ],
        id="name dot",
    ),
    pytest.param(
        named("-a"),
        [
            (
                "2:11: models[0].name: found '-a', expected a name of letters, digits, "
                "'.', '_', '+' and '-' that starts with a letter or digit and ends with "
                "one of these or '+'"
            ),
        ],
        id="name dash",
    ),
    pytest.param(
        named(".."),
        [
            (
                "2:11: models[0].name: found '..', expected a name of letters, digits, "
                "'.', '_', '+' and '-' that starts with a letter or digit and ends with "
                "one of these or '+'"
            ),
        ],
        id="name dots",
    ),
    pytest.param(
        named("模型"),
        [
            (
                "2:11: models[0].name: found '模型', expected a name of letters, digits, "
                "'.', '_', '+' and '-' that starts with a letter or digit and ends with "
                "one of these or '+'"
            ),
        ],
        id="name uni",
    ),
    pytest.param(
        named("''"),
        [
            "2:11: models[0].name: found '', expected a name such as resnet50",
        ],
        id="name empty",
    ),
    pytest.param(
        named('"a@b"'),
        [
            (
                "2:11: models[0].name: found 'a@b', expected a name without spaces or "
                "characters that a shell reads, because stages run commands with it"
            ),
        ],
        id="name at",
    ),
    pytest.param(
        named("a") + "  - name: a\n    version: v2\n",
        [
            "4:11: models[1].name: the name 'a' is taken by the model in line 2",
        ],
        id="dup",
    ),
    pytest.param(
        "models:\n  - name: PP-OCRv4.1\n    version: v1\n  - name: PP-OCRv4-1\n    version: v2\n",
        [
            (
                "4:11: models[1].name: 'PP-OCRv4-1' and 'PP-OCRv4.1' (line 2) would share "
                "the stage, file and tag name 'pp-ocrv4-1'; rename one of them"
            ),
        ],
        id="slug",
    ),
    pytest.param(
        "models:\n  - name: A\n    version: v1\n  - name: a\n    version: v2\n",
        [
            (
                "4:11: models[1].name: 'a' and 'A' (line 2) would share the stage, file "
                "and tag name 'a'; rename one of them"
            ),
        ],
        id="case",
    ),
    pytest.param(
        named("a") + "  - {name: a, version: v2}\n  - {name: a, version: v3}\n",
        [
            "4:12: models[1].name: the name 'a' is taken by the model in line 2",
            "5:12: models[2].name: the name 'a' is taken by the model in line 2",
        ],
        id="three",
    ),
    pytest.param(
        a_model("base: resnte"),
        [
            "4:11: models[0].base: no model is called 'resnte'",
        ],
        id="base none",
    ),
    pytest.param(
        "models:\n  - name: resnet50\n    version: v1\n  - {name: b, version: v1, base: resnet5}\n",
        [
            ("4:34: models[1].base: no model is called 'resnet5'; did you mean 'resnet50'?"),
        ],
        id="base close",
    ),
    pytest.param(
        a_model("base: a"),
        [
            "4:11: models[0].base: the bases form a circle: a -> a",
        ],
        id="base self",
    ),
    pytest.param(
        "models:\n"
        "  - {name: a, version: v1, base: b}\n"
        "  - {name: b, version: v1, base: c}\n"
        "  - {name: c, version: v1, base: a}\n",
        [
            "2:34: models[0].base: the bases form a circle: a -> b -> c -> a",
            "3:34: models[1].base: the bases form a circle: b -> c -> a -> b",
            "4:34: models[2].base: the bases form a circle: c -> a -> b -> c",
        ],
        id="base circle",
    ),
    pytest.param(
        "models:\n"
        "  - {name: z, version: v1, base: a}\n"
        "  - {name: a, version: v1, base: b}\n"
        "  - {name: b, version: v1, base: a}\n",
        [
            "3:34: models[1].base: the bases form a circle: a -> b -> a",
            "4:34: models[2].base: the bases form a circle: b -> a -> b",
        ],
        id="base into circle",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nmd5: d41d8"),
        [
            ("5:10: models[0].md5: found 'd41d8', expected an MD5 digest of 32 hexadecimal digits"),
        ],
        id="md5 short",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nmd5: 12345678901234567890123456789012"),
        [
            (
                "5:10: models[0].md5: found 12345678901234567890123456789012, which YAML "
                "reads as a whole number; expected an MD5 digest of 32 hexadecimal digits, "
                'in quotes: "12345678901234567890123456789012"'
            ),
        ],
        id="md5 num",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nmd5: 1234567890123e56789012345678901"),
        [
            (
                "5:10: models[0].md5: found 1234567890123e56789012345678901, which YAML "
                "reads as a number (inf); expected an MD5 digest of 32 hexadecimal digits, "
                'in quotes: "1234567890123e56789012345678901"'
            ),
        ],
        id="md5 exp",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nmd5: 12345678901234567890123456789e12"),
        [
            (
                "5:10: models[0].md5: found 12345678901234567890123456789e12, which YAML "
                "reads as a number (1.2345678901234568e+40); expected an MD5 digest of 32 "
                'hexadecimal digits, in quotes: "12345678901234567890123456789e12"'
            ),
        ],
        id="md5 exp32",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nmd5: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"),
        [
            (
                "5:10: models[0].md5: found 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', expected "
                "an MD5 digest of 32 hexadecimal digits"
            ),
        ],
        id="md5 z",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nsha256: abc"),
        [
            (
                "5:13: models[0].sha256: found 'abc', expected a SHA-256 digest of 64 "
                "hexadecimal digits"
            ),
        ],
        id="sha short",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nsize: -1"),
        [
            (
                "5:11: models[0].size: found -1, which YAML reads as a whole number; "
                "expected a number of bytes"
            ),
        ],
        id="size neg",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nsize: 1.5"),
        [
            (
                "5:11: models[0].size: found 1.5, which YAML reads as a number; expected a "
                "number of bytes"
            ),
        ],
        id="size frac",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nsize: 10MB"),
        [
            "5:11: models[0].size: found '10MB', expected a number of bytes",
        ],
        id="size text",
    ),
    pytest.param(
        a_model("weights_url: a.pdparams\nformat: pdparam"),
        [
            (
                "5:13: models[0].format: found 'pdparam', expected one of pdparams, "
                "safetensors, pdmodel, json, onnx, tar, tar.gz, zip; did you mean "
                "'pdparams'?"
            ),
        ],
        id="format",
    ),
    pytest.param(
        a_model("weights_url: https://u:p@host/a.pdparams"),
        [
            (
                "4:18: models[0].weights_url: found 'https://u:p@host/a.pdparams', "
                "expected a URL without a user or password, because models.yaml is in git; "
                "put them in ~/.netrc"
            ),
        ],
        id="url cred",
    ),
    pytest.param(
        a_model("weights_url: https://token@host/a.pdparams"),
        [
            (
                "4:18: models[0].weights_url: found 'https://token@host/a.pdparams', "
                "expected a URL without a user or password, because models.yaml is in git; "
                "put them in ~/.netrc"
            ),
        ],
        id="url token",
    ),
    pytest.param(
        a_model("weights_url: ftp://host/a"),
        [
            (
                "4:18: models[0].weights_url: found 'ftp://host/a', expected an http://, "
                "https:// or file: URL, or a path in the project"
            ),
        ],
        id="url ftp",
    ),
    pytest.param(
        a_model("weights_url: s3://b/a"),
        [
            (
                "4:18: models[0].weights_url: found 's3://b/a', expected an http://, "
                "https:// or file: URL, or a path in the project"
            ),
        ],
        id="url s3",
    ),
    pytest.param(
        a_model("weights_url: /data/a"),
        [
            (
                "4:18: models[0].weights_url: found '/data/a', expected a path relative to "
                "the project, not an absolute one"
            ),
        ],
        id="url abs",
    ),
    pytest.param(
        a_model("weights_url: ../a"),
        [
            (
                "4:18: models[0].weights_url: found '../a', expected a path inside the "
                "project, without '..'"
            ),
        ],
        id="url up",
    ),
    pytest.param(
        a_model("weights_url: a\\b"),
        [
            (
                "4:18: models[0].weights_url: found 'a\\\\b', expected a path with / between "
                "its parts, as on every system"
            ),
        ],
        id="url bs",
    ),
    pytest.param(
        a_model("weights_url: https://h/${x}"),
        [
            (
                "4:18: models[0].weights_url: found 'https://h/${x}', expected a URL "
                "without $, { and }; write them as %24, %7B and %7D"
            ),
        ],
        id="url dollar",
    ),
    pytest.param(
        a_model("weights_url: https://h/a b"),
        [
            (
                "4:18: models[0].weights_url: found 'https://h/a b', expected a URL "
                "without spaces; write a space as %20"
            ),
        ],
        id="url space",
    ),
    pytest.param(
        a_model("weights_url: https:///a"),
        [
            ("4:18: models[0].weights_url: found 'https:///a', expected a URL that names a host"),
        ],
        id="url nohost",
    ),
    pytest.param(
        a_model("weights_url: 3"),
        [
            (
                "4:18: models[0].weights_url: found 3, which YAML reads as a whole number; "
                'expected an http(s) or file URL, or a path in the project, in quotes: "3"'
            ),
        ],
        id="url int",
    ),
    pytest.param(
        a_model("weights_url: ''"),
        [
            (
                "4:18: models[0].weights_url: found '', expected an http(s) or file URL, "
                "or a path in the project"
            ),
        ],
        id="url empty",
    ),
    pytest.param(
        a_model("urls: []"),
        [
            "4:11: models[0].urls: found an empty list, expected a list of URLs, each once",
        ],
        id="urls empty",
    ),
    pytest.param(
        a_model("urls: a"),
        [
            "4:11: models[0].urls: found 'a', expected a list of URLs, each once",
        ],
        id="urls text",
    ),
    pytest.param(
        a_model("urls: [https://h/a, /etc/passwd]"),
        [
            (
                "4:25: models[0].urls[1]: found '/etc/passwd', expected a path relative to "
                "the project, not an absolute one"
            ),
        ],
        id="urls deep",
    ),
    pytest.param(
        a_model("weights_url: HTTPS://h/a"),
        [
            (
                "4:18: models[0].weights_url: found 'HTTPS://h/a', expected an http://, "
                "https:// or file: URL, or a path in the project"
            ),
        ],
        id="url upper",
    ),
    pytest.param(
        a_model("md5: d41d8cd98f00b204e9800998ecf8427e"),
        [
            (
                "4:10: models[0].md5: md5 is given, but nothing says where the weights "
                "are; add weights_url"
            ),
        ],
        id="md5 no url",
    ),
    pytest.param(
        a_model("description: 3"),
        [
            (
                "4:18: models[0].description: found 3, which YAML reads as a whole number; "
                'expected text, in quotes: "3"'
            ),
        ],
        id="desc num",
    ),
    pytest.param(
        a_model("description:"),
        [
            "4:17: models[0].description: found nothing, expected text",
        ],
        id="desc null",
    ),
    pytest.param(
        a_model("task: true"),
        [
            (
                "4:11: models[0].task: found true, which YAML reads as true or false; "
                'expected text, in quotes: "true"'
            ),
        ],
        id="task bool",
    ),
    pytest.param(
        a_model("tags: a"),
        [
            "4:11: models[0].tags: found 'a', expected a list of words, each once",
        ],
        id="tags text",
    ),
    pytest.param(
        a_model("tags: [a, a]"),
        [
            "4:11: models[0].tags: found a list, expected a list of words, each once",
        ],
        id="tags twice",
    ),
    pytest.param(
        a_model("tags: [1]"),
        [
            (
                "4:12: models[0].tags[0]: found 1, which YAML reads as a whole number; "
                'expected text, in quotes: "1"'
            ),
        ],
        id="tags num",
    ),
    pytest.param(
        a_model("owner: ''"),
        [
            "4:12: models[0].owner: found '', expected text",
        ],
        id="owner empty",
    ),
    pytest.param(
        a_model("config_path: /a"),
        [
            (
                "4:18: models[0].config_path: found '/a', expected a path relative to the "
                "project, not an absolute one"
            ),
        ],
        id="cfg abs",
    ),
    pytest.param(
        a_model("config_path: ../a"),
        [
            (
                "4:18: models[0].config_path: found '../a', expected a path inside the "
                "project, without '..'"
            ),
        ],
        id="cfg up",
    ),
    pytest.param(
        a_model("config_path: ${a}"),
        [
            (
                "4:18: models[0].config_path: found '${a}', expected a path without $ and "
                "control characters, because DVC reads ${…} as a template"
            ),
        ],
        id="cfg dollar",
    ),
    pytest.param(
        a_model("input_size: 0"),
        [
            (
                "4:17: models[0].input_size: found 0, which YAML reads as a whole number; "
                "expected a size such as 640, or a list such as [416, 416]"
            ),
        ],
        id="input_size 0",
    ),
    pytest.param(
        a_model("input_size: 416x416"),
        [
            (
                "4:17: models[0].input_size: found '416x416', expected a size such as 640, "
                "or a list such as [416, 416]"
            ),
        ],
        id="input_size text",
    ),
    pytest.param(
        a_model("input_size: [1.5]"),
        [
            (
                "4:18: models[0].input_size[0]: found 1.5, which YAML reads as a number; "
                "expected a whole number"
            ),
        ],
        id="input_size frac",
    ),
    pytest.param(
        a_model("accuracy_top1: good"),
        [
            (
                "4:20: models[0].accuracy_top1: found 'good', expected a number, a "
                "percentage such as 76.8%, or a mapping with value, direction and "
                "tolerance"
            ),
        ],
        id="acc word",
    ),
    pytest.param(
        a_model("accuracy_top1: [1]"),
        [
            (
                "4:20: models[0].accuracy_top1: found a list, expected a number, a "
                "percentage such as 76.8%, or a mapping with value, direction and "
                "tolerance"
            ),
        ],
        id="acc list",
    ),
    pytest.param(
        a_model("accuracy_foo: 1"),
        [
            (
                "4:5: models[0].accuracy_foo: unknown key 'accuracy_foo'; expected one of "
                "base, config_path, description, environment, export, format, hub_url, "
                "input_size, inputs, license, md5, meta, metrics, name, network, "
                "network_args, owner, sha256, size, source, tags, task, train, urls, "
                "verify, version, weights_url"
            ),
        ],
        id="acc key",
    ),
    pytest.param(
        a_model("metrics: {m: {value: 1, direction: up}}"),
        [
            ("4:40: models[0].metrics.m.direction: found 'up', expected one of higher, lower"),
        ],
        id="metric dir",
    ),
    pytest.param(
        a_model("metrics: {m: {direction: higher}}"),
        [
            "4:18: models[0].metrics.m: 'value' is missing",
        ],
        id="metric no value",
    ),
    pytest.param(
        a_model("metrics: {m: {value: 1, tolerance: x}}"),
        [
            (
                "4:40: models[0].metrics.m.tolerance: found 'x', expected a number or a "
                "percentage such as 76.8%"
            ),
        ],
        id="metric tol",
    ),
    pytest.param(
        a_model("metrics: [1]"),
        [
            ("4:14: models[0].metrics: found a list, expected a mapping of keys to values"),
        ],
        id="metrics list",
    ),
    pytest.param(
        a_model("metrics: {m: }"),
        [
            (
                "4:18: models[0].metrics.m: found nothing, expected a number, a percentage "
                "such as 76.8%, or a mapping with value, direction and tolerance"
            ),
        ],
        id="metric null",
    ),
    pytest.param(
        a_model("metrics: {m: {value: 1, tolerence: 1}}"),
        [
            (
                "4:29: models[0].metrics.m.tolerence: unknown key 'tolerence'; did you "
                "mean 'tolerance'?"
            ),
        ],
        id="metric key",
    ),
    pytest.param(
        a_model("metrics: {m: .nan}"),
        [
            (
                "4:18: models[0].metrics.m: found .nan, which YAML reads as a number "
                "(nan); expected a number, a percentage such as 76.8%, or a mapping with "
                "value, direction and tolerance"
            ),
        ],
        id="metric nan",
    ),
    pytest.param(
        a_model("network: net"),
        [
            (
                "4:14: models[0].network: found 'net', expected package.module:name or "
                "path/file.py:name"
            ),
        ],
        id="net plain",
    ),
    pytest.param(
        a_model("network: ../net.py:Net"),
        [
            (
                "4:14: models[0].network: found '../net.py:Net', expected a path inside "
                "the project, without '..'"
            ),
        ],
        id="net up",
    ),
    pytest.param(
        a_model("network: net:Net\nnetwork_args: [1]"),
        [
            ("5:19: models[0].network_args: found a list, expected a mapping of keys to values"),
        ],
        id="net args",
    ),
    pytest.param(
        a_model("network: a/net:Net"),
        [
            (
                "4:14: models[0].network: found 'a/net:Net', expected package.module:name "
                "or path/file.py:name"
            ),
        ],
        id="net file noext",
    ),
    pytest.param(
        a_model("inputs: []"),
        [
            "4:13: models[0].inputs: found an empty list, expected at least 1 entry",
        ],
        id="inputs empty",
    ),
    pytest.param(
        a_model("inputs: [{name: x}]"),
        [
            "4:14: models[0].inputs[0]: 'shape' is missing",
        ],
        id="inputs no shape",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [1], dtype: float}]"),
        [
            (
                "4:43: models[0].inputs[0].dtype: found 'float', expected one of float32, "
                "float64, float16, int64, int32, int16, int8, uint8, bool; did you mean "
                "'float64'?"
            ),
        ],
        id="inputs dtype",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: 3}]"),
        [
            (
                "4:31: models[0].inputs[0].shape: found 3, which YAML reads as a whole "
                "number; expected a list such as [null, 3, 224, 224]"
            ),
        ],
        id="inputs shape text",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [0, -1]}]"),
        [
            (
                "4:32: models[0].inputs[0].shape[0]: found 0, which YAML reads as a whole "
                "number; expected a size of at least 1, or null for a dynamic one"
            ),
            (
                "4:35: models[0].inputs[0].shape[1]: found -1, which YAML reads as a whole "
                "number; expected a size of at least 1, or null for a dynamic one"
            ),
        ],
        id="inputs shape 0",
    ),
    pytest.param(
        a_model("inputs: [{name: 1x, shape: [1]}]"),
        [
            (
                "4:21: models[0].inputs[0].name: found '1x', expected the name of an "
                "argument of the network's forward"
            ),
        ],
        id="inputs name",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [1], range: [1]}]"),
        [
            (
                "4:43: models[0].inputs[0].range: found a list, expected a list of two "
                "numbers [low, high]"
            ),
        ],
        id="range one",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [1], range: [2, 1]}]"),
        [
            ("4:43: models[0].inputs[0].range: found [2, 1], expected [low, high] with low < high"),
        ],
        id="range order",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [1]}, {name: x, shape: [2]}]"),
        [
            "4:44: models[0].inputs[1].name: the name 'x' is taken by input 0",
        ],
        id="inputs twice",
    ),
    pytest.param(
        a_model("inputs: [{name: x, shape: [1], range: [0, .inf]}]"),
        [
            (
                "4:47: models[0].inputs[0].range[1]: found .inf, which YAML reads as a "
                "number (inf); expected a number"
            ),
        ],
        id="range inf",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, command: x}"),
        [
            "4:12: models[0].train: expected either function or command",
        ],
        id="train both",
    ),
    pytest.param(
        a_model("train: {command: x, launch: {processes: 2}}"),
        [
            (
                "4:33: models[0].train.launch: launch goes with function; a command starts "
                "its own processes"
            ),
        ],
        id="train launch cmd",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, launch: {nodes: 2}}"),
        [
            "4:39: models[0].train.launch: more than one node needs master: host:port",
        ],
        id="train nodes",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, launch: {processes: 0}}"),
        [
            (
                "4:51: models[0].train.launch.processes: found 0, which YAML reads as a "
                "whole number; expected at least 1"
            ),
        ],
        id="train proc",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, launch: {processes: 2000}}"),
        [
            (
                "4:51: models[0].train.launch.processes: found 2000, which YAML reads as a "
                "whole number; expected at most 1024"
            ),
        ],
        id="train many",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, launch: {backend: mpi}}"),
        [
            ("4:49: models[0].train.launch.backend: found 'mpi', expected one of gloo, nccl"),
        ],
        id="train backend",
    ),
    pytest.param(
        a_model("train: {function: t.py:f, launch: {nodes: 2, master: host}}"),
        [
            "4:58: models[0].train.launch.master: found 'host', expected host:port",
        ],
        id="train master",
    ),
    pytest.param(
        a_model("train: {command: x, seed: -1}"),
        [
            (
                "4:31: models[0].train.seed: found -1, which YAML reads as a whole number; "
                "expected a whole number from 0 to 4294967295"
            ),
        ],
        id="train seed",
    ),
    pytest.param(
        a_model("train: {command: x, seed: 4294967296}"),
        [
            (
                "4:31: models[0].train.seed: found 4294967296, which YAML reads as a whole "
                "number; expected a whole number from 0 to 4294967295"
            ),
        ],
        id="train seed big",
    ),
    pytest.param(
        a_model("train: {command: x, device: cuda}"),
        [
            "4:33: models[0].train.device: found 'cuda', expected cpu, gpu or gpu:N",
        ],
        id="train device",
    ),
    pytest.param(
        a_model("train: {command: x, deps: [../a]}"),
        [
            (
                "4:32: models[0].train.deps[0]: found '../a', expected a path inside the "
                "project, without '..'"
            ),
        ],
        id="train dep",
    ),
    pytest.param(
        a_model("train: {command: x, launcher: 1}"),
        [
            ("4:25: models[0].train.launcher: unknown key 'launcher'; did you mean 'launch'?"),
        ],
        id="train key",
    ),
    pytest.param(
        a_model("train: {command: ''}"),
        [
            "4:22: models[0].train.command: found '', expected a command line",
        ],
        id="train cmd empty",
    ),
    pytest.param(
        a_model("export: {}"),
        [
            "4:13: models[0].export: an export needs 'network'; add it to the model",
            "4:13: models[0].export: an export needs 'inputs'; add it to the model",
            (
                "4:13: models[0].export: nothing gives the weights to export; add "
                "weights_url, train or base"
            ),
        ],
        id="export bare",
    ),
    pytest.param(
        a_model("export: {}\nnetwork: a.py:N\nweights_url: w.pdparams"),
        [
            "4:13: models[0].export: an export needs 'inputs'; add it to the model",
        ],
        id="export no inputs",
    ),
    pytest.param(
        a_model("export: {}\nnetwork: a.py:N\ninputs: [{name: x, shape: [1]}]"),
        [
            (
                "4:13: models[0].export: nothing gives the weights to export; add "
                "weights_url, train or base"
            ),
        ],
        id="export no weights",
    ),
    pytest.param(
        a_model(
            "network: net.py:Net\n"
            "inputs: [{name: x, shape: [null, 4]}]\n"
            "weights_url: w.pdparams\n"
            "export: {allow: [inplace]}"
        ),
        [
            (
                "7:22: models[0].export.allow[0]: found 'inplace', expected one of "
                "in-place, branch-types; did you mean 'in-place'?"
            ),
        ],
        id="export allow",
    ),
    pytest.param(
        a_model(
            "network: net.py:Net\n"
            "inputs: [{name: x, shape: [null, 4]}]\n"
            "weights_url: w.pdparams\n"
            "export: yes"
        ),
        [
            ("7:13: models[0].export: found 'yes', expected a mapping ({} for the defaults)"),
        ],
        id="export text",
    ),
    pytest.param(
        a_model(
            "network: net.py:Net\n"
            "inputs: [{name: x, shape: [null, 4]}]\n"
            "weights_url: w.pdparams\n"
            "export:"
        ),
        [
            ("7:12: models[0].export: found nothing, expected a mapping ({} for the defaults)"),
        ],
        id="export null",
    ),
    pytest.param(
        a_model("verify: {tolerance: -1}"),
        [
            (
                "4:25: models[0].verify.tolerance: found -1, which YAML reads as a whole "
                "number; expected a scaled error such as 1e-5, or a mapping with program, "
                "engine and device"
            ),
        ],
        id="verify tol",
    ),
    pytest.param(
        a_model("verify: {tolerance: {program: -1, engin: 1}}"),
        [
            (
                "4:35: models[0].verify.tolerance.program: found -1, which YAML reads as a "
                "whole number; expected a scaled error of at least 0, such as 1e-5"
            ),
            ("4:39: models[0].verify.tolerance.engin: unknown key 'engin'; did you mean 'engine'?"),
        ],
        id="verify tol key",
    ),
    pytest.param(
        a_model("verify: {batch_sizes: [0]}"),
        [
            (
                "4:28: models[0].verify.batch_sizes[0]: found 0, which YAML reads as a "
                "whole number; expected at least 1"
            ),
        ],
        id="verify bs",
    ),
    pytest.param(
        a_model("verify: {batch_sizes: []}"),
        [
            (
                "4:27: models[0].verify.batch_sizes: found an empty list, expected a list of "
                "batch sizes such as [1, 3, 8], each once"
            ),
        ],
        id="verify bs empty",
    ),
    pytest.param(
        a_model("verify: {paths: [jitt]}"),
        [
            (
                "4:22: models[0].verify.paths[0]: found 'jitt', expected one of jit, "
                "predictor, deployed, gpu; did you mean 'jit'?"
            ),
        ],
        id="verify paths",
    ),
    pytest.param(
        a_model("verify: {samples: a.txt}"),
        [
            (
                "4:23: models[0].verify.samples: found 'a.txt', expected a .npz file, or a "
                "function such as path/file.py:samples"
            ),
        ],
        id="verify samples",
    ),
    pytest.param(
        a_model("verify: {samples: /a.npz}"),
        [
            (
                "4:23: models[0].verify.samples: found '/a.npz', expected a path relative "
                "to the project, not an absolute one"
            ),
        ],
        id="verify samples abs",
    ),
    pytest.param(
        a_model("verify: {engine: {threads: 0}}"),
        [
            (
                "4:32: models[0].verify.engine.threads: found 0, which YAML reads as a "
                "whole number; expected at least 1"
            ),
        ],
        id="verify thr",
    ),
    pytest.param(
        a_model("verify: {engine: {onednn: 1}}"),
        [
            (
                "4:31: models[0].verify.engine.onednn: found 1, which YAML reads as a "
                "whole number; expected true or false"
            ),
        ],
        id="verify onednn",
    ),
    pytest.param(
        a_model("verify: {samples: 'a b:c d'}"),
        [
            (
                "4:23: models[0].verify.samples: found 'a b:c d', expected a .npz file, or "
                "a function such as path/file.py:samples"
            ),
        ],
        id="verify samples dots",
    ),
    pytest.param(
        a_model("environment: [a]"),
        [
            (
                "4:18: models[0].environment: found a list, expected a container image, or "
                "a mapping with image"
            ),
        ],
        id="env list",
    ),
    pytest.param(
        a_model("environment: {imagge: a}"),
        [
            "4:18: models[0].environment: 'image' is missing",
            ("4:19: models[0].environment.imagge: unknown key 'imagge'; did you mean 'image'?"),
        ],
        id="env key",
    ),
    pytest.param(
        "models: []\nenvironment: ''\n",
        [
            ("2:14: environment: found '', expected a container image, or a mapping with image"),
        ],
        id="top env",
    ),
    pytest.param(
        "models: []\npolicy: []\n",
        [
            "2:9: policy: found an empty list, expected a mapping of keys to values",
        ],
        id="policy",
    ),
    pytest.param(
        "models: []\ncatalogs: x\n",
        [
            "2:11: catalogs: found 'x', expected a mapping of keys to values",
        ],
        id="catalogs",
    ),
]


@pytest.mark.parametrize(("text", "lines"), BROKEN)
def test_a_broken_registry_is_refused_with_place_and_reason(text, lines):
    assert complaints(text) == [f"models.yaml:{line}" for line in lines]


@pytest.mark.parametrize(
    ("lines", "written"),
    [
        pytest.param("weights_url: w\nsize: 1e3", "1e3", id="size"),
        pytest.param("input_size: 416.0", "416.0", id="input_size"),
        pytest.param("inputs: [{name: x, shape: [null, 4.0]}]", "4.0", id="shape"),
        pytest.param("verify: {batch_sizes: [1, 3.0]}", "3.0", id="batch_sizes"),
        pytest.param("train: {command: x, seed: 1.0}", "1.0", id="seed"),
    ],
)
def test_a_whole_number_written_with_a_point_or_exponent_is_refused(lines, written):
    [line] = complaints(a_model(lines))

    assert f"found {written}, which YAML reads as a number" in line


def test_every_missing_key_is_named():
    assert complaints("models:\n  - {}\n") == [
        "models.yaml:2:5: models[0]: 'name' is missing",
        "models.yaml:2:5: models[0]: 'version' is missing",
    ]


def test_an_empty_file_is_refused():
    assert complaints("") == ["models.yaml:1:1: found nothing, expected a mapping with models"]


def test_all_problems_of_a_file_come_at_once_in_the_order_of_the_file():
    text = """\
models:
  - name: a b
    version: 1.10
    md5: d41d8
  - name: ok
    version: v1
    base: abc
    vresion: v2
  - version: newest
    export: {}
    name: ok
policy: []
"""

    assert [line.partition(": ")[0] for line in complaints(text)] == [
        "models.yaml:2:11",
        "models.yaml:3:14",
        "models.yaml:4:10",
        "models.yaml:7:11",
        "models.yaml:8:5",
        "models.yaml:9:14",
        "models.yaml:10:13",
        "models.yaml:10:13",
        "models.yaml:10:13",
        "models.yaml:11:11",
        "models.yaml:12:9",
    ]


def test_problems_are_data_too():
    with pytest.raises(InvalidFile) as caught:
        parse(of_version("1.10"))
    [problem] = caught.value.problems

    assert (problem.file, problem.line, problem.column, problem.path) == (
        "models.yaml",
        3,
        14,
        "models[0].version",
    )


def test_the_example_of_the_readme_is_accepted_unchanged():
    models = parse("""\
models:
  - name: resnet50_imagenet
    version: v3.3.0
    source: paddlehub
    hub_url: https://paddlemodels.bj.bcebos.com/resnet50.pdparams
    md5: d41d8cd98f00b204e9800998ecf8427e
    task: image_classification
    accuracy_top1: 76.8%
    description: ResNet50 trained on ImageNet1K, used as backbone.
  - name: pp-yolo-tiny
    version: v3.3.1
    source: model_zoo_official
    config_path: configs/yolo/pp_yolo_tiny.yml
    weights_url: https://paddledet.bj.bcebos.com/models/pp_yolo_tiny.pdparams
    md5: a1b2c3d4e5f67890abcdef1234567890
    input_size: [416, 416]
    description: Lightweight object detection model for edge devices.
""").models

    assert models == (
        Model(
            name="resnet50_imagenet",
            requires=Requirement(text="v3.3.0", exact=True),
            source="paddlehub",
            urls=("https://paddlemodels.bj.bcebos.com/resnet50.pdparams",),
            md5="d41d8cd98f00b204e9800998ecf8427e",
            task="image_classification",
            metrics=(Metric(name="accuracy_top1", value=0.768),),
            description="ResNet50 trained on ImageNet1K, used as backbone.",
        ),
        Model(
            name="pp-yolo-tiny",
            requires=Requirement(text="v3.3.1", exact=True),
            source="model_zoo_official",
            config_path="configs/yolo/pp_yolo_tiny.yml",
            urls=("https://paddledet.bj.bcebos.com/models/pp_yolo_tiny.pdparams",),
            md5="a1b2c3d4e5f67890abcdef1234567890",
            input_size=(416, 416),
            description="Lightweight object detection model for edge devices.",
        ),
    )


EVERYTHING = """\
environment: {image: "registry/paddle:3.1"}
policy: {main: {}}
catalogs: {zoo: {}}
models:
  - name: base
    version: v1
    hub_url: https://host/b.pdparams
  - name: PP-YOLOE+_L
    version: v3.3.1
    source: zoo
    weights_url: https://host/a.tar.gz
    hub_url: https://host/b.pdparams
    urls: ["https://mirror/a.tar.gz", "https://host/a.tar.gz", zoo/a.tar.gz]
    md5: D41D8CD98F00B204E9800998ECF8427E
    sha256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
    size: 12
    format: tar.gz
    task: detection
    description: |
      Two lines,
      kept.
    license: Apache-2.0
    owner: vision@example.com
    tags: [edge, demo]
    accuracy: 0.5
    accuracy_top5: 93.1%
    metrics:
      latency: {value: 12, direction: lower, tolerance: 10%}
      recall: 1e-2
    config_path: configs/a b.yml
    input_size: 640
    base: base
    network: nets/yolo.py:build.large
    network_args: {depth: 0.33, name: [x, null]}
    inputs:
      - {name: image, shape: [null, 3, 640, 640]}
      - {name: ids, shape: [], dtype: int64, range: [0, 10]}
    train:
      function: pkg.train:train
      deps: [data, configs/x.yml]
      outs: [logs]
      launch: {processes: 2, nodes: 3, master: "host-1:6170", backend: gloo}
      seed: 7
      device: gpu
    export: {allow: [in-place, branch-types]}
    verify:
      samples: data/samples.npz
      batch_sizes: [2, 5]
      seed: 3
      device: gpu
      paths: [jit, gpu]
      tolerance: {program: 0, engine: 1.0e-4, device: 0.5}
      engine: {onednn: false, ir_optim: false, memory_optim: false, threads: 4}
    environment: registry/paddle:3.2
    meta: {anything: [1, {a: null}]}
"""


def test_everything_that_a_model_can_say_is_read():
    model = parse(EVERYTHING).model("PP-YOLOE+_L")

    assert model == Model(
        name="PP-YOLOE+_L",
        requires=Requirement(text="v3.3.1", exact=True),
        source="zoo",
        urls=(
            "https://host/a.tar.gz",
            "https://host/b.pdparams",
            "https://mirror/a.tar.gz",
            "zoo/a.tar.gz",
        ),
        md5="d41d8cd98f00b204e9800998ecf8427e",
        sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        size=12,
        format="tar.gz",
        task="detection",
        description="Two lines,\nkept.\n",
        license="Apache-2.0",
        owner="vision@example.com",
        tags=("edge", "demo"),
        metrics=(
            Metric(name="accuracy", value=0.5),
            Metric(name="accuracy_top5", value=0.931),
            Metric(name="latency", value=12.0, direction="lower", tolerance=0.1),
            Metric(name="recall", value=0.01),
        ),
        config_path="configs/a b.yml",
        input_size=(640, 640),
        base="base",
        network=Reference(module="nets/yolo.py", name="build.large"),
        network_args={"depth": 0.33, "name": ["x", None]},
        inputs=(
            Input(name="image", shape=(None, 3, 640, 640)),
            Input(name="ids", shape=(), dtype="int64", range=(0, 10)),
        ),
        train=Train(
            function=Reference(module="pkg.train", name="train"),
            deps=("data", "configs/x.yml"),
            outs=("logs",),
            launch=Launch(processes=2, nodes=3, master="host-1:6170", backend="gloo"),
            seed=7,
            device="gpu",
        ),
        export=Export(allow=("in-place", "branch-types")),
        verify=Verify(
            samples="data/samples.npz",
            batch_sizes=(2, 5),
            seed=3,
            device="gpu",
            paths=("jit", "gpu"),
            tolerance=Tolerance(program=0, engine=1e-4, device=0.5),
            engine=Engine(onednn=False, ir_optim=False, memory_optim=False, threads=4),
        ),
        image="registry/paddle:3.2",
        meta={"anything": [1, {"a": None}]},
    )


def test_everything_that_a_registry_can_say_beside_its_models_is_read():
    read = parse(EVERYTHING)

    assert (read.image, read.policy, read.catalogs) == (
        "registry/paddle:3.1",
        {"main": {}},
        {"zoo": {}},
    )


def test_the_schema_knows_no_model_key_that_is_not_in_the_test_of_everything():
    known = set(json.loads(schemas.text("models"))["$defs"]["model"]["properties"])
    written = set(yaml.parse(EVERYTHING, "models.yaml").value["models"][1])

    assert known - written == set()


@pytest.mark.parametrize("name", ["models", "lock"])
def test_the_published_schemas_are_valid_json_schema_2020_12(name):
    schema = json.loads(schemas.text(name))

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert meta.is_valid(schema)


def test_two_downloads_to_files_of_one_name_are_refused():
    text = (
        "models:\n"
        "  - {name: x_1.0_rc, version: '1', weights_url: a.pdparams}\n"
        "  - {name: x, version: 1.0_rc_1, weights_url: b.pdparams}\n"
    )

    assert complaints(text) == [
        (
            "models.yaml:3:12: models[1].name: 'x' 1.0_rc_1 and 'x_1.0_rc' would be downloaded to "
            "files of one name; rename one of them"
        )
    ]


def test_every_key_of_a_model_is_described_in_the_schema():
    model = json.loads(schemas.text("models"))["$defs"]["model"]
    silent = [
        key
        for key, rule in model["properties"].items()
        if "$ref" not in rule and "description" not in rule
    ]

    assert silent == []


def test_plain_fields_are_keys_of_the_schema():
    known = json.loads(schemas.text("models"))["$defs"]["model"]["properties"]

    assert set(PLAIN_FIELDS) <= set(known)


def test_a_registry_without_models_is_empty():
    assert parse("models:\n").models == ()


def test_models_keep_the_order_of_the_file():
    text = "models:\n" + "".join(f"  - {{name: {name}, version: v1}}\n" for name in "cab")

    assert [model.name for model in parse(text).models] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("76.8%", 0.768, id="percent"),
        pytest.param('"76.8 %"', 0.768, id="percent after a space"),
        pytest.param("0.1%", 0.001, id="small percent"),
        pytest.param("100%", 1.0, id="all"),
        pytest.param("-1.5e-3", -0.0015, id="exponent"),
        pytest.param('"0.5"', 0.5, id="quoted"),
        pytest.param("3", 3.0, id="whole"),
    ],
)
def test_a_metric_is_a_number_and_a_percentage_a_fraction(written, value):
    assert parse(a_model(f"accuracy: {written}")).models[0].metrics == (
        Metric(name="accuracy", value=value),
    )


@pytest.mark.parametrize(
    ("version", "exact"),
    [
        pytest.param("v3.3.0", True, id="v"),
        pytest.param("3.3.0rc1", True, id="pre"),
        pytest.param("'1.10'", True, id="quoted"),
        pytest.param("2024.1", None, id="number"),
        pytest.param("'>=3.2,<4'", False, id="range"),
        pytest.param("~=3.2", False, id="compatible"),
        pytest.param("^3.2", False, id="caret"),
        pytest.param("==3.2", False, id="equals"),
        pytest.param("latest", False, id="latest"),
        pytest.param("latest-pre", False, id="latest-pre"),
    ],
)
def test_a_version_is_exact_or_a_range(version, exact):
    if exact is None:
        assert 'in quotes: "2024.1"' in complaints(of_version(version))[0]
    else:
        assert parse(of_version(version)).models[0].requires.exact is exact


@pytest.mark.parametrize(
    "name", ["PP-YOLOE+_L", "PP-OCRv4.1", "ERNIE-3.0-tiny", "resnet50_imagenet", "r", "50", "a+"]
)
def test_names_of_paddles_zoos_are_accepted(name):
    assert parse(named(f'"{name}"')).models[0].name == name


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a.pdparams?x=1&y=2#z",
        "https://host/a%20b.pdparams",
        "http://127.0.0.1:8000/a",
        "file:///data/a%20b.pdparams",
        "zoo/a b.pdparams",
        "模型/权重.pdparams",
        "a..b/c",
        "https://host/@scope/a",
    ],
)
def test_urls_and_paths_of_the_project_are_accepted(url):
    assert parse(a_model(f'weights_url: "{url}"')).models[0].urls == (url,)


def test_an_unknown_model_suggests_the_nearest_name():
    with pytest.raises(UnknownModel) as caught:
        parse(named("resnet50")).model("resnet5")

    assert str(caught.value) == ("models.yaml has no model 'resnet5'; did you mean 'resnet50'?")


def test_an_unknown_model_that_resembles_none_lists_all():
    text = "models: [{name: b, version: v1}, {name: a, version: v1}]"
    with pytest.raises(UnknownModel) as caught:
        parse(text).model("zzz")

    assert str(caught.value) == "models.yaml has no model 'zzz'; it has a, b"


def test_an_unknown_model_of_an_empty_registry_is_plainly_not_there():
    with pytest.raises(UnknownModel) as caught:
        parse("models: []").model("a")

    assert str(caught.value) == "models.yaml has no model 'a'"
