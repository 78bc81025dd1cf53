"""A PostgreSQL of its own for one measurement: a cluster in a temporary folder, on a Unix socket, as no root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
OTHER_USER = "postgres"
"""Who runs it where we are root, which PostgreSQL refuses to be run by."""


class NotThere(Exception):
    """There is no PostgreSQL on this machine; the message says what to do."""


def found(installed: Path = DEBIAN) -> Path:
    """The folder of PostgreSQL's programs. Raises `NotThere`."""
    on_path = shutil.which("pg_ctl")
    known = [*sorted(installed.glob("*/bin/pg_ctl"), reverse=True), *([Path(on_path)] if on_path else [])]
    if not known:
        raise NotThere("no PostgreSQL was found: `apt-get install postgresql`, or put pg_ctl on the PATH")
    return known[0].parent


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A running cluster with its usual settings, durable writes included; what to connect to. Raises `NotThere`."""
    programs = found()
    # A socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="interleave-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        shutil.chown(folder, user, user)
    data, log = folder / "data", folder / "log"
    as_user = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
    superuser = user or pwd.getpwuid(os.getuid()).pw_name

    def run(program: str, *arguments: str | Path) -> None:
        command = [*as_user, programs / program, "-D", data, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    try:
        run("initdb", "-A", "trust", "-U", superuser)
        run("pg_ctl", "-l", log, "-w", "-o", f"-c listen_addresses='' -c unix_socket_directories='{folder}'", "start")
        try:
            yield f"host={folder} user={superuser} dbname=postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """Who is to run it: we ourselves, unless we are root. Raises `NotThere`."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(OTHER_USER).pw_name
    except KeyError:
        raise NotThere(f"PostgreSQL does not run as root, and there is no user {OTHER_USER}") from None
