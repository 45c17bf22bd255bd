"""strace, attached to a process between two orders: it writes down the system calls of the next one, or strikes one.

`inject=NAME:…:when=N` counts per process and per name, and a signal is delivered before the call does anything. So the
calls of one order are listed once, and then each is named by (order, name, N) and struck in a run of its own.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILES = (
    "pwrite64",
    "write",
    "pwritev",
    "pwritev2",
    "fsync",
    "fdatasync",
    "ftruncate",
    "truncate",
    "fallocate",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
)
OPENING = ("open", "openat", "creat")  # mutating where they make or empty a file
SOCKETS = ("sendto", "sendmsg", "sendmmsg")
CALLS = (*FILES, *OPENING, *SOCKETS)
WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Call:
    """The nth call of this name in one order; `what` is how strace shows it."""

    name: str
    n: int
    what: str

    @property
    def mutates(self) -> bool:
        """Whether it changes anything that outlives the process."""
        return self.name not in OPENING or "O_CREAT" in self.what or "O_TRUNC" in self.what


@cache
def why_not() -> str:
    """Why strace cannot be used here, or nothing."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"ptrace is not allowed: {tried.stderr.decode().strip()}"


@contextlib.contextmanager
def attached(pid: int, options: Sequence[str]) -> Iterator[None]:
    """strace holds the process meanwhile (or until it dies)."""
    command = ["strace", "-f", "-p", str(pid), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as strace:
        assert strace.stderr is not None
        first = strace.stderr.readline()
        assert b"attached" in first, first
        try:
            yield
        finally:
            strace.terminate()  # it lets go of the process
            strace.stderr.read()


@contextlib.contextmanager
def recording(pid: int) -> Iterator[list[Call]]:
    """The calls of the process, complete when the context ends."""
    calls: list[Call] = []
    with tempfile.NamedTemporaryFile("r", prefix="calls-") as file:
        with attached(pid, ["-y", "-s", "40", "-o", file.name, "-e", _trace(CALLS), "-e", "signal=none"]):
            yield calls
        calls.extend(_read(Path(file.name).read_text(encoding="utf-8", errors="replace"), pid))


def _read(trace: str, pid: int) -> Iterator[Call]:
    """The calls of the main thread. Others only wait, or the numbers would name different calls in each run."""
    counts: Counter[str] = Counter()
    for line in trace.splitlines():
        if found := re.match(r"(\d+) +(\w+)\((.*)", line):
            thread, name, rest = found.groups()
            counts[name] += int(thread) == pid
            call = Call(name, counts[name], f"{name}({rest}")
            if int(thread) == pid:
                yield call
            else:
                assert not call.mutates, f"a thread beside the main one writes: {call.what}"


def striking(where: dict[str, str], how: str) -> list[str]:
    """Options that strike calls, for each name its `when` (N, N+), all in one way (`signal=SIGKILL`, `error=EIO`)."""
    options = ["-o", "/dev/null", "-e", _trace(where), "-e", "signal=none"]
    for name, when in where.items():
        options += ["-e", f"inject=?{name}:{how}:when={when}"]
    return options


def _trace(names: Iterable[str]) -> str:
    """Not every machine has every name."""
    return f"trace={','.join(f'?{name}' for name in names)}"
