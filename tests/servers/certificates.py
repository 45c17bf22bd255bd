"""Certificates for servers of the bench: an authority of the house, what it signs, and what nobody should trust."""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.bench import is_installed, needs
from tests.servers.process import LOOPBACK, new_folder, run

# `openssl ca` needs files of its own, but can date a certificate as one likes; `req` and `x509` cannot.
_CONFIG = """
[ca]
default_ca = house
[house]
database = index
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = anything
copy_extensions = copy
unique_subject = no
[anything]
commonName = supplied
[req]
distinguished_name = name
[name]
"""
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    chain: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own; `ca_file` is what clients of the house trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()
        (folder / "config").write_text(_CONFIG)
        (folder / "index").touch()
        self.ca_file = folder / "ca.pem"
        self._openssl("req", "-x509", *_KEY, "-days", "30", "-subj", "/CN=bench", "-keyout", "ca.key", "-out", "ca.pem")

    def issue(self, host: str = "localhost", *, expired: bool = False) -> Certificate:
        """A certificate for that name (and for this machine's address with it)."""
        made = self._paths(f"{host}-{expired}")
        names = f"DNS:{host}" + (f",IP:{LOOPBACK}" if host == "localhost" else "")
        asked = ["-subj", f"/CN={host}", "-addext", f"subjectAltName={names}"]
        self._openssl("req", "-new", *_KEY, *asked, "-keyout", str(made.key), "-out", "request")
        end = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"] if expired else ["-days", "30"]
        signed = ["-cert", "ca.pem", "-keyfile", "ca.key", "-in", "request", "-out", str(made.chain)]
        self._openssl("ca", "-batch", "-notext", *signed, *end)
        made.key.chmod(0o644)  # servers read it as another user; it guards nothing
        return made

    def self_signed(self) -> Certificate:
        """A certificate that vouches for itself."""
        made = self._paths("self-signed")
        names = ["-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{LOOPBACK}"]
        self._openssl("req", "-x509", *_KEY, *names, "-keyout", str(made.key), "-out", str(made.chain))
        made.key.chmod(0o644)
        return made

    def _paths(self, name: str) -> Certificate:
        # Each of its own: a server may read its files again while another's are being written.
        name = f"{name}-{next(self._numbers)}"
        return Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def _openssl(self, *words: str) -> None:
        config = [] if words[0] == "x509" else ["-config", "config"]
        run(["openssl", words[0], *config, *words[1:]], as_user=False, folder=self.folder)


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    """The authority of the house."""
    needs("openssl", present=is_installed("openssl"))
    folder = new_folder("certificates")
    yield Authority(folder)
    shutil.rmtree(folder)
