"""Phrases of word lists, found in a text in linear time."""

from __future__ import annotations


def find_phrases(text: str, phrases: tuple[str, ...]) -> tuple[str, ...]:
    """The phrases that stand in `text` as whole words, in the order of the list, each once."""
    raise NotImplementedError
