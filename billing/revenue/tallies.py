"""Keeps the tallies: adds what changed, folds what has piled up, compares with the rows."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Count, DateField, Expression, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from accounts.london import LONDON, day_of
from billing.models.payment import Payment
from billing.models.revenue import RevenueChange, RevenueSpan
from billing.models.tallies import CashTally, MovementTally, SpanTally

Key = tuple[Any, ...]
Sums = dict[Key, tuple[int, ...]]


@dataclass(frozen=True)
class Tally:
    """One table of sums: how they follow from one row, and from all rows in the database."""

    model: type[models.Model]
    keys: tuple[str, ...]
    key_of: Callable[[Any], Key | None]  # None for a row that does not count
    sums_of: Callable[[Any], dict[str, int]]
    rows: Callable[[], QuerySet[Any]]  # those that count, with the keys as columns
    sums: dict[str, Expression]

    def add(self, rows: Iterable[Any], *, sign: int = 1) -> None:
        """Count rows in, or with a `sign` of -1 out; in the transaction that writes them."""
        found: dict[Key, Counter[str]] = defaultdict(Counter)
        for row in rows:
            key = self.key_of(row)
            if key is not None:
                found[key].update(self.sums_of(row))
        self._insert({key: self._signed(each, sign) for key, each in found.items()})

    def _signed(self, counted: Counter[str], sign: int) -> tuple[int, ...]:
        return tuple(sign * counted[name] for name in self.sums)

    def _insert(self, sums: Sums) -> None:
        self.model.objects.bulk_create(
            self.model(
                **dict(zip(self.keys, key, strict=True)),
                **dict(zip(self.sums, each, strict=True)),
            )
            for key, each in sums.items()
            if any(each)
        )

    def stored(self) -> Sums:
        return self._grouped(self.model.objects.all(), {name: Sum(name) for name in self.sums})

    def wanted(self) -> Sums:
        """Return what follows from all rows: one pass over them."""
        return self._grouped(self.rows(), self.sums)

    def _grouped(self, rows: QuerySet[Any], sums: dict[str, Expression]) -> Sums:
        named = {f"sum_of_{name}": Coalesce(each, 0) for name, each in sums.items()}
        width = len(self.keys)
        found = rows.order_by().values_list(*self.keys).annotate(**named)
        return {row[:width]: row[width:] for row in found if any(row[width:])}

    def differences(self) -> list[str]:
        """Say in words which sums are wrong."""
        with transaction.atomic():
            self._hold()
            stored, wanted = self.stored(), self.wanted()
        return [
            f"{self.model._meta.verbose_name} of {', '.join(map(str, key))}: "
            f"{stored.get(key, 'nothing')} instead of {wanted.get(key, 'nothing')}"
            for key in sorted(stored.keys() | wanted.keys(), key=str)
            if stored.get(key) != wanted.get(key)
        ]

    def make_afresh(self) -> int:
        """Write the sums anew, one row a key; return how many were wrong."""
        with transaction.atomic():
            self._hold()
            wrong, wanted = len(self.differences()), self.wanted()
            if wrong or self.model.objects.count() != len(wanted):
                self.model.objects.all().delete()
                self._insert(wanted)
        return wrong

    def _hold(self) -> None:
        """Let no row be counted meanwhile. Without this, one just written might count twice.

        Whoever has counted is waited for, and whoever has not yet has committed nothing.
        """
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(self.model._meta.db_table)
                cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _month(day: date) -> date:
    return day.replace(day=1)


MOVEMENTS = Tally(
    model=MovementTally,
    keys=("month", "kind", "reason", "cohort"),
    key_of=lambda row: (_month(row.day), row.kind, row.reason, row.cohort),
    sums_of=lambda row: {
        "changes": 1,
        "amount_pence": row.amount_pence,
        "joined": row.before_pence == 0,
        "left": row.after_pence == 0,
    },
    rows=lambda: RevenueChange.objects.annotate(month=TruncMonth("day")),
    sums={
        "changes": Count("pk"),
        "amount_pence": Sum("amount_pence"),
        "joined": Count("pk", filter=Q(before_pence=0)),
        "left": Count("pk", filter=Q(after_pence=0)),
    },
)
SPANS = Tally(
    model=SpanTally,
    keys=("standing", "currency", "tier", "cycle", "is_at_risk", "is_leaving"),
    key_of=lambda row: (
        None
        if row.ends_on
        else (
            *(row.standing, row.currency, row.tier, row.cycle, row.is_at_risk),
            row.leaving_on is not None,
        )
    ),
    sums_of=lambda row: {"spans": 1, "annual_pence": row.annual_pence},
    rows=lambda: RevenueSpan.objects.filter(ends_on=None).annotate(
        is_leaving=models.Case(
            models.When(leaving_on=None, then=False),
            default=True,
            output_field=models.BooleanField(),
        )
    ),
    sums={"spans": Count("pk"), "annual_pence": Sum("annual_pence")},
)
CASH = Tally(
    model=CashTally,
    keys=("month", "kind", "currency"),
    key_of=lambda row: (_month(day_of(row.paid_at)), row.kind, row.currency),
    sums_of=lambda row: {
        "payments": 1,
        "net_pence": row.net_pence,
        "vat_pence": row.vat_pence,
        "gross_pence": row.gross_pence,
        "fee_pence": row.fee_pence or 0,
        "without_fee": row.fee_pence is None,
    },
    rows=lambda: Payment.objects.annotate(
        month=TruncMonth("paid_at", tzinfo=LONDON, output_field=DateField())
    ),
    sums={
        "payments": Count("pk"),
        "net_pence": Sum("net_pence"),
        "vat_pence": Sum("vat_pence"),
        "gross_pence": Sum("gross_pence"),
        "fee_pence": Sum("fee_pence"),
        "without_fee": Count("pk", filter=Q(fee_pence=None)),
    },
)
TALLIES = (MOVEMENTS, SPANS, CASH)
OF: dict[type[models.Model], Tally] = {RevenueChange: MOVEMENTS, RevenueSpan: SPANS}
