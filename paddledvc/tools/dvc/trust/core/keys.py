"""Which settings of a remote a file may hold that comes with a branch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FREE = frozenset(
    {
        *("verify", "jobs", "checksum_jobs", "no_traverse", "worktree", "version_aware", "type"),
        *("timeout", "connect_timeout", "read_timeout", "connection_timeout", "max_sessions"),
        *("protected", "slow_link_warning", "listobjects", "cache_regions", "replication"),
    }
)
"""Settings that change neither whom bytes or secrets go to nor who may read them."""
SECRET = frozenset(
    {
        *("access_key_id", "secret_access_key", "session_token", "sse_customer_key", "password"),
        *("passphrase", "token", "account_key", "sas_token", "client_secret", "oss_key_id"),
        *("oss_key_secret", "gdrive_client_secret"),
    }
)
"""Settings whose values are never shown, and that may change without being approved again."""
_S3 = (
    *("endpointurl", "region", "profile", "use_ssl", "allow_anonymous_login", "acl", "sse"),
    *("sse_kms_key_id", "sse_customer_algorithm", "grant_read", "grant_read_acp"),
    *("grant_write_acp", "grant_full_control"),
)
_HTTP = ("auth", "custom_auth_header", "user", "ask_password", "method")
_WEBDAV = ("user", "ask_password", "custom_auth_header")
_AZURE = (
    *("account_name", "tenant_id", "client_id", "allow_anonymous_login"),
    *("exclude_environment_credential", "exclude_visual_studio_code_credential"),
    *("exclude_shared_token_cache_credential", "exclude_managed_identity_credential"),
)
_GDRIVE = (
    *("profile", "gdrive_use_service_account", "gdrive_client_id", "gdrive_trash_only"),
    *("gdrive_service_account_user_email", "gdrive_acknowledge_abuse"),
)
APPROVED: Mapping[str, frozenset[str]] = {
    scheme: frozenset(keys)
    for scheme, keys in {
        "": ("shared",),
        "s3": _S3,
        "gs": ("projectname", "endpointurl", "allow_anonymous_login"),
        "ssh": ("port", "user", "ask_password", "ask_passphrase", "gss_auth", "allow_agent"),
        "hdfs": ("user",),
        "webhdfs": ("kerberos", "kerberos_principal", "use_https", "user"),
        "azure": _AZURE,
        "oss": ("oss_endpoint",),
        "gdrive": _GDRIVE,
        "http": _HTTP,
        "https": _HTTP,
        "webdav": _WEBDAV,
        "webdavs": _WEBDAV,
    }.items()
}
"""Settings, by scheme, that a versioned file may hold and that are approved with the URL.

Whatever is not here, nor free, nor secret is refused there: it may start a program, or name a file
of whoever looks at the branch, as ``configpath`` and ``bearer_token_command`` do. So is what a
later DVC knows and we do not.
"""
PLACES = ("endpointurl", "oss_endpoint")
"""Settings that name another server."""
HARMLESS = frozenset(
    {
        *("region", "user", "auth", "profile", "custom_auth_header", "projectname", "method"),
        *("ask_password", "ask_passphrase", "allow_anonymous_login", "shared"),
    }
)
"""Settings that an approval of the place covers."""
_SECTION = re.compile(r"""\s*\[+\s*['"]?(?P<name>.*?)['"]?\s*\]+\s*""")
_OPTION = re.compile(r"""\s*(?P<quote>['"]?)(?P<key>[^'"=]+?)(?P=quote)\s*=""")


def find_setting_line(text: str, section: str, key: str) -> int:
    r"""Find the line of a setting, from 1; 1 where it is written in an odd way.

    >>> find_setting_line("[core]\n['remote \"a\"']\n  url = b\n", 'remote "a"', "url")
    3
    """
    now = ""
    number_of: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (found := _SECTION.fullmatch(line)) is not None:
            now = found["name"]
        elif now.lower() == section and (option := _OPTION.match(line)) is not None:
            number_of.setdefault(option["key"].strip().lower(), number)
    return number_of.get(key, 1)
