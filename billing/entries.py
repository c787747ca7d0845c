"""What must stand in the ledger for one subscription: pure, like `billing/state.py`.

The ledger writes what of this is missing, and reconcile compares all of it with what stands. So
the same objects always give the same rows, whenever each was first seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from accounts.london import day_of_timestamp, moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import PaymentKind
from billing.state import unreadable_if_garbled

REFUND_MOVED_MONEY = {"succeeded", "pending"}
REFUND_CAME_BACK = {"failed", "canceled"}
ROUNDING_PENCE = 1


@dataclass(frozen=True)
class Money:
    """Stripe's objects behind a subscription's invoices, their balance transactions expanded."""

    charges: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    credit_notes: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One row of the ledger. `step` counts what one Stripe object did: 2 takes back 1."""

    kind: str
    stripe_object_id: str
    step: int
    stripe_invoice_id: str
    invoice_number: str
    currency: str
    net_pence: int
    vat_pence: int
    gross_pence: int
    fee_pence: int | None
    paid_at: datetime
    period_start: date | None = None
    period_end: date | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.stripe_object_id, self.step


@unreadable_if_garbled()
def ledger_entries(invoices: list[dict[str, Any]], money: Money) -> list[Entry]:
    """Return the rows of the paid invoices and of what was given back, oldest first.

    An invoice over nothing (a full discount) moved no money and has none.

    Raises UnreadableSubscription.
    """
    paid = [each for each in invoices if shapes.is_paid(each) and each["total"] != 0]
    entries = (entry for invoice in paid for entry in _entries_of(invoice, money))
    each_once = {entry.key: entry for entry in entries}
    return sorted(each_once.values(), key=lambda entry: entry.paid_at)


def _entries_of(invoice: dict[str, Any], money: Money) -> Iterator[Entry]:
    charges = [charge for charge in money.charges if shapes.pays(charge, invoice)]
    yield _invoice_entry(invoice, charges)
    given_back = _given_back(invoice, _movements({each["id"] for each in charges}, money))
    yield from given_back
    for note in money.credit_notes:
        if shapes.id_of(note.get("invoice")) == invoice["id"]:
            yield from _note_entry(invoice, note, given_back)


def _invoice_entry(invoice: dict[str, Any], charges: list[dict[str, Any]]) -> Entry:
    start, end = shapes.served_period(invoice)
    fees = [shapes.fee_of(each.get("balance_transaction"), invoice["currency"]) for each in charges]
    return Entry(
        kind=PaymentKind.INVOICE,
        stripe_object_id=invoice["id"],
        step=1,
        **_of_invoice(invoice),
        net_pence=shapes.net_of(invoice),
        vat_pence=shapes.vat_of(invoice),
        gross_pence=invoice["total"],
        fee_pence=None if not fees or None in fees else sum(fees),
        paid_at=moment_of_timestamp(shapes.paid_at(invoice)),
        period_start=day_of_timestamp(start),
        period_end=day_of_timestamp(end),
    )


def _of_invoice(invoice: dict[str, Any]) -> dict[str, str]:
    return {
        "stripe_invoice_id": invoice["id"],
        "invoice_number": invoice.get("number") or "",
        "currency": invoice["currency"],
    }


# --- Refunds and disputes -------------------------------------------------------------------------


@dataclass(frozen=True)
class Movement:
    """Money that went back over a charge, or came again. Pence, negative when it left us."""

    kind: str
    stripe_object_id: str
    step: int
    at: int
    gross: int
    fee: int | None


def _movements(charge_ids: set[str], money: Money) -> list[Movement]:
    """Return what happened to the charges, oldest first; Stripe lists the newest first."""
    moved = [
        movement
        for objects, movements_of in ((money.refunds, _of_refund), (money.disputes, _of_dispute))
        for each in reversed(objects)
        if shapes.id_of(each.get("charge")) in charge_ids
        for movement in movements_of(each)
    ]
    return sorted(moved, key=lambda movement: movement.at)


