"""Where Stripe's lists are laid out and sorted by subscription: a file, so memory stays flat."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from billing import stripe_shapes as shapes
from billing.entries import Money

SCHEMA = """
    CREATE TABLE laid (
        position INTEGER PRIMARY KEY, kind TEXT, id TEXT, belongs TEXT, object TEXT,
        UNIQUE (kind, id)
    );
    CREATE INDEX laid_by_what_it_belongs_to ON laid (kind, belongs);
"""


class Desk:
    """Stripe's objects by kind, each with the id of what it belongs to."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        file.executescript(SCHEMA)

    def lay(self, kind: str, given: dict[str, Any]) -> None:
        row = (kind, given["id"], _belongs_to(kind, given), json.dumps(given))
        insert = "INSERT OR REPLACE INTO laid (kind, id, belongs, object) VALUES (?, ?, ?, ?)"
        self._file.execute(insert, row)

    def has(self, kind: str, name: str) -> bool:
        asked = "SELECT 1 FROM laid WHERE kind = ? AND id = ?"
        return self._file.execute(asked, (kind, name)).fetchone() is not None

    def subscription_ids(self) -> Iterator[str]:
        asked = "SELECT id FROM laid WHERE kind = 'subscriptions' ORDER BY position"
        yield from (name for (name,) in self._file.execute(asked))

    def subscription(self, name: str) -> dict[str, Any]:
        asked = "SELECT object FROM laid WHERE kind = 'subscriptions' AND id = ?"
        return json.loads(self._file.execute(asked, (name,)).fetchone()[0])

    def invoices_of(self, subscription_id: str) -> list[dict[str, Any]]:
        """Return the invoices, newest first, as Stripe lists them."""
        return self._belonging("invoices", [subscription_id])

    def money_of(self, invoices: list[dict[str, Any]]) -> Money:
        payers = set().union(*map(shapes.payers_of, invoices))
        charges = self._belonging("charges", sorted(payers))
        charge_ids = [charge["id"] for charge in charges]
        return Money(
            charges=charges,
            refunds=self._belonging("refunds", charge_ids),
            credit_notes=self._belonging("credit_notes", [each["id"] for each in invoices]),
            disputes=self._belonging("disputes", charge_ids),
        )

    def customers_of(self, kinds: Iterable[str]) -> set[str]:
        """Return the customers that money of these kinds is about, as far as it says."""
        found = set()
        for kind in kinds:
            rows = self._file.execute("SELECT object FROM laid WHERE kind = ?", (kind,))
            found |= {_customer_of(json.loads(each)) for (each,) in rows}
        return found - {""}

    def _belonging(self, kind: str, names: list[str]) -> list[dict[str, Any]]:
        asked = "SELECT object FROM laid WHERE kind = ? AND belongs = ? ORDER BY position"
        return [
            json.loads(found)
            for name in names
            for (found,) in self._file.execute(asked, (kind, name))
        ]


def _customer_of(given: dict[str, Any]) -> str:
    charge = given.get("charge")  # of a refund or dispute; it is the charge that says whose it is
    holder = charge if isinstance(charge, dict) else given
    return shapes.id_of(holder.get("customer"))


def _belongs_to(kind: str, given: dict[str, Any]) -> str:
    if kind == "invoices":
        return shapes.invoice_subscription_id(given)
    if kind == "charges":
        return shapes.id_of(given.get("payment_intent")) or given["id"]
    if kind == "credit_notes":
        return shapes.id_of(given.get("invoice"))
    return shapes.id_of(given.get("charge"))


@contextmanager
def clean_desk() -> Iterator[Desk]:
    with closing(sqlite3.connect("")) as file:  # a file of its own, gone when it is closed
        yield Desk(file)
