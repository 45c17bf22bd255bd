"""A server of the bench: a child process with its own folder and its own ports on loopback.

Promises: nothing of the system's configuration is read or changed; whatever ends the tests, SIGKILL included, ends the
servers too (the kernel signals them when their parent dies); folders that such an end left behind are swept when the
next session starts. Servers that refuse to be root run as `nobody` where the tests are root.
"""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from tests.servers.bench import PATH

LOOPBACK = "127.0.0.1"
PREFIX = "mailbot-bench-"
IS_ROOT = os.geteuid() == 0
USER = pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())
START_SECONDS = 20.0

# Below the ports that the kernel hands to outgoing connections, so that none of those sits on a port we have chosen.
_PORTS = range(20_000, 32_000)
_given: set[int] = set()
_MEMORY = Path("/dev/shm")
_where: Path | None = None
_chance = random.SystemRandom()
T = TypeVar("T")


def free_port() -> int:
    """A port on which nothing listens and that this session has not used before."""
    while True:
        port = _chance.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in _given:
                probe.bind((LOOPBACK, port))
                _given.add(port)
                return port


def wait_until(condition: Callable[[], T], what: str, timeout_seconds: float = START_SECONDS) -> T:
    """The first true answer of `condition`, or TimeoutError."""
    deadline = time.monotonic() + timeout_seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout_seconds} s still not: {what}")
        time.sleep(0.01)
    return answer


def new_folder(name: str) -> Path:
    """A folder that everybody may read; its owner stands in the name, so that `sweep` can tell whether he lives."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{name}-", dir=_where))
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def in_memory() -> Iterator[None]:
    """Folders that are made meanwhile lie in memory, where there is room: for tests that kill processes, not disks."""
    global _where  # noqa: PLW0603  # every server asks for its folder itself
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 1 << 30
    _where = _MEMORY if roomy else None
    try:
        yield
    finally:
        _where = None


class Server(ABC):
    """What all servers of the bench have in common; use one as a context manager."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    as_user: ClassVar[bool] = True
    """Whether it runs as USER, or as whoever runs the tests."""
    leaves_nothing: ClassVar[bool] = False
    """Whether SIGKILL is as good an end as any other when the test is over, and a faster one."""

    def __init__(self) -> None:
        self.folder = new_folder(self.name)
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What to run in the foreground; it names the folder, by which `sweep` knows it again."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server is ready to serve."""

    def start(self) -> None:
        """Run the server and return when it answers; a server that was stopped or killed starts again where it was."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                _leashed(self.command(), self.stop_signal, self.as_user),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=_environment(),
            )
        (self.folder / "pid").write_text(str(self._process.pid))
        wait_until(self._is_ready, f"{self.name} answers")

    def stop(self) -> None:
        """End the server in an orderly way, or by force if it does not go; may be repeated."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        self.kill()  # some leave children behind that go on serving

    def kill(self) -> None:
        """Pull the plug: SIGKILL for the server and what it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """What the server has said so far."""
        files = [path for path in (self.folder / "log", self.folder / "output") if path.exists()]
        return "".join(path.read_text(errors="replace") for path in files)

    def give_to_user(self, *paths: Path) -> None:
        """Make files those of the user as whom the server runs."""
        if IS_ROOT:
            for path in paths:
                os.chown(path, USER.pw_uid, USER.pw_gid)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def _clear(self) -> None:
        if not self.leaves_nothing:
            self.stop()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended instead of starting:\n{self.log()[-2000:]}")
        return self.answers()


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def run(command: Sequence[str | Path], *, as_user: bool = True, folder: Path | None = None) -> str:
    """The output of a tool of the bench; raises with its complaint where it fails."""
    done = subprocess.run(
        _leashed(command, signal.SIGTERM, as_user),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        cwd=folder,
        check=False,
        env=_environment(),
    )
    if done.returncode:
        raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"}


def _leashed(command: Sequence[str | Path], end: signal.Signals, as_user: bool) -> list[str]:
    """The command with fewer rights where we are root, and with a signal for the day when its parent dies."""
    drop = [f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups"] if IS_ROOT and as_user else []
    return ["setpriv", f"--pdeathsig={end.name.removeprefix('SIG')}", *drop, *map(str, command)]


def sweep() -> None:
    """Remove what sessions left behind that are dead: their folders, and servers that still run in them."""
    for folder in (found for place in (Path(tempfile.gettempdir()), _MEMORY) for found in place.glob(f"{PREFIX}*-*")):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            _end_server_of(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _end_server_of(folder: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        pid = int((folder / "pid").read_text())
        # Pids are used again: only a process whose command line names the folder is the one we look for.
        if str(folder).encode() in Path("/proc", str(pid), "cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: not Path("/proc", str(pid)).exists(), f"{pid} ends", timeout_seconds=3)
                return
            os.kill(pid, signal.SIGKILL)
