"""A machine with a real systemd: a container (systemd-nspawn) over a copy-on-write view of this one, with mailbot
installed as the README says. It lives as long as the test that booted it, even if that is killed.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

CLONE = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("boot.sh")
DEBIAN_PYTHON = "/usr/bin/python3"  # one below a home directory is invisible to the service (ProtectHome)
INSTALL_SECONDS, BOOT_SECONDS = 240.0, 60.0


class Machine:
    """`files` maps paths on the machine to their content; those with secrets get mode 0600."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self._folder = folder
        for name, content in files.items():
            path = folder / "files" / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            path.chmod(0o600 if path.name.endswith("-password") else 0o644)
        self._process: subprocess.Popen[bytes] | None = None
        self._init = ""

    def __enter__(self) -> Self:
        command = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "sh", *map(str, (SCRIPT, self._folder, CLONE))]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait((self._folder / "installed").exists, "installed", INSTALL_SECONDS)
            self._wait(self._is_up, "up", BOOT_SECONDS)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def does(self, command: str) -> str:
        """What a shell command prints on the machine; raises AssertionError with its words if it fails."""
        done = subprocess.run(
            ["nsenter", "-t", self._init, "-a", "sh", "-c", command],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal()}")
        return done.stdout.strip()

    def shows(self, name: str, unit: str = "mailbot") -> str:
        """A property of a unit."""
        return self.does(f"systemctl show --property={name} --value {unit}")

    def journal(self) -> str:
        """What the service has said so far."""
        words = ["nsenter", "-t", self._init, "-a", "journalctl", "--unit=mailbot", "--no-pager", "--output=cat"]
        return subprocess.run(words, check=False, capture_output=True, text=True).stdout

    def log(self) -> str:
        """What was said while the machine was made and booted."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def _is_up(self) -> bool:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._init = children[0] if children else ""
        asked = ["nsenter", "-t", self._init, "-a", "systemctl", "is-active", "--quiet", "bench.target"]
        return bool(children) and subprocess.run(asked, check=False, capture_output=True).returncode == 0

    def _wait(self, holds: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout_seconds
        while not holds():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotBooted(f"the machine is not {what}:\n{self.log()[-3000:]}")
            time.sleep(0.1)


class NotBooted(AssertionError):
    """The machine did not come up; its last words are the message."""


@functools.cache
def why_not() -> str:
    """Why no machine can be booted here, or "": asked once, by trying what only a privileged root may do."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    tries = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay overlay -o "
    tries += "lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"
    tried = subprocess.run(["unshare", "--mount", "sh", "-c", tries], check=False, capture_output=True, text=True)
    return f"this kernel lets nobody mount: {tried.stderr.strip()}" if tried.returncode else ""


@functools.cache
def what_lacks() -> str:
    """Which package is missing here, or ""."""
    if not shutil.which("systemd-nspawn"):
        return "systemd-container"
    if not Path("/lib/systemd/system/dbus.socket").exists():
        return "dbus"
    right = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    return (
        ""
        if subprocess.run([DEBIAN_PYTHON, "-c", right], check=False, capture_output=True).returncode == 0
        else "python3-venv"
    )
