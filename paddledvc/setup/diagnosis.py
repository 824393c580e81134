"""What is looked at to find out whether a clone works, and what was found."""

from __future__ import annotations

import re
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paddledvc.display.results import Displayed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CheckState = Literal["ok", "warning", "problem"]
SECRETS = frozenset(
    {
        "access_key_id",
        "account_key",
        "client_secret",
        "connection_string",
        "gdrive_client_secret",
        "oss_key_id",
        "oss_key_secret",
        "passphrase",
        "password",
        "sas_token",
        "secret_access_key",
        "session_token",
        "token",
    }
)
"""Settings of DVC's remotes that nobody but their owner should read."""
_REMOTE = re.compile(r"""^'?remote "(?P<name>.+)"'?$""")
_IN_URL = re.compile(r"://[^/@:]*:[^/@]+@")
_YES = ("true", "yes", "on", "1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        topic: what kind of thing it is, such as ``hooks``.
        name: which of them.
        state: ``ok``; ``warning`` for what works, but not as well or as safely as it could; or
            ``problem`` for what does not.
        found: what was found, in a few words, without secrets.
        advice: what to do about it; empty where all is well.
    """

    topic: str
    name: str
    state: CheckState
    found: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Diagnosis(Displayed):
    """Everything that was looked at, by topic."""

    _table_of = "checks"
    checks: tuple[Check, ...]

    def of(self, state: CheckState) -> tuple[Check, ...]:
        """List the checks that ended so.

        >>> Diagnosis(checks=()).of("problem")
        ()
        """
        return tuple(one for one in self.checks if one.state == state)


def remote_settings(config: str) -> Mapping[str, Mapping[str, str]]:
    r"""Read what a file of DVC's configuration says of each remote.

    >>> remote_settings("['remote \"a\"']\n    url = s3://b\n")
    {'a': {'url': 's3://b'}}
    """
    # To DVC a % in a URL is nothing but that.
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(config)
    except ConfigError:
        return {}
    named = ((_REMOTE.match(section), section) for section in parser.sections())
    return {match["name"]: dict(parser.items(section)) for match, section in named if match}


def find_secrets(config: str) -> Iterator[tuple[str, str]]:
    r"""Name the remotes that a file of DVC's configuration holds secrets of, and the settings.

    >>> [*find_secrets("['remote \"a\"']\n    url = https://me:pass@b\n    password = x\n")]
    [('a', 'password'), ('a', 'url')]
    """
    for name, settings in remote_settings(config).items():
        for key in sorted(settings):
            if key in SECRETS or (key == "url" and _IN_URL.search(settings[key])):
                yield name, key


def find_unverified(configs: list[str]) -> tuple[str, ...]:
    r"""Name the remotes whose bytes DVC believes without looking at them.

    Args:
        configs: the files of the configuration, each stronger than those before it.

    >>> head = "['remote \"a\"']\n"
    >>> find_unverified([f"{head}    url = x\n", f"{head}    verify = true\n"])
    ()
    """
    # It is off by default (treeverse/dvc#5502): even an object that was cut short is taken.
    verify: dict[str, str] = {}
    for config in configs:
        for name, settings in remote_settings(config).items():
            verify[name] = settings.get("verify", verify.get(name, ""))
    return tuple(sorted(name for name, said in verify.items() if said.lower() not in _YES))
