"""What differs between Stripe's picture of a subscription and our rows, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from accounts.admin_columns import day, money
from billing.deriving import derive
from billing.entries import Entry, ledger_entries
from billing.models import (
    Customer,
    Membership,
    MembershipStatus,
    Payment,
    PaymentKind,
    PendingChange,
    ScheduledChange,
    Tier,
)
from billing.pending_changes import pending_columns
from billing.reconcile.pictures import Picture
from billing.scheduled_changes import planned_columns
from billing.state import UnreadableSubscription
from billing.sync import NOT_AT_STRIPE

COMPARED = ("net_pence", "vat_pence", "gross_pence", "currency", "kind", "paid_at")
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """A subscription of which something differs, with a sentence for each thing."""

    subscription_id: str
    name: str
    sentences: tuple[str, ...]

    def as_json(self, *, left: bool) -> dict[str, Any]:
        return {
            "subscription": self.subscription_id,
            "name": self.name,
            "sentences": list(self.sentences),
            "left": left,
        }

    def __str__(self) -> str:
        told = "".join(f"\n    {sentence}" for sentence in self.sentences)
        return f"{self.name} ({self.subscription_id}){told}"


def find_difference(
    picture: Picture, membership: Membership | None, payments: list[Payment], now: datetime
) -> Difference | None:
    """Compare one subscription; `payments` are all rows of the membership."""
    try:
        sentences = [*_sentences(picture, membership, payments, now)]
    except UnreadableSubscription as problem:
        sentences = [f"It cannot be read. {problem}"]
    if not sentences:
        return None
    name = _called(membership) if membership else "A subscription without a membership"
    return Difference(picture.subscription["id"], name, tuple(sentences))


def cannot_be_read(subscription_id: str, problem: UnreadableSubscription) -> Difference:
    sentence = f"It cannot be read. {problem}"
    return Difference(subscription_id, "A subscription that cannot be read", (sentence,))


def not_at_stripe(membership: Membership) -> Difference:
    return Difference(membership.stripe_subscription_id, _called(membership), (NOT_AT_STRIPE,))


def _called(membership: Membership) -> str:
    owner = membership.owner
    return f"{membership} of {owner}" if owner else f"{membership}, whose owner is not known"


def _sentences(
    picture: Picture, membership: Membership | None, payments: list[Payment], now: datetime
) -> Iterator[str]:
    subscription, invoices = picture.subscription, picture.invoices
    wanted = derive(subscription, invoices, now, was_member=membership is not None)
    if wanted is None:
        return
    if membership is None:
        status = MembershipStatus(wanted.columns["status"]).label.lower()
        yield f"It exists only at Stripe, where it is {status}: no membership was recorded."
    else:
        if wanted.unread:
            yield f"Its price cannot be read. {wanted.unread}"
        yield from _columns(membership, wanted.columns)
        yield from _owner(membership)
        yield from _changes(membership, picture)
    yield from _payments(ledger_entries(invoices, picture.money), payments)


# --- The membership's columns ---------------------------------------------------------------------


def _columns(membership: Membership, wanted: dict[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        ours = getattr(membership, name)
        if ours != value:
            here, there = _shown(name, ours), _shown(name, value)
            yield f"{_title(name)} is {here} here and {there} at Stripe."


def _owner(membership: Membership) -> Iterator[str]:
    customer = Customer.objects.filter(stripe_id=membership.stripe_customer_id).first()
    if customer and customer.owner_id and customer.owner_id != membership.owner_id:
        yield f"Its owner is not {customer.owner}, to whom its Stripe customer belongs."


def _changes(membership: Membership, picture: Picture) -> Iterator[str]:
    try:
        planned = planned_columns(membership, picture.subscription)
        pending = pending_columns(membership, picture.subscription, picture.invoices)
    except UnreadableSubscription as problem:
        yield f"Its planned change cannot be read. {problem}"
        return
    yield from _change("at the next renewal", ScheduledChange, membership, planned)
    yield from _change("that waits for its payment", PendingChange, membership, pending)


def _change(
    when: str, model: type[Model], membership: Membership, wanted: dict[str, Any] | None
) -> Iterator[str]:
    ours = model._default_manager.filter(membership=membership).first()
    if wanted == (ours and {name: getattr(ours, name) for name in wanted or ()}):
        return
    there = model(**wanted) if wanted else NOTHING
    yield f"Its change {when} is {ours or NOTHING} here and {there} at Stripe."


def _title(column: str) -> str:
    title = str(Membership._meta.get_field(column).verbose_name)
    return title[:1].upper() + title[1:]


def _shown(column: str, value: Any) -> str:
    if value in (None, ""):
        return NOTHING
    if column == "tier_id":
        return str(Tier.objects.get(pk=value))
    if column == "status":
        return f"“{MembershipStatus(value).label}”"
    if column.endswith("_pence"):
        return money(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return day(value) if isinstance(value, date) else str(value)


# --- The ledger -----------------------------------------------------------------------------------


def _payments(entries: Iterable[Entry], payments: list[Payment]) -> Iterator[str]:
    ours = {payment.key: payment for payment in payments}
    for entry in entries:
        payment = ours.pop(entry.key, None)
        if payment is None:
            yield f"{_entry_called(entry)} of {money(entry.gross_pence)} is missing here."
        elif what := _differing(entry, payment):
            yield f"{_entry_called(entry)} differs in {what}; a row of the ledger never changes."
        elif payment.fee_pence is None and entry.fee_pence is not None:
            yield f"{_entry_called(entry)}: Stripe's fee of {money(entry.fee_pence)} is missing."
    for payment in ours.values():
        yield f"{payment} of {money(payment.gross_pence)} stands here, but not at Stripe."


def _entry_called(entry: Entry) -> str:
    number = entry.invoice_number or entry.stripe_object_id
    return f"{PaymentKind(entry.kind).label} {number} of {day(entry.paid_at)}"


def _differing(entry: Entry, payment: Payment) -> str:
    pairs = [
        f"{str(Payment._meta.get_field(name).verbose_name)} "
        f"({_amount(name, getattr(payment, name))} here, {_amount(name, getattr(entry, name))})"
        for name in COMPARED
        if getattr(payment, name) != getattr(entry, name)
    ]
    return ", ".join(pairs)


def _amount(column: str, value: Any) -> str:
    return money(value) if column.endswith("_pence") else str(value)
