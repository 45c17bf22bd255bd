"""`mailbot check`: every mistake in the configuration and the templates at once, with file, line, key and remedy."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from mailbot.cli.console import Console
from mailbot.config.findings import Finding, Severity
from mailbot.config.load import check
from mailbot.config.locate import find_config, find_templates
from mailbot.render.templates import Templates


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`check [--strict]`."""
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print every finding; 1 if one of them is an error."""
    folder = find_config(arguments.config)
    findings = (*check(folder, strict=arguments.strict), *_check_templates(folder, strict=arguments.strict))
    for finding in findings:
        _show(finding, console)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if errors:
        console.complain(f"{errors} to mend in {folder}")
        return 1
    console.say(f"{folder} is sound" + (f", with {len(findings)} warnings" if findings else ""), "green")
    return 0


def _check_templates(folder: Path, *, strict: bool) -> Iterator[Finding]:
    """What is wrong with the texts of mails; a missing translation of a help line is a warning."""
    templates = find_templates(folder)
    for found in Templates.load(templates).findings():
        severity = Severity.WARNING if found.is_minor and not strict else Severity.ERROR
        yield Finding(str(templates / found.file), found.line, "", found.problem, found.remedy, severity)


def _show(finding: Finding, console: Console) -> None:
    if console.as_json:
        console.record(finding)
    elif finding.severity is Severity.ERROR:
        console.complain(str(finding))
    else:
        console.say(str(finding), "yellow")
