"""`python -m bench.scanners`: seconds that the scanners of mail text take for hostile texts that double in size.

Two hundred texts, each a piece repeated; printed are the slowest of each scanner at each size. Twice the text should
take about twice the time.
"""

from __future__ import annotations

import time

from tests.mail.hostile import hostile
from tests.mail.test_linear import SCANNERS

_REPEATS = (1_000, 2_000, 4_000, 8_000)


def main() -> None:
    """Print the table."""
    print(f"{'scanner':12}" + "".join(f"{repeats:>10} x" for repeats in _REPEATS) + "   slowest text")
    for name, scan in SCANNERS.items():
        slowest, title = [], ""
        for repeats in _REPEATS:
            taken = {}
            for each, text in hostile(repeats).items():
                began = time.process_time()
                scan(text[:200_000])
                taken[each] = time.process_time() - began
            title = max(taken, key=taken.__getitem__)
            slowest.append(taken[title])
        print(f"{name:12}" + "".join(f"{seconds:>10.3f} s" for seconds in slowest) + f"   {title}")


if __name__ == "__main__":
    main()
