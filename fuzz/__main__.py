"""`python -m fuzz [TARGET…]`: every target for its share of FUZZ_SECONDS (600), one after the other on one core.

Inputs that reached new code stay in build/fuzz/corpus and are where the next run begins; a finding lies as a file in
build/fuzz/findings, and the exit code is 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fuzz.seeds import SEEDS

_LONGEST_OCTETS = 16_384
_SLOWEST_SECONDS = 10  # an input that takes longer is a finding, also on a busy machine
_MEMORY_MIB = 1_024
_BUILD = Path("build/fuzz")


def main() -> int:
    """Run them all and say which found something."""
    names = sys.argv[1:] or list(SEEDS)
    seconds = max(1, int(os.environ.get("FUZZ_SECONDS", "600")) // len(names))
    found = [name for name in names if not _runs_clean(name, seconds)]
    print(f"{len(names)} targets, {seconds} s each;", f"findings in {', '.join(found)}" if found else "no finding")
    return 1 if found else 0


def _runs_clean(name: str, seconds: int) -> bool:
    corpus, findings = _BUILD / "corpus" / name, _BUILD / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    print(f"--- {name}: {seconds} s", flush=True)
    options = (f"-max_total_time={seconds}", f"-max_len={_LONGEST_OCTETS}", f"-timeout={_SLOWEST_SECONDS}",
               f"-rss_limit_mb={_MEMORY_MIB}", f"-artifact_prefix={findings}/{name}-", "-print_final_stats=1",
               "-verbosity=0")  # fmt: skip
    return subprocess.run([sys.executable, "-m", "fuzz.one", name, *options, str(corpus)], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
