"""The walls that ruff, mypy and lint-imports cannot see, and proof that each of them can fall.

Every rule is a function from source text to findings. The first half of this page holds the project to it, the second
half plants a breach and expects the finding.
"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mailbot"
MODULES = sorted(PACKAGE.rglob("*.py"))
PURE = ("mail", "triage", "desk")
MODULE_LINES = 300
FUNCTION_LINES = 50

# Each library has one home (DESIGN section 2); two have two.
HOMES: dict[str, set[str]] = {
    "imapclient": {"transport"},
    "aiosmtplib": {"transport"},
    "dns": {"transport"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "jinja2": {"render"},
    "markupsafe": {"render"},  # the strings of jinja2
    "markdown_it": {"render"},
    "pebble": {"daemon"},
    "onnxruntime": {"semantic"},
    "tokenizers": {"semantic"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "tomllib": {"config"},
    "nh3": {"mail"},
    "dkim": {"mail"},
    "phonenumbers": {"mail"},
    "dateutil": {"desk"},
    "holidays": {"desk"},
    "pymap": {"demo"},
    "aiosmtpd": {"demo"},
    "proxyprotocol": {"demo"},  # of pymap
    "pysasl": {"demo"},  # of pymap
    "re2": {"mail", "triage"},
    "rich": {"cli", "demo"},
}
IMPURE_BUILTINS = {"open", "input", "print", "__import__", "breakpoint"}


def read_toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def list_banned() -> set[str]:
    """The API that pure code may not use, from the file that ruff reads: one list, two guards."""
    banned = read_toml(PACKAGE / "pure.ruff.toml")["lint"]["flake8-tidy-imports"]["banned-api"]  # type: ignore[index]  # TOML has no types
    assert isinstance(banned, dict)
    return set(banned)


def list_imports(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def find_libraries_away_from_home(source: str, package: str) -> list[str]:
    """A library outside of its home, and a library that nobody gave one."""
    findings = []
    for line, name in list_imports(source):
        library = name.split(".")[0]
        if library in HOMES:
            if package not in HOMES[library]:
                findings.append(f"{line}: {library} lives in {' and '.join(sorted(HOMES[library]))}")
        elif library != "mailbot" and library not in sys.stdlib_module_names:
            findings.append(f"{line}: {library} has no home; give it one in HOMES")
    return findings


def find_impurity(source: str, _package: str = "") -> list[str]:
    """Clock, chance, files, environment and network, whatever a `noqa` says."""
    banned = list_banned()
    found = [
        (line, name) for line, name in list_imports(source) if any(f"{name}.".startswith(f"{ban}.") for ban in banned)
    ]
    last_two = {".".join(ban.split(".")[-2:]) for ban in banned if "." in ban}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in last_two:
            found.append((node.lineno, ast.unparse(node)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_BUILTINS:
            found.append((node.lineno, f"{node.func.id}()"))
    return [f"{line}: {name}" for line, name in sorted(found)]


def find_length(source: str, _package: str = "") -> list[str]:
    """Modules and functions that one does not read in one go."""
    lines = len(source.splitlines())
    findings = [f"module of {lines} lines"] if lines > MODULE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                findings.append(f"{node.lineno}: {node.name} has {length} lines")
    return findings


def check_with_ruff(source: str, folder: str) -> list[tuple[int, str]]:
    """What ruff says about the text as if it stood in that folder: (line, rule)."""
    command = [sys.executable, "-m", "ruff", "check", "--quiet", "--no-cache", "--output-format", "concise"]
    command += ["--stdin-filename", f"mailbot/{folder}/planted.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    reports = [line.split(":", 3) for line in done.stdout.splitlines() if line.startswith("mailbot/")]
    return [(int(number), text.split()[0]) for _, number, _, text in reports]


def name_package(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py")


def name_module(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


every_module = pytest.mark.parametrize("module", MODULES, ids=name_module)


@every_module
def test_every_library_stays_in_its_home(module: Path) -> None:
    assert find_libraries_away_from_home(module.read_text(encoding="utf-8"), name_package(module)) == []


@every_module
def test_modules_and_functions_stay_short(module: Path) -> None:
    assert find_length(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("module", [path for path in MODULES if name_package(path) in PURE], ids=name_module)
def test_pure_packages_ask_nothing_of_the_world(module: Path) -> None:
    assert find_impurity(module.read_text(encoding="utf-8")) == []


def test_every_dependency_has_a_home() -> None:
    project = read_toml(ROOT / "pyproject.toml")["project"]
    assert isinstance(project, dict)
    wanted = [*project["dependencies"], *project["optional-dependencies"]["demo"], "psycopg"]
    names = {name.split(">")[0].split("=")[0] for name in wanted}
    imported_as = {"dkimpy": "dkim", "dnspython": "dns", "google-re2": "re2", "markdown-it-py": "markdown_it"}
    imported_as["python-dateutil"] = "dateutil"
    assert {imported_as.get(name, name) for name in names} - set(HOMES) == set()


def test_folders_of_data_travel_in_the_wheel() -> None:
    tool = read_toml(ROOT / "pyproject.toml")["tool"]
    wheel = tool["hatch"]["build"]["targets"]["wheel"]  # type: ignore[index]  # TOML has no types
    for folder in ("templates", "config", "systemd"):
        assert f"/{folder}" in wheel["include"]
        assert wheel["sources"][folder] == f"mailbot/_data/{folder}"


@pytest.mark.parametrize(
    ("find", "source", "package", "finding"),
    [
        (find_libraries_away_from_home, "import imapclient", "daemon", "1: imapclient lives in transport"),
        (find_libraries_away_from_home, "from dns.resolver import resolve", "mail", "1: dns lives in transport"),
        (find_libraries_away_from_home, "def f():\n    import rich.table", "daemon", "2: rich lives in cli and demo"),
        (
            find_libraries_away_from_home,
            "import requests",
            "transport",
            "1: requests has no home; give it one in HOMES",
        ),
        (find_impurity, "import os.path", "mail", "1: os.path"),
        (
            find_impurity,
            "from pathlib import Path  # noqa: TID251  # a sample: no excuse here either",
            "mail",
            "1: pathlib.Path",
        ),
        (find_impurity, "from email.utils import make_msgid", "mail", "1: email.utils.make_msgid"),
        (find_impurity, "import email.utils\nemail.utils.formatdate()", "desk", "2: email.utils.formatdate"),
        (find_impurity, "from email import utils\nutils.localtime()", "desk", "2: utils.localtime"),
        (find_impurity, "from datetime import datetime\n\nx = datetime.now(tz)", "desk", "3: datetime.now"),
        (find_impurity, "import datetime as d\nx = d.datetime.now(d.UTC)", "desk", "2: d.datetime.now"),
        (find_impurity, "with open(name) as file: ...", "triage", "1: open()"),
        (find_length, "\n" * 301, "mail", "module of 301 lines"),
        (find_length, "def f():\n" + "    x = 1\n" * 50, "mail", "1: f has 51 lines"),
        (find_length, "async def f():\n" + "    x = 1\n" * 50, "mail", "1: f has 51 lines"),
    ],
)
def test_a_planted_breach_is_found(
    find: Callable[[str, str], list[str]], source: str, package: str, finding: str
) -> None:
    assert find(source, package) == [finding]


@pytest.mark.parametrize(
    ("find", "source", "package"),
    [
        (find_libraries_away_from_home, "import imapclient, ssl\nfrom mailbot.mail import parse", "transport"),
        (find_libraries_away_from_home, "import re2", "triage"),
        (find_impurity, "from datetime import UTC, datetime, time\nimport timeit, email.utils", "desk"),
        (find_impurity, "from email.utils import format_datetime\nmail.open(now)\nrow.now", "desk"),
        (find_length, "\n" * 300, "mail"),
        (find_length, "def f():\n" + "    x = 1\n" * 49, "mail"),
    ],
)
def test_what_is_allowed_is_left_alone(find: Callable[[str, str], list[str]], source: str, package: str) -> None:
    assert find(source, package) == []


PLANTED = '''"""Every line from the second on breaks the purity rule."""
import os
import time
import random
import secrets
import uuid
import pathlib
import logging
from email.utils import make_msgid
from email.utils import formatdate
from email.utils import localtime
from datetime import datetime; a = datetime.now(None)
import datetime as d; b = d.datetime.utcnow()
c = d.datetime.today()
e = d.date.today()
f = open("x")
'''


@pytest.mark.parametrize("folder", PURE)
def test_ruff_keeps_the_world_out_of_pure_packages(folder: str) -> None:
    reported = {line for line, rule in check_with_ruff(PLANTED, folder) if rule in {"TID251", "PTH123"}}
    assert reported == set(range(2, len(PLANTED.splitlines()) + 1))


def test_ruff_lets_the_daemon_read_the_clock() -> None:
    assert [rule for _, rule in check_with_ruff(PLANTED, "daemon") if rule == "TID251"] == []
