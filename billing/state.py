"""From Stripe's current objects to a membership's state: pure, and the only place that decides.

What each status means, and why, stands in docs/subscriptions.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import DataError

from accounts.london import day_of, day_of_timestamp, moment_of_timestamp
from billing import stripe_shapes as shapes
from billing.models import MembershipStatus
from billing.models.membership import CURRENT

NEVER_BEGAN = {"incomplete", "incomplete_expired"}
LAPSED = {"unpaid", "paused"}
LAPSE_REASONS = {"payment_failed", "payment_disputed"}
RUNNING = {"active", "trialing"}
OWED = {"open", "uncollectible"}
NO_COLUMNS = {"is_trial", "on_hold", "can_still_pay", "unread"}
PRICE = {"net_pence", "vat_pence"}
OUR_CURRENCY = "gbp"
MOST_PENCE = 2**31 - 1  # what the columns hold
MOST_FAILURES = 2**15 - 1
# What reading an answer of another form raises, and what a database says that cannot hold it.
GARBLED = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    OSError,
    DataError,
)


class UnreadableSubscription(Exception):
    """A subscription says something that we have no rule for; it waits for a person."""


class UnknownStatus(UnreadableSubscription):
    """Stripe used a status that did not exist when this was written."""


class UnreadablePrice(UnreadableSubscription):
    """What it costs, or which plan it is, cannot be said; the rest can."""


class OtherCurrency(UnreadableSubscription):
    """It is not charged in pounds; figures of several currencies are never added up."""


@contextmanager
def unreadable_if_garbled() -> Iterator[None]:
    """Turn what a missing, empty or odd field of Stripe's leads to into UnreadableSubscription."""
    try:
        yield
    except GARBLED as error:
        raise UnreadableSubscription(
            "Stripe's answer has not the form we know. Look again; if that does not help, tell "
            f"whoever looks after the software ({type(error).__name__}: {error})."
        ) from error


@dataclass(frozen=True)
class MembershipState:
    """What a Membership's columns must say, in London days and pence, and three flags.

    `unread`: why a member's price is not known, and what to do; then what we had of it stays.
    """

    status: str
    start_date: date
    end_date: date | None
    renewal_date: date | None
    cancelled_date: date | None
    auto_renew: bool
    last_payment_date: date | None
    last_payment_amount_pence: int | None
    next_payment_date: date | None
    payment_failure_count: int
    net_pence: int | None
    vat_pence: int | None
    currency: str
    is_trial: bool
    on_hold: bool
    can_still_pay: bool
    unread: str = ""

    @property
    def counts_in_mrr(self) -> bool:
        return self.status in CURRENT and not self.is_trial and not self.on_hold

    def columns(self) -> dict[str, Any]:
        left_out = NO_COLUMNS | (PRICE if self.unread else set())
        return {name: value for name, value in asdict(self).items() if name not in left_out}


@unreadable_if_garbled()
def membership_state(
    subscription: dict[str, Any],
    invoices: list[dict[str, Any]],
    now: datetime,
    *,
    was_member: bool = False,
) -> MembershipState | None:
    """Return the state, or None for a checkout that was never paid.

    `invoices` are all of the subscription's. `was_member`: we hold a membership already, so that
    even a checkout that expired has to end as something, and one whose price is not known, too.

    Raises UnreadableSubscription.
    """
    invoices = shapes.owed_or_settled(subscription, invoices)
    status = _status(subscription, was_member=was_member)
    if status is None:
        return None
    currency = _pounds(subscription)
    renews = status in CURRENT and shapes.scheduled_end(subscription) is None
    period_end = day_of_timestamp(shapes.current_period(subscription)[1])
    began_at = subscription.get("start_date") or subscription["created"]
    return MembershipState(
        status=status,
        start_date=day_of(moment_of_timestamp(began_at)),
        end_date=_end_date(subscription, invoices),
        renewal_date=period_end if renews else None,
        cancelled_date=_cancelled_date(subscription, status),
        auto_renew=renews,
        **_payments(invoices),
        next_payment_date=_next_payment_date(subscription, invoices, status, renews=renews),
        **_price_of_one_cycle(subscription, invoices, was_member=was_member),
        currency=currency,
        is_trial=subscription["status"] == "trialing",
        on_hold=_is_on_hold(subscription, now),
        can_still_pay=subscription["status"] == "unpaid",
    )


def _status(subscription: dict[str, Any], *, was_member: bool) -> str | None:
    status = subscription["status"]
    if status in NEVER_BEGAN:
        return MembershipStatus.EXPIRED if was_member and status == "incomplete_expired" else None
    if status == "canceled":
        lapsed = shapes.end_reason(subscription) in LAPSE_REASONS
        return MembershipStatus.EXPIRED if lapsed else MembershipStatus.CANCELLED
    if status in LAPSED:
        return MembershipStatus.EXPIRED
    if status == "past_due":
        return MembershipStatus.PAST_DUE
    if status in RUNNING:
        ending = shapes.scheduled_end(subscription) is not None
        return MembershipStatus.EXPIRING_SOON if ending else MembershipStatus.ACTIVE
    raise UnknownStatus(
        f"Stripe says the subscription is “{status}”, which has no rule here. What we had stays. "
        "Tell whoever looks after the software; then look again."
    )