def _of_refund(refund: dict[str, Any]) -> Iterator[Movement]:
    came_back = refund.get("status") in REFUND_CAME_BACK
    left = refund.get("balance_transaction")
    if not left and refund.get("status") not in REFUND_MOVED_MONEY:
        return
    fee = shapes.fee_of(left, refund["currency"])
    amount, at = refund["amount"], refund["created"]
    yield Movement(PaymentKind.REFUND, refund["id"], 1, at, -amount, fee)
    if came_back:
        back = refund.get("failure_balance_transaction")
        at = back["created"] if isinstance(back, dict) else at
        fee = shapes.fee_of(back, refund["currency"])
        yield Movement(PaymentKind.REFUND, refund["id"], 2, at, amount, fee)


def _of_dispute(dispute: dict[str, Any]) -> Iterator[Movement]:
    """Yield each withdrawal and reinstatement: an inquiry has none, a bank may change its mind."""
    transactions = dispute.get("balance_transactions") or []
    ordered = sorted(transactions, key=lambda each: (each["created"], each["amount"]))
    for step, each in enumerate(ordered, 1):
        ours = each["currency"] == dispute["currency"]
        amount = abs(each["amount"]) if ours else dispute["amount"]
        gross = amount if each["amount"] > 0 else -amount
        fee = shapes.fee_of(each, dispute["currency"])
        yield Movement(PaymentKind.DISPUTE, dispute["id"], step, each["created"], gross, fee)


def _given_back(invoice: dict[str, Any], movements: list[Movement]) -> list[Entry]:
    """Split each as the invoice is split, VAT rounded half up.

    Not each by itself: the VAT of all up to one is rounded, and it gets what the earlier ones
    have not. So parts of an invoice add up to its VAT to the penny.
    """
    gross = list(accumulate(movement.gross for movement in movements))
    vat = [_share(shapes.vat_of(invoice), so_far, invoice["total"]) for so_far in gross]
    before = [0, *vat]
    return [
        Entry(
            kind=movement.kind,
            stripe_object_id=movement.stripe_object_id,
            step=movement.step,
            **_of_invoice(invoice),
            net_pence=movement.gross - (vat[index] - before[index]),
            vat_pence=vat[index] - before[index],
            gross_pence=movement.gross,
            fee_pence=movement.fee,
            paid_at=moment_of_timestamp(movement.at),
        )
        for index, movement in enumerate(movements)
    ]


def _share(whole: int, part: int, of: int) -> int:
    return shapes.round_half_up(Decimal(whole * part) / of)


# --- Credit notes ---------------------------------------------------------------------------------


def _note_entry(
    invoice: dict[str, Any], note: dict[str, Any], given_back: list[Entry]
) -> Iterator[Entry]:
    """Yield what a note gives beyond its refunds, which have rows of their own.

    That is credit for later invoices, money given elsewhere, or less to pay on this one. Of a note
    that is all refunded nothing is left, unless it splits the VAT in another way.
    """
    if note.get("status") == "void":
        return
    refunded = [*_refunded_by(note, given_back)]
    gross = note["total"] - sum(amount for amount, _ in refunded)
    vat = shapes.vat_of(note) - sum(vat for _, vat in refunded)
    if not gross and abs(vat) <= ROUNDING_PENCE * len(refunded):
        return
    yield Entry(
        kind=PaymentKind.CREDIT_NOTE,
        stripe_object_id=note["id"],
        step=1,
        **_of_invoice(invoice) | {"invoice_number": note.get("number") or ""},
        net_pence=vat - gross,
        vat_pence=-vat,
        gross_pence=-gross,
        fee_pence=None,
        paid_at=moment_of_timestamp(note["created"]),
    )


def _refunded_by(note: dict[str, Any], given_back: Iterable[Entry]) -> Iterator[tuple[int, int]]:
    """Yield gross and VAT, in pence and positive, of each refund that belongs to the note."""
    rows = {row.stripe_object_id: row for row in given_back if row.step == 1}
    for each in note.get("refunds") or []:
        row = rows.get(shapes.id_of(each.get("refund")))
        if row is not None:
            amount = each.get("amount_refunded") or -row.gross_pence
            yield amount, _share(row.vat_pence, amount, row.gross_pence)
    older = rows.get(shapes.id_of(note.get("refund")))
    if older is not None:
        yield -older.gross_pence, -older.vat_pence
