"""Reads the command line and calls the verb; turns every expected failure into a sentence and an exit code.

0 done, 1 findings, 2 usage, 3 cannot reach something. To add a verb: a module with `add_arguments` and `run`, and a
line in `VERBS`.
"""

from __future__ import annotations

import argparse
import errno
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol, cast

from mailbot import __version__
from mailbot.cli.console import Console
from mailbot.config.findings import ConfigError

DONE, FINDINGS, USAGE, UNREACHABLE = 0, 1, 2, 3
_REMEDIES = {
    errno.EROFS: ": mount it writable (under systemd: StateDirectory= or ReadWritePaths=)",
    errno.ENOSPC: ": make room (df)",
    errno.EDQUOT: ": make room (quota)",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb, the module that does it, a line of help and an example."""

    name: str
    module: str
    help: str
    example: str


class Module(Protocol):
    """What the module of a verb offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its own options."""
        ...

    def run(self, arguments: argparse.Namespace, console: Console) -> int:
        """Do it, and return the exit code."""
        ...


VERBS = (
    Verb(
        "demo", "demo", "play an incident, a request, a question and an alert on this machine", "mailbot demo --serve"
    ),
    Verb("init", "setup", "write a first configuration to edit", "mailbot init /etc/mailbot"),
    Verb("keys", "setup", "make the keys that sign references: keys new", "mailbot keys new"),
    Verb("check", "check", "check the whole configuration, rule examples and every template", "mailbot check --strict"),
    Verb("doctor", "doctor", "try every connection: each line says what helps", "mailbot doctor --lists"),
    Verb("run", "daemon", "run the daemon", "mailbot run --roles intake,processing"),
    Verb("once", "daemon", "one turn of every loop", "mailbot once"),
    Verb("status", "status", "what works, what waits, what to do", "mailbot --json status"),
    Verb("parse", "parse", "read mails and print what they are, one JSON line each", "mailbot parse mails/"),
    Verb("explain", "explain", "what a mail would cause, and why, without side effects", "mailbot explain report.eml"),
    Verb("triage", "lines", "triage JSON lines from stdin", "mailbot triage < mails.jsonl"),
    Verb("reply-intent", "lines", "read replies as JSON lines from stdin", "mailbot reply-intent < replies.jsonl"),
    Verb("faq", "lines", "match JSON lines with the FAQ: faq match", "mailbot faq match < questions.jsonl"),
    Verb("import", "importing", "take in files, folders, Maildirs or mbox files", "mailbot import old-mail/ --mbox"),
    Verb("tickets", "tickets", "list tickets, or show one with its whole conversation", "mailbot tickets show 1042"),
    Verb("inbox", "queues", "list, show, release or discard mail that came in", "mailbot inbox release 17"),
    Verb("outbox", "queues", "list, show, resend or cancel mail that leaves", "mailbot outbox resend 99"),
    Verb("people", "people", "what the desk knows of people", "mailbot people show ann@corp.example"),
    Verb("verify", "verify", "check the invariants over the database, read-only", "mailbot verify"),
    Verb("backup", "backup", "database, keys and configuration in one file", "mailbot backup /backup/mailbot.tar.gz"),
    Verb("restore", "restore", "go on from a backup", "mailbot --config /etc/mailbot restore mailbot.tar.gz"),
)


def run(arguments: Sequence[str]) -> int:
    """Run the verb that the arguments name."""
    options, rest = _globals().parse_known_args(list(arguments))
    verb = next((verb for verb in VERBS if rest and verb.name == rest[0]), None)
    if verb is None:
        return _no_verb(rest, Console(quiet=options.quiet))
    module = cast("Module", importlib.import_module(f"mailbot.cli.{verb.module}"))
    parser = argparse.ArgumentParser(
        prog=f"mailbot {verb.name}",
        description=verb.help,
        epilog=f"example: {verb.example}",
        parents=[_globals()],
    )
    module.add_arguments(parser)
    chosen = parser.parse_args(rest[1:], argparse.Namespace(**vars(options), verb=verb.name))
    return _guarded(module, chosen, Console(as_json=chosen.json, quiet=chosen.quiet))


def _globals() -> argparse.ArgumentParser:
    """Options that every verb knows, before or after its name."""
    parser = argparse.ArgumentParser(prog="mailbot", add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument(
        "--config", metavar="DIR", help="configuration folder (else $MAILBOT_CONFIG, ./config, /etc/mailbot)"
    )
    parser.add_argument("--json", action="store_true", help="records for machines on stdout, one JSON line each")
    parser.add_argument("--quiet", action="store_true", help="only errors")
    parser.set_defaults(config=None, json=False, quiet=False)
    return parser


def _no_verb(rest: Sequence[str], console: Console) -> int:
    asked = rest[0] if rest else "--help"
    if asked == "--version":
        print(__version__)
        return DONE
    wanted = asked in ("--help", "-h", "help")
    if not wanted:
        close = get_close_matches(asked, [verb.name for verb in VERBS], n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        console.complain(f"mailbot: there is no verb {asked!r}{meant} (mailbot --help lists them)")
        return USAGE
    console.say("usage: mailbot [--config DIR] [--json] [--quiet] VERB ...", "bold")
    console.table(("verb", "does", "example"), ((verb.name, verb.help, verb.example) for verb in VERBS))
    console.say(
        "mailbot VERB --help tells its options. Exit code: 0 done, 1 findings, 2 usage, 3 cannot reach something."
    )
    return DONE


def _guarded(module: Module, arguments: argparse.Namespace, console: Console) -> int:
    try:
        return module.run(arguments, console)
    except ConfigError as error:
        _tell_findings(error, console)
        return FINDINGS
    except FileNotFoundError as error:
        console.complain(f"mailbot: {error.filename or error} is not there")
        return USAGE
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        console.complain(f"mailbot: {error.filename or error}: {error.strerror}")
        return USAGE
    except (KeyboardInterrupt, BrokenPipeError):  # Ctrl-C; `mailbot parse … | head`
        return DONE
    except Exception as error:
        if not _is_unreachable(error):
            raise
        console.complain(f"mailbot: {_told(error)}")
        return UNREACHABLE


def _told(error: Exception) -> str:
    """One line: for what the system refuses also where, and what helps where that is plain."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror}{_REMEDIES.get(error.errno or 0, '')}"


def _tell_findings(error: ConfigError, console: Console) -> None:
    for finding in error.findings:
        console.complain(str(finding))
        if console.as_json:
            console.record(finding)


def _is_unreachable(error: Exception) -> bool:
    """Whether a server, a database or the daemon's place could not be reached: named, so that nothing is imported for
    it.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"AlreadyRunning", "DatabaseUnavailable", "MailboxUnavailable", "DeliveryFailed", "OSError"})
