"""From a document to its model: every mistake becomes a finding in an admin's words, and what is intact is kept.

The intact rest lets the checks between files go on, so that a wrong port does not hide a misspelt group.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mailbot.config.files import Document
from mailbot.config.findings import Finding, did_you_mean

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_SINGULAR = {
    "rules": "rule",
    "services": "service",
    "groups": "group",
    "sources": "source",
    "facts": "fact",
    "calendars": "calendar",
    "mailboxes": "mailbox",
}
PRUNING_ROUNDS = 3


def validate(document: Document, model: type[Model], found: list[Finding]) -> Model | None:
    """The model of a document; with mistakes, the model of what is intact, or None where too little is."""
    data = document.data
    for turn in range(PRUNING_ROUNDS):
        try:
            return model.model_validate(data)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            errors = [one for one in errors if not _is_consequence(data, one)]
            if turn == 0:
                found.extend(_finding(document, model, one) for one in errors)
            data = prune(data, [_known_part(data, one["loc"]) for one in errors])
    return None


def prune(data: dict[str, Any], paths: Iterable[Loc]) -> dict[str, Any]:
    """The data without what is wrong at these paths: the element of an array of tables, else the setting itself."""
    rest = copy.deepcopy(data)
    for path in sorted({_whole(path) for path in paths if path}, key=str):
        parent = _walk(rest, path[:-1])
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
        elif isinstance(parent, list) and isinstance(path[-1], int) and path[-1] < len(parent):
            parent[path[-1]] = None
    for key, value in rest.items():
        if isinstance(value, list):
            rest[key] = [one for one in value if one is not None]
    return rest


def name_of(data: Any, path: Sequence[str | int]) -> str:
    """What a finding begins with: 'rule "VPN": ' for a path inside the third rule, "[smtp] " inside a table."""
    if not path or not isinstance(data, dict):
        return ""
    element = _walk(data, path[:2])
    if len(path) > 1 and isinstance(path[1], int) and isinstance(element, dict):
        word = _SINGULAR.get(str(path[0]), str(path[0]))
        name = element.get("name") or element.get("account")
        return f'{word} "{name}": ' if isinstance(name, str) else f"{word} {path[1] + 1}: "
    return f"[{path[0]}] " if isinstance(data.get(path[0]), dict) else ""


def _finding(document: Document, model: type[BaseModel], error: ErrorDetails) -> Finding:
    path = _known_part(document.data, error["loc"])
    start = name_of(document.data, path)
    inner = path if not start else path[2:] if _is_element(path) else path[1:]
    setting = ".".join(part for part in inner if isinstance(part, str))
    last = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    match error["type"]:
        case "extra_forbidden" if len(path) == 1 and start:
            start, text, remedy = "", f"unknown table [{last}]", did_you_mean(last, _settings_at(model, ()))
        case "extra_forbidden":
            text, remedy = f'unknown setting "{setting}"', did_you_mean(last, _settings_at(model, path[:-1]))
        case "missing":
            name = (
                f"[{last}]" if not path and _is_table(model, last) else f'"{".".join(filter(None, (setting, last)))}"'
            )
            text, remedy = f"{name} is missing", _description(model, (*path, last))
        case _:
            text, remedy = (f"{setting}: " if setting else "") + _said(error), ""
    key = ".".join(str(part) for part in path)
    return Finding(document.file, document.line(path), key, f"{start}{text}", remedy)


def _is_element(path: Loc) -> bool:
    return len(path) > 1 and isinstance(path[1], int)


def _said(error: ErrorDetails) -> str:
    """What pydantic says, in an admin's words."""
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    text = error["msg"].partition(", unable to parse")[0].replace("Input should be", "must be")
    shown = error["input"] if isinstance(error["input"], str | int | float | bool) else None
    return text[:1].lower() + text[1:] + (f", not {shown!r}" if shown is not None else "")


def _is_consequence(data: Any, error: ErrorDetails) -> bool:
    """A list that is too short only because its broken elements do not count."""
    return error["type"] == "too_short" and bool(_walk(data, _known_part(data, error["loc"])))


def _known_part(data: Any, loc: Sequence[str | int]) -> Loc:
    """The part of pydantic's path that the data knows: it also names branches of unions and function names."""
    path: Loc = ()
    here = data
    for part in loc:
        if _has(here, part):
            here = here[part]
            path = (*path, part)
    return path


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, dict) and part in data


def _whole(path: Loc) -> Loc:
    return path[:2] if _is_element(path) else path


def _walk(data: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        if not _has(data, part):
            return None
        data = data[part]
    return data


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int) or here is None:
            continue
        fields: Mapping[str, Any] = here.model_fields
        models = _models(fields[part].annotation) if part in fields else []
        here = models[0] if models else None
    return here


def _settings_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    here = _model_at(model, path)
    return list(here.model_fields) if here else []


def _is_table(model: type[BaseModel], setting: str) -> bool:
    return setting in model.model_fields and bool(_models(model.model_fields[setting].annotation))


def _description(model: type[BaseModel], path: Sequence[str | int]) -> str:
    here = _model_at(model, path[:-1])
    field = here.model_fields.get(str(path[-1])) if here else None
    return f"it says: {field.description}" if field and field.description else ""
