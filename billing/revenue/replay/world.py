"""The part of Stripe that a history is played on: objects in memory, answered as Stripe answers.

It knows no rule of ours. Times are Unix seconds, money whole pence.
"""

import calendar
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from billing.stripe_shapes import round_half_up

Json = dict[str, Any]


class World:
    """All subscriptions, invoices, charges and refunds of one case."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Json] = {}
        self.invoices: dict[str, Json] = {}
        self.charges: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    # --- Answering --------------------------------------------------------------------------------

    def request(
        self, method: str, url: str, headers: Any = None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Answer one call, with the signature of `stripe.HTTPClient.request`."""
        parts = urlsplit(url)
        wish = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, _, name = unquote_plus(parts.path).removeprefix("/v1/").partition("/")
        answer = self._one(kind, name) if name else _listed(self._all(kind, wish))
        status = 404 if "error" in answer else 200
        return json.dumps(answer).encode(), status, {"request-id": "req_replay"}

    def _one(self, kind: str, name: str) -> Json:
        held = getattr(self, kind, {}) if kind in _LISTS else {}
        missing = {"error": {"type": "invalid_request_error", "code": "resource_missing"}}
        return held.get(name, missing)

    def _all(self, kind: str, wish: dict[str, str]) -> Iterator[Json]:
        for each in getattr(self, kind).values() if kind in _LISTS else ():
            of = {"subscription": _subscription_of, "customer": _named("customer")}
            of |= {"charge": _named("charge")}
            if all(find(each) == wish[name] for name, find in of.items() if name in wish):
                yield each

    # --- Money ------------------------------------------------------------------------------------

    def bill(self, subscription: Json, at: int, *, reason: str, amount: int | None = None) -> Json:
        """Return a new open invoice over the current period, or over another amount."""
        name = f"in_{self.number()}_{subscription['id']}"
        gross = price_after_discounts(subscription, at) if amount is None else amount
        item = subscription["items"]["data"][0]
        period = {"start": item["current_period_start"], "end": item["current_period_end"]}
        self.invoices[name] = {
            "id": name,
            "object": "invoice",
            "created": at,
            "number": name.upper(),
            "customer": subscription["customer"],
            "currency": subscription["currency"],
            "billing_reason": reason,
            "status": "open",
            "status_transitions": {"finalized_at": at, "paid_at": None},
            "parent": {"subscription_details": {"subscription": subscription["id"]}},
            "total": gross,
            "total_excluding_tax": gross - _vat_within(gross, subscription),
            "amount_paid": 0,
            "amount_remaining": gross,
            "attempted": True,
            "attempt_count": 1,
            "next_payment_attempt": None,
            "lines": {"data": [{"period": period, "parent": _LINE}]},
            "payments": {"data": []},
        }
        return self.invoices[name]

    def pay(self, invoice: Json, at: int, amount: int | None = None) -> None:
        paid = invoice["total"] if amount is None else amount
        invoice["status"] = "paid"
        invoice.update(amount_paid=paid, amount_remaining=0)
        invoice["status_transitions"]["paid_at"] = at
        if not paid:
            return
        charge = f"ch_{invoice['id']}"
        invoice["payments"] = {"data": [{"payment": {"type": "charge", "charge": charge}}]}
        self.charges[charge] = {
            "id": charge,
            "object": "charge",
            "customer": invoice["customer"],
            "created": at,
            "amount": paid,
            "currency": invoice["currency"],
            "paid": True,
            "status": "succeeded",
            "amount_refunded": 0,
            "balance_transaction": None,
        }

    def refund(self, subscription: Json, at: int, amount: int) -> None:
        """Give back what was paid last, and of earlier payments what is more than that."""
        for invoice in reversed(self.paid_invoices(subscription)):
            charge = self.charges[f"ch_{invoice['id']}"]
            part = min(amount, charge["amount"] - charge["amount_refunded"])
            if part > 0:
                self._refund(charge, at, part)
                amount -= part

    def _refund(self, charge: Json, at: int, amount: int) -> None:
        charge["amount_refunded"] += amount
        name = f"re_{self.number()}"
        self.refunds[name] = {
            "id": name,
            "object": "refund",
            "charge": charge["id"],
            "created": at,
            "amount": amount,
            "currency": charge["currency"],
            "status": "succeeded",
            "balance_transaction": None,
        }

    def paid_invoices(self, subscription: Json) -> list[Json]:
        own = [
            each for each in self.invoices.values() if _subscription_of(each) == subscription["id"]
        ]
        return [each for each in own if each["status"] == "paid" and each["amount_paid"]]

    def open_invoice(self, subscription: Json) -> Json | None:
        own = [
            each for each in self.invoices.values() if _subscription_of(each) == subscription["id"]
        ]
        return next((each for each in own if each["status"] == "open"), None)


_LISTS = {"subscriptions", "invoices", "charges", "refunds"}
_LINE = {"type": "subscription_item_details", "subscription_item_details": {"proration": False}}


def _listed(objects: Iterator[Json]) -> Json:
    return {"object": "list", "has_more": False, "data": list(objects)}


def _named(name: str) -> Callable[[Json], str]:
    return lambda each: each.get(name, "")


def _subscription_of(invoice: Json) -> str:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details.get("subscription", "")


# --- Prices ---------------------------------------------------------------------------------------


def price_after_discounts(subscription: Json, at: int) -> int:
    item = subscription["items"]["data"][0]
    amount = item["price"]["unit_amount"] * item["quantity"]
    for discount in subscription["discounts"]:
        coupon, end = discount["source"]["coupon"], discount["end"]
        if end is None or at < end:
            percent = Decimal(str(coupon["percent_off"] or 0))
            amount -= round_half_up(amount * percent / 100) + (coupon["amount_off"] or 0)
    return max(amount, 0)


def _vat_within(gross: int, subscription: Json) -> int:
    rates = subscription["default_tax_rates"]
    percent = sum((Decimal(str(rate["percentage"])) for rate in rates), Decimal())
    return round_half_up(gross * percent / (100 + percent))


def later(at: int, interval: str, count: int = 1) -> int:
    """Return the same second one interval on; the 31st becomes the last of a shorter month."""
    given = datetime.fromtimestamp(at, UTC)
    if interval in {"day", "week"}:
        return at + count * {"day": 1, "week": 7}[interval] * 24 * 60 * 60
    months = given.year * 12 + given.month - 1 + count * {"month": 1, "year": 12}[interval]
    year, month = divmod(months, 12)
    day = min(given.day, calendar.monthrange(year, month + 1)[1])
    return int(given.replace(year=year, month=month + 1, day=day).timestamp())
