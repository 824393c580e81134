"""The files of a container that people reach by SSH: keys only, and nothing in it runs as root."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from paddledvc import names
from paddledvc.environments.core.chosen import require_image
from paddledvc.environments.core.docker_lines import (
    FOLDER,
    SHARED_MEMORY,
    mount_project,
    render_heading,
    render_preparation,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paddledvc.environments.core.chosen import Chosen
    from paddledvc.environments.core.docker_lines import Place

PORT = 2222
"""The port in the container, where no root may open a low one."""
USER = "dev"
_SSHD = f"""\
# Keys of one user only. It runs as that user, so nothing here can become root.
Port {PORT}
HostKey /home/{USER}/.ssh/host_ed25519
AuthorizedKeysFile /home/{USER}/.ssh/authorized_keys
AllowUsers {USER}
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin no
# The entrypoint writes ~/.ssh/environment: a session gets no variable of the image by itself.
PermitUserEnvironment yes
UsePAM no
X11Forwarding no
PidFile none
Subsystem sftp internal-sftp
"""
_ENTRYPOINT = """\
#!/bin/sh
# Takes the public key, brings the weights, then starts sshd. It runs as an unprivileged user.
set -eu
umask 077
folder=$HOME/.ssh
mkdir -p "$folder"
if [ -n "${SSH_PUBLIC_KEY-}" ]; then
    printf '%s\\n' "$SSH_PUBLIC_KEY" >"$folder/authorized_keys"
fi
if [ ! -s "$folder/authorized_keys" ]; then
    echo 'SSH_PUBLIC_KEY is empty, expected the public key that may log in' >&2
    exit 1
fi
if [ ! -e "$folder/host_ed25519" ]; then
    ssh-keygen -q -t ed25519 -N '' -f "$folder/host_ed25519"
fi
env | grep -E '^(PATH|LD_LIBRARY_PATH|PYTHONPATH|(PADDLEDVC|CUDA|NVIDIA|FLAGS)_[A-Za-z0-9_]*)=' \\
    >"$folder/environment" || true
# Wrong or missing weights stop the container: a training would go on with them unseen.
@PULL@
sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
exec "$sshd" -D -e -f "${SSHD_CONFIG:-/etc/paddledvc/sshd_config}"
"""


def render_ssh_files(  # noqa: PLR0913 - each is another question
    chosen: Chosen, place: Place | None, *, gpus: bool, port: int, root: str, host: str | None
) -> Mapping[str, str]:
    """Write the files of a folder from which such a container is built and started.

    Args:
        chosen: what it is the environment of.
        place: the commit that it is to have; None for the work tree.
        gpus: whether it gets the GPUs.
        port: the port of the machine that it is reached by, on loopback.
        root: the project's folder, from the one with the files.
        host: the machine that it runs on, as SSH knows it; None for this one.
    """
    return {
        "Dockerfile": _dockerfile(chosen, place),
        "sshd_config": _SSHD,
        "entrypoint.sh": _ENTRYPOINT.replace(
            "@PULL@", shlex.join(["paddledvc", "pull", *chosen.models])
        ),
        "run.sh": _run(chosen, place, gpus=gpus, port=port, root=root),
        "ssh_config": _host(chosen, port, host),
    }


def name_container(chosen: Chosen) -> str:
    """Name the container, its image and its ``Host``."""
    return "-".join(("paddledvc", names.slug(chosen.name or "project").lower()))


def _dockerfile(chosen: Chosen, place: Place | None) -> str:
    image = require_image(chosen)
    heading = "\n".join(render_heading(chosen, place))
    return f"""\
{heading}
FROM {image}
ARG USER_ID=1000
ARG GROUP_ID=1000
# What pip installs paddledvc from: a version, or the URL of a repository.
ARG PADDLEDVC=paddledvc
USER root
# '*' is no password, and does not lock the account as none would.
RUN test "$USER_ID" -ne 0 \\
    && apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\
        git openssh-server \\
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \\
    && (getent group "$GROUP_ID" || groupadd --gid "$GROUP_ID" {USER}) \\
    && useradd --non-unique --uid "$USER_ID" --gid "$GROUP_ID" --password '*' \\
        --create-home --shell /bin/bash {USER} \\
    && install -d -m 700 -o "$USER_ID" -g "$GROUP_ID" /home/{USER}/.ssh
RUN python -m pip install --no-cache-dir "$PADDLEDVC"
COPY sshd_config entrypoint.sh /etc/paddledvc/
ENV {names.IMAGE_VARIABLE}="{image}" HOME=/home/{USER}
USER {USER}
WORKDIR {FOLDER}
EXPOSE {PORT}
ENTRYPOINT ["sh", "/etc/paddledvc/entrypoint.sh"]
"""


def _run(chosen: Chosen, place: Place | None, *, gpus: bool, port: int, root: str) -> str:
    name = name_container(chosen)
    heading = "\n".join(render_heading(chosen, place))
    preparation = "\n".join(render_preparation(chosen, place))
    return f"""\
#!/bin/sh
{heading}
# Brings the weights, builds the image and starts it; `docker stop {name}` ends it.
# KEY names another public key, PADDLEDVC what pip installs paddledvc from.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
key=$(cat "${{KEY:-$HOME/.ssh/id_ed25519.pub}}")
cd "$here"/{shlex.quote(root)}
{preparation}
docker build --tag {name} \\
    --build-arg USER_ID="$(id -u)" --build-arg GROUP_ID="$(id -g)" \\
    --build-arg PADDLEDVC="${{PADDLEDVC:-paddledvc}}" "$here"
docker run --rm --detach --name {name} {"--gpus all " if gpus else ""}--shm-size={SHARED_MEMORY} \\
    -p 127.0.0.1:{port}:{PORT} \\
    {mount_project(place)} -v {name}-ssh:/home/{USER}/.ssh \\
    -e SSH_PUBLIC_KEY="$key" -e PADDLEDVC_TRUST_REMOTES {name}
"""


def _host(chosen: Chosen, port: int, host: str | None) -> str:
    name = name_container(chosen)
    jump = "" if host is None else f"    ProxyJump {host}\n"
    return f"""\
Host {name}
    HostName 127.0.0.1
    Port {port}
    User {USER}
    IdentityFile ~/.ssh/id_ed25519
    IdentitiesOnly yes
    HostKeyAlias {name}
{jump}"""
