"""`crm_backfill` against the least that it could do, for each kind of source.

`python -m benchmarks.backfill_at_size [rows] [--database sqlite] [--batch-size n] [--houses]`

The floor is one INSERT ... SELECT ... ON CONFLICT of the same rows, without a comparison and
without the log entries that a backfill also writes. The backfill is the command itself, in a
process of its own; its memory is what that process held at the most.
"""

import argparse
import os
import subprocess
import sys
import time

from benchmarks.database import fresh_database

BAR, MEMORY_BAR = 3.0, 300
# What the command is told, and the mirrors that it writes then.
COMMANDS = {
    "owners": ["owners"],
    "properties": ["properties"],
    "enquiries": ["guests", "enquiries"],
    "memberships": ["memberships"],
}


def main() -> None:
    options = arguments()
    with fresh_database(options.database):
        # Models can be imported only once Django is set up.
        from benchmarks import sources

        began = time.perf_counter()
        if options.houses:
            sources.fill_houses(options.rows, owners=max(1, options.rows // 10))
        else:
            sources.fill(options.rows)
        print(
            f"{options.rows:,} rows of each kind on {options.database} "
            f"(made in {time.perf_counter() - began:.0f} s)\n"
            f"{'':<12}{'floor':>9}{'backfill':>10}{'ratio':>7}{'again':>9}{'memory':>9}",
            flush=True,
        )
        for name in ["owners", "properties"] if options.houses else COMMANDS:
            measure(name, options.batch_size)
        ratio = f"{BAR:.2f}" if options.database == "postgresql" else "none"
        print(f"{'bar':<12}{'':>19}{ratio:>7}{'':>9}{MEMORY_BAR:>6} MB")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--houses", action="store_true", help="only these, of a tenth as many owners"
    )
    return parser.parse_args()


def measure(name: str, batch_size: int | None) -> None:
    from benchmarks import floor

    floor.tidy()
    least = sum(map(floor.seconds, COMMANDS[name]))
    first, memory = backfill(name, batch_size)
    again, _ = backfill(name, batch_size)
    print(
        f"{name:<12}{least:>7.1f} s{first:>8.1f} s{first / least:>7.2f}"
        f"{again:>7.1f} s{memory:>6.0f} MB",
        flush=True,
    )


def backfill(name: str, batch_size: int | None) -> tuple[float, float]:
    """Return the seconds of the command, and its megabytes at the most."""
    sized = [f"--batch-size={batch_size}"] if batch_size else []
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "crm_backfill", name, *sized], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"crm_backfill {name} failed.")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
