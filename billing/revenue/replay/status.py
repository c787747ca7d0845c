"""The status cases: Stripe's fields of a subscription, and what they mean to us."""

from datetime import UTC, datetime
from typing import Any

from billing.revenue.replay.cases import name_of
from billing.revenue.replay.checks import BadCase, is_day, moment
from billing.state import UnreadableSubscription, membership_state

Json = dict[str, Any]

BEGAN = "2026-01-10"
RENEWS = "2027-01-10"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def status_answer(given: Json) -> Json:
    """Return status and whether it counts; of what is parked for want of a rule, none and no.

    Raises BadCase.
    """
    try:
        state = membership_state(_subscription(given["stripe"]), [], NOW)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadCase(f"{name_of(given)}: it has not the form of a case ({error!r}).") from error
    except UnreadableSubscription:
        state = None
    return {
        "status": state.status if state else None,
        "counts_in_mrr": bool(state and state.counts_in_mrr),
    }


def _subscription(fields: Json) -> Json:
    """A subscription like any other, but for the fields of the case; days become moments."""
    price = {"id": "price_1", "unit_amount": 40000, "currency": "gbp", "metadata": {"tier": "gold"}}
    price["recurring"] = {"interval": "year", "interval_count": 1}
    item = {
        "id": "si_1",
        "price": price,
        "quantity": 1,
        "current_period_start": moment(BEGAN),
        "current_period_end": moment(RENEWS),
    }
    began = {"created": moment(BEGAN), "start_date": moment(BEGAN), "customer": "cus_1"}
    said = {name: _moments(value) for name, value in fields.items()}
    return {"id": "sub_1", "currency": "gbp", "items": {"data": [item]}, **began, **said}


def _moments(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _moments(each) for name, each in value.items()}
    return moment(value) if isinstance(value, str) and is_day(value) else value
