"""One `crm_check --repair` among many rows: find, explain, repair and prove.

`python -m benchmarks.drift_at_size [rows] [--database sqlite]`

There are so many rows in all four entities together. A thousand differences are planted in them:
missing, changed and orphaned records of each entity, by update(), bulk_create(), raw SQL and
deletion. The command runs in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import time

from benchmarks.database import fresh_database

BAR = 5.0


def main() -> None:
    options = arguments()
    with fresh_database(options.database):
        # Models can be imported only once Django is set up.
        from benchmarks import planted, sources

        sources.fill(options.rows // 4)
        run("crm_backfill")
        print(f"{options.rows:,} rows on {options.database}")
        quiet, found = check()
        say("check, all equal", quiet, found)
        planted.plant()
        say("check, drifted", *check())
        say("--dry-run", *check("--dry-run"))
        mended, found = check("--repair")
        say(f"--repair (bar {BAR:.0f} s)", mended, found)
        say("--repair again", *check("--repair"))
        planted.tell_causes()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=50_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    return parser.parse_args()


def check(*options: str) -> tuple[float, dict]:
    """Return the seconds of the whole command, and what it reported."""
    began = time.perf_counter()
    report = json.loads(run("crm_check", "--json", *options))
    return time.perf_counter() - began, report


def run(*command: str) -> str:
    ended = subprocess.run(
        [sys.executable, "manage.py", *command], capture_output=True, text=True, check=False
    )
    return ended.stdout


def say(what: str, seconds: float, report: dict) -> None:
    print(
        f"{what:<28}{seconds:>7.2f} s with its start, {report['seconds']:>6.2f} s alone;"
        f"{report['differences']:>6,} differences",
        flush=True,
    )


if __name__ == "__main__":
    main()
