"""All measurements, each beside its bar: `make bench`, or `python -m benchmarks [rows]`.

They run one after the other, each in a process of its own with a database of its own. Give the
machine nothing else to do meanwhile.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROWS = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    rows = str(parser.parse_args().rows)
    began = time.perf_counter()
    ends = [
        measure("save_cost"),
        measure("backfill_at_size", rows),
        measure("backfill_at_size", rows, "--database=sqlite"),
        measure("drift_at_size"),
        measure("activity_log", rows),
        measure("revenue_at_size", rows),
    ]
    print(f"\nAll of it took {(time.perf_counter() - began) / 60:.0f} minutes.")
    sys.exit(any(ends))


def measure(name: str, *arguments: str) -> int:
    """Run one and return its exit code."""
    print(f"\n---- {' '.join([name, *arguments])}", flush=True)
    began = time.perf_counter()
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    ended = subprocess.run(command, cwd=Path(__file__).parent.parent, check=False)
    print(f"({time.perf_counter() - began:.0f} s)", flush=True)
    return ended.returncode


if __name__ == "__main__":
    main()
