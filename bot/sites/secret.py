"""The server's own secret, which visitor tokens are signed with: made at first use, kept beside the registry.

To void every token at once, delete the file and start the server again.
"""

import os
import secrets
from pathlib import Path

from filelock import FileLock

from bot.sites.errors import RegistryError
from bot.sites.file import keep_private

BYTES = 32


def server_secret(registry: Path) -> bytes:
    """The secret of the servers that share this registry; raises RegistryError where it cannot be kept."""
    path = registry.with_name(f"{registry.name}.secret")
    try:
        registry.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock"), mode=0o600):  # two servers that start at once
            if not path.exists():
                _write(path)
        keep_private(path)
        secret = path.read_bytes()
    except OSError as exc:
        raise RegistryError("sites.secret_failed", path=path, problem=exc.strerror) from exc
    if len(secret) != BYTES:
        raise RegistryError("sites.secret_broken", path=path)
    return secret


def _write(path: Path) -> None:
    """The whole secret under its name, or nothing."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)  # left by a crash
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    beside.replace(path)
