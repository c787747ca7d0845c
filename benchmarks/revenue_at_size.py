"""How fast the dashboard's figures are at size: `python -m benchmarks.revenue_at_size [members]`.

The floor is one pass of the database over the rows that a figure is of, in the same run.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.database import fresh_database

MEMBERS, ROUNDS = 1_000_000, 5
BAR = 100  # milliseconds, for all of the dashboard's queries together


def main() -> None:
    members = int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS
    with fresh_database("postgresql"):
        # Models can be imported only once Django is set up.
        from benchmarks.revenue_rows import PAYMENTS_EACH, fill
        from billing.revenue.tallies import TALLIES

        took(lambda: fill(members), "made in")
        print(f"{members:,} memberships, {members * PAYMENTS_EACH:,} payments, PostgreSQL")
        for tally in TALLIES:
            took(tally.make_afresh, f"{tally.model._meta.verbose_name}, made afresh")
            took(tally.differences, f"{tally.model._meta.verbose_name}, checked")
        sys.exit(compare() > BAR)


def compare() -> float:
    """Print floors and figures; return the milliseconds of all the dashboard's queries."""
    columns = {
        "movements": "kind, sum(amount_pence) FROM billing_revenuechange",
        "spans": "standing, sum(annual_pence) FROM billing_revenuespan",
        "payments": "kind, sum(gross_pence) FROM billing_payment",
    }
    floors = {f"scan of the {name}": f"SELECT {each} GROUP BY 1" for name, each in columns.items()}
    scans = {name: median(lambda sql=sql: timed(lambda: scan(sql))) for name, sql in floors.items()}
    queries: list[tuple[float, str]] = []
    figures = median(lambda: dashboard(queries))
    for name, each in scans.items():
        print(f"{name:<40}{each:8.1f} ms  {each / figures:6.1f}x the dashboard")
    print(f"{'all queries of the dashboard':<40}{figures:8.1f} ms  (bar {BAR})")
    for each, sql in sorted(queries, reverse=True)[:5]:
        print(f"    {each:8.1f} ms  {sql[:120]}")
    return figures


def dashboard(queries: list[tuple[float, str]]) -> float:
    """Return the milliseconds of all queries for the figures on the home page, and list them."""
    from django.db import connection
    from django.test import RequestFactory
    from django.utils import timezone

    from accounts.models import User
    from crm.figures.board import board

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            queries.append(((time.perf_counter() - began) * 1000, sql))

    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    queries.clear()
    with connection.execute_wrapper(watch):
        board(request, timezone.now())
    return sum(each for each, _ in queries)


def scan(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.fetchall()


def took(work: Callable[[], Any], what: str) -> None:
    print(f"{what:<40}{timed(work) / 1000:8.1f} s", flush=True)


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def median(work: Callable[[], float]) -> float:
    """Return the middle of several measurements, the first left out: it also warms caches."""
    return statistics.median([work() for _ in range(ROUNDS + 1)][1:])


if __name__ == "__main__":
    main()
