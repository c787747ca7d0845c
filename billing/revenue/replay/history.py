"""Plays the events of a case on the world: what Stripe would make of them, with its events."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from billing.revenue.discounts import DAY
from billing.revenue.replay.cases import Happening
from billing.revenue.replay.checks import moment
from billing.revenue.replay.world import World, later

Json = dict[str, Any]
Tell = Callable[[Json], None]

STRIPE_REASONS = {
    "voluntary": "cancellation_requested",
    "dispute": "payment_disputed",
    "disputed": "payment_disputed",
    "involuntary": "payment_failed",
}
CHARGED = {"active"}
TIERS = ("bronze", "silver", "gold")


class History:
    """The subscriptions of a case as time goes on; `tell` gets each event, as Stripe sends it."""

    def __init__(self, world: World, prices: Json, tell: Tell) -> None:
        self.world, self.prices, self.tell = world, prices, tell

    def happen(self, happening: Happening) -> None:
        if happening.subscription in self.world.subscriptions:
            skipped = happening.at - DAY / 2 if happening.type == "payment_failed" else happening.at
            self.renew(happening.subscription, skipped)
        getattr(self, f"_{happening.type}")(happening)
        subscription = self.world.subscriptions[happening.subscription]
        self._send(subscription, happening.at, _event_type(happening))

    def renew(self, name: str, until: float) -> None:
        """Charge every period that began before a moment."""
        subscription = self.world.subscriptions[name]
        item = subscription["items"]["data"][0]
        while item["current_period_end"] < until and _is_charged(subscription):
            at = item["current_period_end"]
            self._next_period(subscription, at)
            self.world.pay(self.world.bill(subscription, at, reason="subscription_cycle"), at)

    def _next_period(self, subscription: Json, at: int) -> None:
        item = subscription["items"]["data"][0]
        recurring = item["price"]["recurring"]
        item["current_period_start"] = at
        item["current_period_end"] = later(at, recurring["interval"])

    def _send(self, subscription: Json, at: int, event_type: str) -> None:
        seen = deepcopy(subscription)
        seen["discounts"] = [discount["id"] for discount in seen["discounts"]]
        self.tell(
            {
                "id": f"evt_{self.world.number()}_{subscription['id']}",
                "object": "event",
                "type": event_type,
                "created": at,
                "data": {"object": seen},
            }
        )

    def _of(self, happening: Happening) -> Json:
        return self.world.subscriptions[happening.subscription]

    # --- Beginnings -------------------------------------------------------------------------------

    def _start(self, happening: Happening) -> None:
        subscription = self._begin(happening, status="active")
        self._charge(subscription, happening.at, "subscription_create")

    def _trial_start(self, happening: Happening) -> None:
        ends = moment(happening.fields["trial_end"])
        subscription = self._begin(happening, status="trialing", trial_end=ends)
        subscription["items"]["data"][0]["current_period_end"] = ends

    def _trial_convert(self, happening: Happening) -> None:
        subscription = self._of(happening)
        self._price(subscription, happening.fields)
        subscription["status"] = "active"
        self._next_period(subscription, happening.at)
        self._charge(subscription, happening.at, "subscription_cycle")

    def _incomplete(self, happening: Happening) -> None:
        subscription = self._begin(happening, status="incomplete")
        self.world.bill(subscription, happening.at, reason="subscription_create")

    def _incomplete_expired(self, happening: Happening) -> None:
        subscription = self._of(happening)
        subscription["status"] = "incomplete_expired"
        if invoice := self.world.open_invoice(subscription):
            invoice["status"] = "void"

    def _begin(self, happening: Happening, **more: Any) -> Json:
        subscription = {
            "id": happening.subscription,
            "object": "subscription",
            "created": happening.at,
            "start_date": happening.at,
            "customer": happening.customer,
            "cancel_at": None,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "ended_at": None,
            "cancellation_details": {"reason": None},
            "pause_collection": None,
            "discounts": [],
            "metadata": {},
            "schedule": None,
            "items": {"object": "list", "data": [{"id": f"si_{happening.subscription}"}]},
            **more,
        }
        self.world.subscriptions[happening.subscription] = subscription
        self._price(subscription, {"qty": 1, **happening.fields})
        self._next_period(subscription, happening.at)
        if happening.fields.get("discount"):
            self._discount_set(happening)
        return subscription

    def _charge(self, subscription: Json, at: int, reason: str) -> None:
        self.world.pay(self.world.bill(subscription, at, reason=reason), at)

    # --- Changes ----------------------------------------------------------------------------------

    def _change(self, happening: Happening) -> None:
        subscription = self._of(happening)
        item = subscription["items"]["data"][0]
        interval = item["price"]["recurring"]["interval"]
        self._price(subscription, happening.fields)
        is_renewal = abs(item["current_period_end"] - happening.at) < DAY
        if item["price"]["recurring"]["interval"] != interval or is_renewal:
            self._next_period(subscription, happening.at)
            self._charge(subscription, happening.at, "subscription_update")

    def _price(self, subscription: Json, fields: Json) -> None:
        item = subscription["items"]["data"][0]
        if "qty" in fields:
            item["quantity"] = fields["qty"]
        if "price" not in fields:
            return
        price = self.prices[fields["price"]]
        vat, currency = price.get("vat_inclusive_percent"), price.get("currency", "gbp")
        item["price"] = {
            "id": f"price_{fields['price']}",
            "object": "price",
            "currency": currency,
            "unit_amount": price["unit"],
            "recurring": {"interval": price["interval"], "interval_count": 1},
            "metadata": {"tier": _tier(fields["price"])},
            "product": f"prod_{fields['price']}",
        }
        subscription["currency"] = currency
        rates = [{"percentage": vat, "inclusive": True}] if vat else []
        subscription["default_tax_rates"] = rates

    def _change_scheduled(self, happening: Happening) -> None:
        """It has not happened yet: nothing on the subscription says so."""

    def _discount_set(self, happening: Happening) -> None:
        given = happening.fields["discount"]
        subscription = self._of(happening)
        end = None
        if given.get("duration") == "repeating":
            end = later(happening.at, "month", given["months"])
        coupon = {
            "id": f"coupon_{self.world.number()}",
            "duration": given.get("duration", "forever"),
            "percent_off": given.get("percent"),
            "amount_off": given.get("amount"),
        }
        discount = {"id": f"di_{self.world.number()}", "start": happening.at, "end": end}
        subscription["discounts"] = [{**discount, "source": {"coupon": coupon}}]

    def _discount_end(self, happening: Happening) -> None:
        self._of(happening)["discounts"] = []

    def _paused(self, happening: Happening) -> None:
        self._of(happening)["pause_collection"] = {"behavior": "void", "resumes_at": None}

    def _resumed(self, happening: Happening) -> None:
        self._of(happening)["pause_collection"] = None

    def _cancel_requested(self, happening: Happening) -> None:
        ends = moment(happening.fields["effective"])
        self._of(happening).update(cancel_at=ends, canceled_at=happening.at)

    def _cancel_undone(self, happening: Happening) -> None:
        self._of(happening).update(cancel_at=None, canceled_at=None)

    def _ended(self, happening: Happening) -> None:
        reason = happening.fields.get("reason", "")
        subscription = self._of(happening)
        subscription["status"] = "canceled"
        subscription["cancellation_details"] = {"reason": STRIPE_REASONS.get(reason, reason)}
        subscription.update(ended_at=happening.at, canceled_at=happening.at)

    # --- Money ------------------------------------------------------------------------------------

    def _payment_failed(self, happening: Happening) -> None:
        subscription = self._of(happening)
        subscription["status"] = "past_due"
        if self.world.open_invoice(subscription):
            return  # another try of the same
        item = subscription["items"]["data"][0]
        if item["current_period_end"] < happening.at + DAY / 2:
            self._next_period(subscription, item["current_period_end"])
        amount = happening.fields["amount"]
        self.world.bill(subscription, happening.at, reason="subscription_cycle", amount=amount)

    def _payment_recovered(self, happening: Happening) -> None:
        subscription = self._of(happening)
        subscription["status"] = "active"
        if invoice := self.world.open_invoice(subscription):
            self.world.pay(invoice, happening.at, happening.fields["amount"])

    _paid_after_unpaid = _payment_recovered

    def _unpaid(self, happening: Happening) -> None:
        self._of(happening)["status"] = "unpaid"

    def _refund(self, happening: Happening) -> None:
        self.world.refund(self._of(happening), happening.at, happening.fields["amount"])


def _is_charged(subscription: Json) -> bool:
    at = subscription["items"]["data"][0]["current_period_end"]
    leaves = subscription["cancel_at"]
    held = subscription["status"] not in CHARGED or subscription["pause_collection"]
    return not held and not (leaves and leaves <= at + DAY / 2)


def _tier(price: str) -> str:
    return next((tier for tier in TIERS if price.startswith(tier)), TIERS[0])


def _event_type(happening: Happening) -> str:
    beginnings = {"start", "trial_start", "incomplete"}
    if happening.type in beginnings:
        return "customer.subscription.created"
    return f"customer.subscription.{'deleted' if happening.type == 'ended' else 'updated'}"
