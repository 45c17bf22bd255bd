"""An answer of an IMAP server has an end: one that sends a byte a second is given up like one that is silent.

A socket's own timeout begins anew with every byte. Here the whole answer has its time, and when that is over the
connection is shut down under the reader.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS, wrap_socket

SLOWEST_BYTES_A_SECOND = 50_000  # a body may take so much longer


@contextlib.contextmanager
def within(seconds: float, connection: socket.socket) -> Iterator[None]:
    """TimeoutError if what is done on the connection takes longer than that altogether."""
    late = threading.Event()
    # A plain copy: STARTTLS replaces the socket, and that of TLS would let its reader go on without TLS.
    with socket.socket(fileno=os.dup(connection.fileno())) as watched:

        def give_up() -> None:
            late.set()
            with contextlib.suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if late.is_set():
                raise TimeoutError(f"no whole answer within {seconds:.0f} s") from error
            raise
        finally:
            timer.cancel()


class PatientClient(IMAPClient):  # type: ignore[misc]  # the library ships no types
    """An IMAPClient whose greeting, TLS handshake included, has an end too: the time for connecting, once more."""

    def _create_IMAP4(self) -> Any:
        patience_seconds = self._timeout.connect
        with contextlib.ExitStack() as limit:
            if self.ssl:
                return _Tls(limit, self.host, self.port, self.ssl_context, patience_seconds)
            return _Plain(limit, self.host, self.port, patience_seconds)


class _Greeted:
    """imaplib reads the greeting while it is being made: so it must be watched as soon as there is a socket."""

    _timeout: float

    def __init__(self, limit: contextlib.ExitStack, *arguments: Any) -> None:
        self._limit = limit
        super().__init__(*arguments)

    def _watch(self, connection: socket.socket) -> None:
        self._limit.enter_context(within(self._timeout, connection))


class _Plain(_Greeted, IMAP4WithTimeout):  # type: ignore[misc]  # the library ships no types
    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connection: socket.socket = super()._create_socket(timeout)
        self._watch(connection)
        return connection


class _Tls(_Greeted, IMAP4_TLS):  # type: ignore[misc]  # the library ships no types
    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), timeout=self._timeout)
        self._watch(connection)
        wrapped: socket.socket = wrap_socket(connection, self.ssl_context, self.host)
        return wrapped
