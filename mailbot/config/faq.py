"""FAQ entries: one Markdown file each, its TOML front matter between two lines of +++.

A mistake in an entry disables this entry, with a warning: the desk must not stop because of an unfinished answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from mailbot.config.files import Document, Files, decode, read_toml
from mailbot.config.findings import Finding, Severity, did_you_mean
from mailbot.config.levels_file import FaqFront
from mailbot.config.validate import validate
from mailbot.triage.faq import FaqIndex
from mailbot.triage.policy import FaqEntry

FENCE = "+++"
NEAR = 0.85


@dataclass(frozen=True, slots=True)
class Known:
    """What entries may refer to."""

    services: Collection[str]
    languages: Collection[str]


def read_faq(files: Files, known: Known | None, found: list[Finding]) -> tuple[FaqEntry, ...]:
    """Every intact entry, in the order of the file names; `known` is None where routing could not be read."""
    entries: dict[str, tuple[str, FaqEntry]] = {}
    for name in sorted(files.raw):
        if not name.startswith("faq/"):
            continue
        shown = files.shown(name)
        mistakes: list[Finding] = []
        entry, document = _read(files.raw[name], shown, mistakes)
        if entry is not None:
            mistakes += _unknown(entry, document, known)
            if entry.id in entries:
                message = f'id "{entry.id}" is taken by {entries[entry.id][0]}'
                mistakes.append(Finding(shown, document.line(("id",)), "id", message))
        if entry is not None and not mistakes:
            entries[entry.id] = (shown, entry)
        found.extend(_disabled(one) for one in mistakes)
    return tuple(entry for _, entry in entries.values())


def find_alike(entries: Iterable[FaqEntry], folder: str) -> list[Finding]:
    """Entries too alike to be told apart: they cost the desk its certainty."""
    pairs = FaqIndex.build(entries).near_duplicates(NEAR)
    remedy = "merge them, or ask in words that tell them apart"
    return [
        Finding(f"{folder}/faq", 0, "", f'entries "{one}" and "{other}" are alike', remedy, Severity.WARNING)
        for one, other, _ in pairs
    ]


def split_entry(text: str) -> tuple[str, str] | None:
    """(front matter, answer), or None if the fences are missing."""
    first, _, rest = text.partition("\n")
    front, fence, answer = f"\n{rest}".partition(f"\n{FENCE}\n")
    return (front.removeprefix("\n"), answer.strip()) if first.strip() == FENCE and fence else None


def _read(raw: bytes, shown: str, found: list[Finding]) -> tuple[FaqEntry | None, Document]:
    nothing = (None, Document(shown))
    text = decode(raw, shown, found)
    if text is None:
        return nothing
    if (parts := split_entry(text + "\n")) is None:
        found.append(Finding(shown, 1, "", f"does not begin with front matter between two lines of {FENCE}"))
        return nothing
    front, answer = parts
    document = read_toml(front, shown, found, first_line=2)
    model = validate(document, FaqFront, found) if document is not None else None
    if document is None or model is None:
        return nothing
    if not answer:
        found.append(Finding(shown, front.count("\n") + 3, "", "has no answer below the front matter"))
    entry = FaqEntry(
        model.id, model.title, model.questions, answer, model.language, tuple(model.services), model.automatic
    )
    return entry, document


def _unknown(entry: FaqEntry, document: Document, known: Known | None) -> list[Finding]:
    if known is None:
        return []
    found = [
        Finding(
            document.file,
            document.line(("services",)),
            "services",
            f'unknown service "{service}"',
            did_you_mean(service, known.services),
        )
        for service in entry.services
        if service not in known.services
    ]
    if entry.language not in known.languages:
        remedy = did_you_mean(entry.language, known.languages)
        message = f'the desk does not write "{entry.language}"'
        found.append(Finding(document.file, document.line(("language",)), "language", message, remedy))
    return found


def _disabled(finding: Finding) -> Finding:
    return replace(finding, message=f"{finding.message} (entry disabled)", severity=Severity.WARNING)
