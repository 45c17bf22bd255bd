"""All files, read and validated one by one: what is intact of each, with its mistakes noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from mailbot.config.desk_file import DeskFile
from mailbot.config.faq import Known, find_alike, read_faq
from mailbot.config.files import KNOWN, Document, Files, decode, read_toml
from mailbot.config.findings import Finding, Severity, did_you_mean
from mailbot.config.levels_file import LevelsFile, WordsFile
from mailbot.config.people import read_people
from mailbot.config.routing_file import RoutingFile
from mailbot.config.validate import Loc, prune, validate
from mailbot.desk.people import Person
from mailbot.triage.policy import FaqEntry

Model = TypeVar("Model", bound=BaseModel)

DESK, ROUTING, LEVELS = "mailbot.toml", "routing.toml", "service_levels.toml"


@dataclass(frozen=True, slots=True)
class Parts:
    """The models of the files; None where too little of one is intact. `documents` say on which line things stand."""

    files: Files
    documents: Mapping[str, Document]
    desk: DeskFile | None
    routing: RoutingFile | None
    levels: LevelsFile | None
    words: Mapping[str, WordsFile]
    people: Mapping[str, Person]
    faq: tuple[FaqEntry, ...]

    def document(self, name: str) -> Document:
        """The document of that file; an empty one where it could not be read."""
        return self.documents.get(name, Document(self.files.shown(name)))

    def elements(self, table: str) -> Iterator[tuple[int, Mapping[str, object]]]:
        """The elements of an array of tables of routing.toml as the admin wrote them, with their places."""
        elements = self.document(ROUTING).data.get(table, [])
        if isinstance(elements, list):
            yield from ((place, one) for place, one in enumerate(elements) if isinstance(one, dict))

    def names(self, table: str) -> tuple[str, ...]:
        """The names of an array of tables of routing.toml, those of damaged elements included."""
        return tuple(name for _, one in self.elements(table) if isinstance(name := one.get("name"), str))

    def place(self, table: str, name: str) -> int:
        """The place of the element of that name."""
        return next(place for place, one in self.elements(table) if one.get("name") == name)

    def without(self, paths: list[Loc]) -> Parts:
        """The parts without what stands at these paths of routing.toml."""
        if self.routing is None or not paths:
            return self
        document = self.document(ROUTING)
        routing = validate(replace(document, data=prune(document.data, paths)), RoutingFile, [])
        return replace(self, routing=routing)


def read_parts(files: Files, found: list[Finding]) -> Parts:
    """Every file of the folder."""
    documents: dict[str, Document] = {}
    desk = _read(DESK, files, DeskFile, documents, found)
    routing = _read(ROUTING, files, RoutingFile, documents, found)
    levels = _read(LEVELS, files, LevelsFile, documents, found)
    words = {}
    for name in sorted(name for name in files.raw if name.startswith("words.") and KNOWN.fullmatch(name)):
        words_file = _read(name, files, WordsFile, documents, found)
        if words_file is not None:
            words[name.split(".")[1]] = words_file
            found.extend(_repetitions(words_file, documents[name]))
    languages = desk.identity.languages if desk else ()
    people = read_people(files, languages, found)
    parts = Parts(files, documents, desk, routing, levels, words, people, ())
    known = Known(parts.names("services"), languages) if desk and routing else None
    faq = read_faq(files, known, found)
    found.extend(find_alike(faq, files.folder.name))
    found.extend(_strange_files(files))
    return replace(parts, faq=faq)


def _read(
    name: str, files: Files, model: type[Model], documents: dict[str, Document], found: list[Finding]
) -> Model | None:
    shown = files.shown(name)
    if name not in files.raw:
        found.append(Finding(shown, 0, "", "is missing", "an example of every file: mailbot init"))
        return None
    text = decode(files.raw[name], shown, found)
    document = read_toml(text, shown, found) if text is not None else None
    if document is None:
        return None
    documents[name] = document
    return validate(document, model, found)


def _repetitions(words: WordsFile, document: Document) -> list[Finding]:
    """Phrases that stand twice in one list."""
    found = []
    for name in WordsFile.model_fields:
        phrases: tuple[str, ...] = getattr(words, name)
        for index, phrase in enumerate(phrases):
            if phrase in phrases[:index]:
                line = document.line((name, index))
                message = f'{name}: "{phrase}" stands there twice'
                found.append(Finding(document.file, line, f"{name}.{index}", message, severity=Severity.WARNING))
    return found


def _strange_files(files: Files) -> list[Finding]:
    """Files that nobody reads: most likely a misspelt name."""
    known = [DESK, ROUTING, LEVELS, "words.en.toml", "words.de.toml"]
    return [
        Finding(files.shown(name), 0, "", "is a file that nobody reads", did_you_mean(name, known), Severity.WARNING)
        for name in sorted(files.raw)
        if not KNOWN.fullmatch(name) and not name.startswith((".", "ruff"))
    ]
