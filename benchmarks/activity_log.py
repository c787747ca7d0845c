"""How fast a long activity log is read: `python -m benchmarks.activity_log [entries] [database]`.

Without a database's name it measures both, PostgreSQL and SQLite. A page's time is the server's
whole work on it, template included. The floor is the database reading the table once.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.database import fresh_database

DATABASES = ("postgresql", "sqlite")
ENTRIES, ROUNDS = 1_000_000, 5
BAR = 300  # milliseconds


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    if len(sys.argv) > 2:
        sys.exit(measure(entries, sys.argv[2]) > 0)
    commands = (
        [sys.executable, "-m", "benchmarks.activity_log", str(entries), database]
        for database in DATABASES
    )
    ends = [subprocess.run(command, check=False).returncode for command in commands]  # noqa: S603
    sys.exit(any(ends))


def measure(entries: int, database: str) -> int:
    """Print what each page takes; return how many are slower than the bar."""
    with fresh_database(database):
        # Models can be imported only once Django is set up.
        from benchmarks.activity_entries import fill
        from benchmarks.activity_requests import FLOORS, desk, pages, scan

        began = time.perf_counter()
        fill(entries)
        print(f"\n{database}: {entries:,} entries (made in {time.perf_counter() - began:.0f} s)")
        for name, sql in FLOORS.items():
            print(f"{name:<34}{median(lambda sql=sql: scan(sql)):8.0f} ms")
        client = desk()
        slow = 0
        for name, address in pages().items():
            took = median(lambda address=address: client.get(address))
            slow += took > BAR
            print(f"{name:<34}{took:8.0f} ms{'  (over the bar)' if took > BAR else ''}", flush=True)
        print(f"over the bar of {BAR} ms: {slow}")
    return slow


def median(work: Callable[[], object]) -> float:
    """Return milliseconds, the first run left out: it also warms caches."""
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[1:])


if __name__ == "__main__":
    main()
