"""Stripe's JSON in both generations, as small as the readers allow."""

import datetime

LONDON_NOON = datetime.time(12, tzinfo=datetime.UTC)


def at(day: str) -> int:
    """The Unix time of noon on an ISO day."""
    return int(datetime.datetime.combine(datetime.date.fromisoformat(day), LONDON_NOON).timestamp())


def make_price(**fields):
    return {
        "id": "price_1",
        "object": "price",
        "currency": "gbp",
        "unit_amount": 65_000,
        "lookup_key": None,
        "metadata": {"tier": "silver"},
        "product": "prod_1",
        "recurring": {"interval": "year", "interval_count": 1},
        **fields,
    }


def make_item(**fields):
    return {
        "id": "si_1",
        "price": make_price(),
        "quantity": 1,
        "tax_rates": [],
        "current_period_start": at("2026-05-12"),
        "current_period_end": at("2027-05-12"),
        **fields,
    }


def make_subscription(**fields):
    return {
        "id": "sub_1",
        "object": "subscription",
        "created": at("2026-05-12"),
        "start_date": at("2026-05-12"),
        "customer": "cus_1",
        "currency": "gbp",
        "status": "active",
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "cancellation_details": {"reason": None},
        "pause_collection": None,
        "default_tax_rates": [{"percentage": 20, "inclusive": False}],
        "metadata": {},
        "items": {"data": [make_item()]},
        **fields,
    }


def make_older_subscription(**fields):
    """As before 2025-03-31: the period on the subscription, and a plan instead of a price."""
    item = {"id": "si_1", "quantity": 1}
    item["plan"] = {
        "id": "plan_1",
        "amount": 65_000,
        "interval": "year",
        "interval_count": 1,
        "metadata": {"tier": "silver"},
    }
    return make_subscription(
        items={"data": [item]},
        current_period_start=at("2026-05-12"),
        current_period_end=at("2027-05-12"),
        **fields,
    )


def make_line(start="2026-05-12", end="2027-05-12", **parent):
    details = {"subscription": "sub_1", "proration": False, **parent}
    return {
        "period": {"start": at(start), "end": at(end)},
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
    }


def make_invoice(paid="2026-05-12", **fields):
    """An invoice over a silver year; `paid=None` leaves it open."""
    return {
        "id": "in_1",
        "object": "invoice",
        "created": at("2026-05-12"),
        "number": "A-0001",
        "currency": "gbp",
        "status": "paid" if paid else "open",
        "status_transitions": {"paid_at": at(paid) if paid else None},
        "parent": {"subscription_details": {"subscription": "sub_1"}},
        "total": 78_000,
        "total_excluding_tax": 65_000,
        "total_taxes": [{"amount": 13_000}],
        "amount_paid": 78_000 if paid else 0,
        "attempted": True,
        "attempt_count": 1,
        "next_payment_attempt": None,
        "lines": {"data": [make_line()]},
        **fields,
    }
