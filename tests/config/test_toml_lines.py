"""The scanner knows every path that `tomllib` knows, on the line where it stands."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.config.locate import packaged
from mailbot.config.toml_lines import find_lines

TRICKY = '''\
# [not.a.table] = 1
plain = 1
[x."y = z"]
b.c = "q # no comment"
text = """
[not.a.table]
key = "no key"
"""
"quoted key" = 2025-01-31 # a date
[[r]]
n = 'a'
w = { s = [ # comment ]
   "u, ]", # x }
   \'\'\'v
]\'\'\',
   ], t = 2 }
[[r.f]]
k = 1
[[r.f]]
k = 2
[r.z]
g = 1.5e3
[[r]]
n = """a\\"""b"""
d = [{a = 1}, {a = [[1], [2]]}]
'''

LINES = [
    (("plain",), 2),
    (("x", "y = z", "b", "c"), 4),
    (("x", "y = z", "text"), 5),
    (("x", "y = z", "quoted key"), 9),
    (("r", 0, "n"), 11),
    (("r", 0, "w", "s", 0), 13),
    (("r", 0, "w", "s", 1), 14),
    (("r", 0, "w", "t"), 16),
    (("r", 0, "f", 1, "k"), 20),
    (("r", 0, "z", "g"), 22),
    (("r", 1), 23),
    (("r", 1, "d", 1, "a", 1, 0), 25),
]


def paths(data: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*here, key)
        yield from paths(value, (*here, key))


@pytest.mark.parametrize(("path", "line"), LINES)
def test_each_path_is_found_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert find_lines(TRICKY).known[path] == line


def test_it_knows_exactly_the_paths_of_the_library() -> None:
    texts = [TRICKY, *(file.read_text("utf-8") for file in packaged("config").glob("*.toml"))]
    for text in texts:
        assert set(find_lines(text).known) == set(paths(tomllib.loads(text)))


def test_a_path_that_does_not_exist_is_at_the_nearest_thing_around_it() -> None:
    lines = find_lines(TRICKY)
    assert lines.find(("r", 0, "w", "missing")) == 12
    assert lines.find(("r", 0, "function-wrap", "n")) == 11
    assert lines.find(("nowhere",)) == 0


KEYS = st.from_regex(r"[a-z]{1,6}", fullmatch=True) | st.sampled_from(["a b", "é", "x.y", "#"])
VALUES = st.recursive(
    st.integers(0, 99) | st.booleans() | st.text(st.characters(min_codepoint=32, max_codepoint=400), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04X}" if c in '\\"\x7f' or 0x80 <= ord(c) < 0xA0 else c for c in value) + '"'
    if isinstance(value, list):
        return "[\n" + "".join(f"  {written(one)}, # ]\n" for one in value) + "]"
    return "{ " + ", ".join(f"{written(key)} = {written(one)}" for key, one in value.items()) + " }"


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_document_is_walked_as_the_library_walks_it(data: dict[str, Any]) -> None:
    text = "".join(
        f"# = {number}\n{written(key)} = {written(value)}\n" for number, (key, value) in enumerate(data.items())
    )
    assert tomllib.loads(text) == data
    assert set(find_lines(text).known) == set(paths(data))
