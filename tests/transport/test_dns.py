"""TXT answers from a name server of our own, and what is said when there is none."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.resolver import Resolver

from mailbot.transport.dns import lookup_txt

RECORDS = {"key._domainkey.example.org.": ['"v=DKIM1; p=MII" "Bqz"'], "two.example.org.": ['"one"', '"two"']}
SILENT = "silent.example.org."


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        serving = threading.Thread(target=_serve, args=[server], daemon=True)
        serving.start()
        resolver = Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.getsockname()[1]
        yield resolver
        server.sendto(b"", server.getsockname())
        serving.join(5)


def _serve(server: socket.socket) -> None:
    while query := server.recvfrom(4096):
        if not query[0]:
            return
        question = dns.message.from_wire(query[0])
        name = question.question[0].name.to_text()
        answer = dns.message.make_response(question)
        if name in RECORDS:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *RECORDS[name]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        if name != SILENT:
            server.sendto(answer.to_wire(), query[1])


def test_the_strings_of_a_record_are_joined(resolver: Resolver) -> None:
    name = "key._domainkey.example.org"
    assert lookup_txt([name, name], 5, resolver) == {name: b"v=DKIM1; p=MIIBqz"}


def test_of_several_records_the_first_counts(resolver: Resolver) -> None:
    assert lookup_txt(["two.example.org."], 5, resolver)["two.example.org."] in (b"one", b"two")


@pytest.mark.parametrize("name", ["absent.example.org", "a..b", "x" * 70 + ".org", "", "b\u00fc\ud800.org"])
def test_a_name_without_an_answer_has_none_and_raises_nothing(resolver: Resolver, name: str) -> None:
    assert lookup_txt([name], 5, resolver) == {name: None}


def test_silence_costs_the_given_time_for_all_names_together(resolver: Resolver) -> None:
    assert lookup_txt([SILENT, "two.example.org"], 0.2, resolver) == {SILENT: None, "two.example.org": None}
