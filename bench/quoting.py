"""`python -m bench.quoting CORPUS`: what becomes of answers in the quoting styles of real mail programs.

Every reply of the corpus is sent as a specialist's answer to a hand-over, through the whole desk in memory, once with
the line that asks to answer above it and once without. Printed: how many went to the requester, how many were held,
why, and every line of the hand-over that slipped through (there must be none).
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.conversations.quoting import styles
from tests.conversations.test_quoting import outcomes


def main() -> None:
    """Print the figures of both runs."""
    chosen = [style for style in styles(Path(sys.argv[1])) if style.quotes]
    for with_marker in (True, False):
        found = list(outcomes(chosen, with_marker=with_marker))
        counted = Counter(
            relayed=sum(bool(one.relayed) for one in found),
            doubtful=sum(one.is_doubtful for one in found),
            held_otherwise=sum(bool(one.held) and not one.is_doubtful for one in found),
            lines_leaked=sum(len(one.leaked) for one in found),
        )
        print(f"{len(found)} answers, {'with' if with_marker else 'without'} the marker: {dict(counted)}")
        for one in found:
            for line in one.leaked:
                print(f"  {one.style.name}: {line}")


if __name__ == "__main__":
    main()
