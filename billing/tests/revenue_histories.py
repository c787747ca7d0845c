"""Histories of subscriptions for the tests of recurring revenue, in Stripe's JSON."""

from datetime import date

from billing.revenue.saying import kept_of
from billing.revenue.timeline import Said, spans_of
from billing.tests.stripe_objects import at, make_item, make_price, make_subscription

MONTH = {"interval": "month", "interval_count": 1}
YEAR = {"interval": "year", "interval_count": 1}
BEGAN = "2026-01-10"


def price(pence=2000, tier="silver", recurring=None, **fields):
    recurring = recurring or MONTH
    name = f"price_{tier}_{recurring['interval']}_{pence}"
    usual = {"id": name, "unit_amount": pence, "metadata": {"tier": tier}}
    return make_price(**{**usual, "recurring": recurring, **fields})


def subscription(pence=2000, *, quantity=1, period=("2026-01-10", "2026-02-10"), **fields):
    """A silver month of £20 without VAT since 10 January 2026, unless told otherwise."""
    whole = fields.pop("price", None) or price(pence)
    item = make_item(
        price=whole,
        quantity=quantity,
        current_period_start=at(period[0]),
        current_period_end=at(period[1]),
    )
    began = {"created": at(BEGAN), "start_date": at(BEGAN)}
    usual = {"items": {"data": [item]}, "default_tax_rates": [], "discounts": [], **began}
    return make_subscription(**{**usual, **fields})


def said(day, name="", **fields):
    moment = at(day) if isinstance(day, str) else day
    return Said(moment, name or f"evt_{moment}", kept_of(subscription(**fields)))


def spans(*sayings, paid="2026-01-10", until="2027-12-31"):
    return spans_of(
        sayings,
        plan_of=lambda kept: ("silver", "monthly"),
        paid_since=at(paid) if paid else None,
        until=at(until),
    )


def told(*sayings, **more):
    """The spans as short rows: from, until before, standing, pence a year."""
    return [
        (str(span.starts_on), str(span.ends_on or ""), str(span.state.standing), pence(span))
        for span in spans(*sayings, **more)
    ]


def pence(span):
    return span.state.annual_pence


def discount(name="di_1", start=BEGAN, end=None, **coupon):
    coupon = {"duration": "forever", "percent_off": None, "amount_off": None, **coupon}
    return {"id": name, "start": at(start), "end": end and at(end), "source": {"coupon": coupon}}


def event(number, moment, whole, kind="updated"):
    """Stripe's event; in it, discounts are only named."""
    named = [each if isinstance(each, str) else each["id"] for each in whole["discounts"]]
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": f"customer.subscription.{kind}",
        "created": moment,
        "data": {"object": {**whole, "discounts": named}},
    }


def day(text):
    return date.fromisoformat(text)