def _pounds(subscription: dict[str, Any]) -> str:
    currency = subscription.get("currency") or subscription["items"]["data"][0]["price"]["currency"]
    if currency.lower() != OUR_CURRENCY:
        raise OtherCurrency(
            f"It is charged in {currency.upper()}, and memberships are kept in pounds only. "
            "At Stripe, cancel it and refund it; the owner can then buy the same plan here."
        )
    return OUR_CURRENCY


def _is_on_hold(subscription: dict[str, Any], now: datetime) -> bool:
    if subscription["status"] == "paused":
        return True
    pause = subscription.get("pause_collection")
    if not pause:
        return False
    return not pause.get("resumes_at") or pause["resumes_at"] > now.timestamp()


# --- Days ---------------------------------------------------------------------------------------


def _end_date(subscription: dict[str, Any], invoices: list[dict[str, Any]]) -> date | None:
    """The day up to which it is paid, or on which it ended or will end."""
    start, end = shapes.current_period(subscription)
    if subscription["status"] not in RUNNING:
        # The period has moved on although nobody paid for it.
        paid_for = [
            shapes.served_period(invoice)[1] for invoice in invoices if shapes.is_paid(invoice)
        ]
        end = max((moment for moment in paid_for if moment), default=start)
    ended = subscription.get("ended_at") or shapes.scheduled_end(subscription)
    return day_of_timestamp(ended or end)


def _cancelled_date(subscription: dict[str, Any], status: str) -> date | None:
    """The day somebody decided to leave; a lapse is nobody's decision."""
    leaving = shapes.scheduled_end(subscription) is not None
    if status == MembershipStatus.EXPIRED or not (leaving or status == MembershipStatus.CANCELLED):
        return None
    return day_of_timestamp(subscription.get("canceled_at") or subscription.get("ended_at"))


def _next_payment_date(
    subscription: dict[str, Any], invoices: list[dict[str, Any]], status: str, *, renews: bool
) -> date | None:
    """What failed is tried again even where nothing more will be charged after it."""
    if not renews and status != MembershipStatus.PAST_DUE:
        return None
    attempts = [
        invoice["next_payment_attempt"]
        for invoice in invoices
        if invoice["status"] == "open" and invoice.get("next_payment_attempt")
    ]
    renewal = shapes.current_period(subscription)[1] if renews else None
    if renewal and _is_on_hold(subscription, moment_of_timestamp(renewal)):
        renewal = None  # nothing is charged then
    return day_of_timestamp(min(attempts, default=renewal))


# --- Money --------------------------------------------------------------------------------------


def _paid(invoice: dict[str, Any]) -> bool:
    return shapes.is_paid(invoice) and invoice["amount_paid"] > 0


def _payments(invoices: list[dict[str, Any]]) -> dict[str, Any]:
    """The last payment, and the failed attempts at what is owed now."""
    last = max(filter(_paid, invoices), key=shapes.paid_at, default=None)
    owed = [each for each in invoices if each["status"] in OWED and each.get("attempted")]
    return {
        "last_payment_date": day_of_timestamp(shapes.paid_at(last)) if last else None,
        "last_payment_amount_pence": last["amount_paid"] if last else None,
        "payment_failure_count": min(
            sum(invoice.get("attempt_count") or 0 for invoice in owed), MOST_FAILURES
        ),
    }


def _price_of_one_cycle(
    subscription: dict[str, Any], invoices: list[dict[str, Any]], *, was_member: bool
) -> dict[str, Any]:
    try:
        net, vat = _price(subscription, invoices)
    except UnreadablePrice as problem:
        if was_member:
            return {"net_pence": None, "vat_pence": None, "unread": str(problem)}
        raise
    return {"net_pence": net, "vat_pence": vat}


def _price(subscription: dict[str, Any], invoices: list[dict[str, Any]]) -> tuple[int, int]:
    """Return net and VAT of one cycle at today's price, discounts left out."""
    parts = [
        shapes.net_and_vat(amount_of(item), shapes.tax_rates_of(subscription, item))
        for item in shapes.items_of(subscription)
    ]
    net = sum(part[0] for part in parts)
    vat = sum(part[1] for part in parts) or _vat_as_invoiced(net, invoices)
    if not (0 <= net <= MOST_PENCE and 0 <= vat <= MOST_PENCE):
        raise UnreadablePrice(f"Its price of {net} pence and {vat} VAT cannot be right.")
    return net, vat


def amount_of(item: dict[str, Any]) -> int:
    """Return the pence of one cycle. Raises UnreadablePrice for tiers, use and parts of a penny."""
    price = shapes.price_of(item)
    unit = price.get("unit_amount", price.get("amount"))
    if unit is None:
        raise UnreadablePrice(
            f"The price {price.get('id')} has no fixed amount. At Stripe, move the subscription to "
            "a price of the price list, then look again."
        )
    quantity = item.get("quantity")
    return unit * (1 if quantity is None else quantity)


def _vat_as_invoiced(net: int, invoices: list[dict[str, Any]]) -> int:
    """The VAT when no rate stands on the subscription, as with Stripe's automatic tax."""
    newest = max(invoices, key=lambda invoice: invoice["created"], default=None)
    if not newest or shapes.net_of(newest) <= 0:
        return 0
    return shapes.round_half_up(Decimal(net * shapes.vat_of(newest)) / shapes.net_of(newest))
