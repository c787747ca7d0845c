"""What coupons take off: given to a subscription, used on its invoices, gone at their end."""

from stripe_sandbox.billing.amounts import percent_of
from stripe_sandbox.periods import add_interval
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build


def give(
    sandbox: Sandbox, subscription: dict, coupon: dict, code: dict | None = None, **fields
) -> dict:
    """Put a discount on the subscription, from now on."""
    months, now = coupon["duration_in_months"], sandbox.now()
    discount = build(
        "discount",
        id=sandbox.new_id("di"),
        _coupon=dict(coupon),
        customer=subscription["customer"],
        end=add_interval(now, "month", months) if months else None,
        promotion_code=code["id"] if code else None,
        source={"type": "coupon", "coupon": coupon["id"]},
        start=now,
        subscription=subscription["id"],
        **fields,
    )
    sandbox.save(discount)
    for counted in filter(None, (coupon, code)):
        counted["times_redeemed"] += 1
        sandbox.save(counted)
    subscription["discounts"] = [*subscription["discounts"], discount["id"]]
    sandbox.record("customer.discount.created", discount)
    return discount


def take_away(sandbox: Sandbox, subscription: dict, discount: dict) -> None:
    subscription["discounts"] = [
        name for name in subscription["discounts"] if name != discount["id"]
    ]
    discount["end"] = discount["end"] or sandbox.now()
    sandbox.record("customer.discount.deleted", sandbox.save(discount))


def drop_used(sandbox: Sandbox, subscription: dict) -> None:
    """After an invoice with a whole period: what was for one invoice only is used up."""
    for discount in of_subscription(sandbox, subscription):
        if discount["_coupon"]["duration"] == "once":
            take_away(sandbox, subscription, discount)


def drop_ended(sandbox: Sandbox, subscription: dict) -> None:
    for discount in of_subscription(sandbox, subscription):
        if discount["end"] is not None and discount["end"] <= sandbox.now():
            take_away(sandbox, subscription, discount)


def of_subscription(sandbox: Sandbox, subscription: dict) -> list[dict]:
    return [sandbox.get("discount", name) for name in subscription["discounts"]]


class Discounting:
    """Takes discounts off one amount after the other; a sum off is shared out until it is gone."""

    def __init__(self, discounts: list[dict]) -> None:
        self.discounts = discounts
        self.left = {entry["id"]: entry["_coupon"]["amount_off"] or 0 for entry in discounts}

    @classmethod
    def of(
        cls, sandbox: Sandbox, subscription: dict, moment: int, *, once: bool = True
    ) -> "Discounting":
        """Those of the subscription at `moment`; without `once` only the recurring ones."""
        return cls(
            [
                entry
                for entry in of_subscription(sandbox, subscription)
                if (entry["end"] is None or entry["end"] > moment)
                and (once or entry["_coupon"]["duration"] != "once")
            ]
        )

    def take(self, amount: int) -> list[dict]:
        """[{"amount": pence off, "discount": its id}], one discount upon the other."""
        parts = []
        for discount in self.discounts:
            off = self.amount_off(discount, amount)
            amount -= off
            if off:
                parts.append({"amount": off, "discount": discount["id"]})
        return parts

    def amount_off(self, discount: dict, amount: int) -> int:
        percentage = discount["_coupon"]["percent_off"]
        if percentage is not None:
            return percent_of(amount, percentage)
        off = min(amount, self.left[discount["id"]])
        self.left[discount["id"]] -= off
        return off

    def after(self, amount: int) -> int:
        return amount - sum(part["amount"] for part in self.take(amount))
