"""`mailbot triage`, `reply-intent` and `faq match`: JSON lines in, JSON lines out, in order, with the daemon's own
code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mailbot.cli.console import Console
from mailbot.config.faq import read_faq
from mailbot.config.files import Files
from mailbot.config.findings import Finding
from mailbot.config.load import load
from mailbot.config.locate import find_config, packaged
from mailbot.desk.confirmation import read_intent
from mailbot.desk.event import Meaning
from mailbot.mail.body import split_body
from mailbot.mail.language import detect_language
from mailbot.triage.assess import assess
from mailbot.triage.policy import FaqEntry, Matter, TriagePolicy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`triage`, `reply-intent`, `faq match --faq DIR`."""
    if parser.prog.endswith(" faq"):
        parser.add_argument("action", choices=("match",), help="match: which entry answers each line")
        parser.add_argument(
            "--faq", type=Path, metavar="DIR", help="folder of entries (default: that of the configuration)"
        )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """One line out for each line in."""
    answer = _ANSWERS[arguments.verb](arguments, console)
    for line in _lines(console):
        console.record({"id": line.get("id"), **answer(line)})
    return 0


def _lines(console: Console) -> Iterator[Mapping[str, str]]:
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except json.JSONDecodeError as error:
            console.complain(f"stdin:{number}: not JSON: {error.msg}")
            raise SystemExit(2) from error
        if not isinstance(read, dict):
            console.complain(f'stdin:{number}: expected an object such as {{"id": …, "text": …}}')
            raise SystemExit(2)
        yield read


Answer = Callable[[Mapping[str, str]], Mapping[str, object]]


def _triage(arguments: argparse.Namespace, _console: Console) -> Answer:
    policy = _policy(arguments)

    def answer(line: Mapping[str, str]) -> Mapping[str, object]:
        found = assess(_matter(line, policy), policy)
        return {
            "kind": found.kind,
            "service": found.service,
            "group": found.group,
            "impact": found.impact,
            "urgency": found.urgency,
            "priority": found.priority,
            "rule": found.rule,
        }

    return answer


def _intent(arguments: argparse.Namespace, _console: Console) -> Answer:
    words = _policy(arguments).words

    def answer(line: Mapping[str, str]) -> Mapping[str, object]:
        value = read_intent(line.get("text", ""), words, line.get("language", "")).value
        return {"intent": value if value in (Meaning.CONFIRMED, Meaning.REJECTED) else Meaning.UNCLEAR}

    return answer


def _faq(arguments: argparse.Namespace, console: Console) -> Answer:
    from mailbot.triage.assessment import Answer as Answered  # beside its verb
    from mailbot.triage.faq import FaqIndex, match  # building an index is not free

    policy = _policy(arguments)
    entries = _entries(arguments.faq, console) if arguments.faq else policy.faq.entries
    index = FaqIndex.build(entries)

    def answer(line: Mapping[str, str]) -> Mapping[str, object]:
        result = match(_matter(line, policy), index, policy)
        return {
            "answer": result.entry if isinstance(result, Answered) else None,
            "confidence": round(result.confidence, 4),
            "candidates": [{"id": one.entry, "score": round(one.score, 4)} for one in result.candidates[:5]],
        }

    return answer


def _entries(folder: Path, console: Console) -> tuple[FaqEntry, ...]:
    """The entries of a folder of their own; what is wrong with one disables it and is told."""
    raw = {f"faq/{file.name}": file.read_bytes() for file in sorted(folder.glob("*.md"))}
    found: list[Finding] = []
    entries = read_faq(Files(folder, raw, ""), None, found)
    for finding in found:
        console.complain(str(finding))
    return entries


_ANSWERS: Mapping[str, Callable[[argparse.Namespace, Console], Answer]] = {
    "triage": _triage,
    "reply-intent": _intent,
    "faq": _faq,
}


def _policy(arguments: argparse.Namespace) -> TriagePolicy:
    """Of the configuration; where there is none, of the example that travels with mailbot. Keys are not needed."""
    try:
        folder = find_config(arguments.config)
    except Exception:
        if arguments.config:
            raise
        folder = packaged("config")
    return load(folder, keys_needed=False).policy.triage


def _matter(line: Mapping[str, str], policy: TriagePolicy) -> Matter:
    text = split_body(line.get("text", "")).reply or line.get("text", "")
    language = line.get("language") or detect_language(text, tuple(policy.words))
    return Matter(line.get("subject", ""), text, language, sender=line.get("from", "").lower())
