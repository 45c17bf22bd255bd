"""Conditions of routing rules: one small function each; its docstring is the help that admins read.

To add a condition, write a function and a row in its test: `mailbot check` and the documentation know it by `CONDITIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mailbot.triage.diagnosis import Diagnosis
from mailbot.triage.policy import Condition, Matter

ConditionFunction = Callable[[Condition, Matter, Diagnosis], bool]

CONDITIONS: dict[str, ConditionFunction] = {}


def make_condition(key: str, values: Sequence[str]) -> Condition:
    """The condition an admin wrote, patterns compiled; ValueError says what is wrong with `key` or one of `values`."""
    raise NotImplementedError
