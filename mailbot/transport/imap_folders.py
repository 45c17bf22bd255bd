"""Folders by the names that people see: servers differ in what stands before a name and between its levels.

NAMESPACE (RFC 2342) tells both: on some servers `Support/Done` is `INBOX.Support.Done`. Letters beyond ASCII travel in
modified UTF-7 (RFC 3501 section 5.1.3), which imapclient sees to.
"""

from collections.abc import Iterator

from imapclient import IMAPClient

_PATTERN_CHARACTERS = frozenset("*%")


def name_on_server(client: IMAPClient, name: str) -> str:
    """The name under which the server has the folder, or the name as it is where the server has none like it."""
    if name.upper() == "INBOX" or _PATTERN_CHARACTERS & set(name):
        return name
    return next((each for each in _candidates(client, name) if client.folder_exists(each)), name)


def _candidates(client: IMAPClient, name: str) -> Iterator[str]:
    yield name
    for prefix, separator in _personal_namespaces(client):
        levels = name.replace("/", separator or "/")
        yield levels
        yield prefix + levels


def _personal_namespaces(client: IMAPClient) -> Iterator[tuple[str, str]]:
    if client.has_capability("NAMESPACE"):
        yield from client.namespace().personal or ()
