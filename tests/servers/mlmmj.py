"""mlmmj: real mailing lists behind Postfix, with their prefix, footer, Reply-To and refusals.

mlmmj is no daemon: Postfix runs it for each post to `lists.test`, and it sends through the same Postfix.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers.bench import is_installed, needs
from tests.servers.process import IS_ROOT, LOOPBACK, USER, new_folder

DOMAIN = "lists.test"
_FOLDERS = (
    *("incoming", "queue", "queue/discarded", "archive", "text", "subconf", "unsubconf", "bounce", "control"),
    *("moderation", "subscribers.d", "digesters.d", "requeue", "nomailsubs.d"),
)


class MailingLists:
    """The lists of one Postfix; they may be added while it runs."""

    def __init__(self) -> None:
        self.folder = new_folder("mlmmj")
        self._smtp_port = 0

    def service(self) -> str:
        """The line of master.cf that runs mlmmj for a post."""
        run_it = f"argv=/usr/bin/mlmmj-receive -F -L {self.folder}/${{user}}"
        return f"mlmmj unix - n n - - pipe\n  flags=ORhu user={USER.pw_name} {run_it}\n"

    def send_through(self, smtp_port: int) -> None:
        """Say where mlmmj brings its mail."""
        self._smtp_port = smtp_port
        for port in self.folder.glob("*/control/smtpport"):
            port.write_text(f"{smtp_port}\n")

    def add(
        self,
        name: str,
        members: Sequence[str],
        *,
        prefix: str | None = None,
        footer: str | None = None,
        replies_to_list: bool = True,
        members_only: bool = False,
    ) -> str:
        """Make a list and return its address. With `replies_to_list` it replaces the Reply-To of posts by itself."""
        here, address = self.folder / name, f"{name}@{DOMAIN}"
        for folder in _FOLDERS:
            (here / folder).mkdir(parents=True)
        shutil.copytree("/usr/share/mlmmj/text.skel/en", here / "text", dirs_exist_ok=True)
        headers = [f"List-Id: <{name}.{DOMAIN}>", f"List-Post: <mailto:{address}>", "Precedence: list"]
        control = {
            "listaddress": address,
            "owner": f"owner@{DOMAIN}",
            "relayhost": LOOPBACK,
            "smtpport": str(self._smtp_port),
            "delimiter": "+",
            "customheaders": "\n".join([*headers, *([f"Reply-To: {address}"] if replies_to_list else [])]),
            "delheaders": "Reply-To:" if replies_to_list else "",
            "prefix": prefix,
            "footer": footer,
            "subonlypost": "" if members_only else None,
        }
        for setting, value in control.items():
            if value is not None:
                (here / "control" / setting).write_text(value + "\n")
        for member in members:
            with (here / "subscribers.d" / member[0].lower()).open("a") as file:
                file.write(f"{member}\n")
        (here / "index").write_text("0\n")
        _give_away([here, *here.rglob("*")])
        return address

    def close(self) -> None:
        """Remove the lists."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _give_away(paths: Sequence[Path]) -> None:
    for path in paths if IS_ROOT else ():
        shutil.chown(path, USER.pw_uid, USER.pw_gid)


def need_mlmmj() -> None:
    """Skip, or fail in CI, where mlmmj cannot run (it runs under Postfix)."""
    needs("mlmmj", present=_is_here(), root=True)


def _is_here() -> bool:
    return is_installed("mlmmj-receive")


@pytest.fixture(scope="session")
def lists() -> Iterator[MailingLists | None]:
    """The lists of the Postfix of the session, or none where mlmmj is missing: call `need_mlmmj` before."""
    if not _is_here():
        yield None
        return
    lists = MailingLists()
    yield lists
    lists.close()
