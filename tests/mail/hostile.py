"""Two hundred texts and more that grow without end, each made for scanners to look at the same letters again."""

from __future__ import annotations

from itertools import product

_PIECES = (
    "> ", ">", "On ", "On 2 Sep 2024 at 10:00 Ann <ann@x.example>", "wrote:", "<", ">>> ", "From: ", "To: a@b.example,",
    "Subject: x", "-- ", "-----", "_____________", "-----Original Message-----", "Sent from my iPhone",
    "Regards", "a@b.example", "+49 30 1234567", "https://x.example/", "\t", "\xa0", "é", "<div>", "</div>",
    "<blockquote>", "<!--", "<a href=\"", "<p style='", "&gt;", "&amp", "<li>", "<td>", "=3D", "This message is", "PS",
    "a:", "| ", "- a.pdf", "<<a.doc>>", "On Mon, Ann said",
)  # fmt: skip
_HEADS = ("> quoted\n", "On 2 Sep 2024 at 10:00 Ann <ann@x.example> wrote:\n> quoted\n", "-- \n", "From: a@b.example\n")
_WORDS = ("words\n", "> words\nwords\n", "-- \nwords\n", "words: x\n\n", "+49 30 1234567\n")
_JOINTS = ("", "\n", " \n", "\n\n", " ")


def hostile(times: int) -> dict[str, str]:
    """Name -> text: each piece repeated, with each joint; and answers without end below one quoted line."""
    repeated = {f"{piece!r} and {joint!r}": (piece + joint) * times for piece, joint in product(_PIECES, _JOINTS)}
    return repeated | {f"{head!r}, then {words!r}": head + words * times for head, words in product(_HEADS, _WORDS)}
