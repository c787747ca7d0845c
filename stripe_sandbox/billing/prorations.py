"""Prorations: credit for unused time, charge for the rest of the period, by the second."""

from datetime import UTC, datetime
from decimal import Decimal

from stripe_sandbox.billing.amounts import round_half_up
from stripe_sandbox.billing.discounts import Discounting
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build
from stripe_sandbox.shapes.invoices import price_pricing


def credit(sandbox: Sandbox, subscription: dict, item: dict, moment: int) -> list[dict]:
    """For the rest of the period, of what was billed for it; nothing if that was nothing."""
    billed = item.get("_billed")
    rate = billed["rate"] if billed else full_rate(item)
    credited = billed and {
        "invoice": billed["invoice"],
        "invoice_line_items": [billed["line"]],
    }
    amount = -share(rate, item, moment)
    words = f"Unused time on {name_of(sandbox, item)} after {day_of(moment)}"
    fields = {"description": words, "_credited": credited, "_rate": None}
    return [wait(sandbox, subscription, item, moment, amount, **fields)] if amount else []


def charge(sandbox: Sandbox, subscription: dict, item: dict, moment: int) -> dict:
    """For the rest of the period at the item's present price, recurring discounts taken off."""
    discounting = Discounting.of(sandbox, subscription, moment, once=False)
    rate = discounting.after(full_rate(item))
    words = f"Remaining time on {name_of(sandbox, item)} after {day_of(moment)}"
    fields = {"description": words, "_credited": None, "_rate": rate}
    return wait(sandbox, subscription, item, moment, share(rate, item, moment), **fields)


def full_rate(item: dict) -> int:
    return 0 if item.get("_trial") else item["price"]["unit_amount"] * item["quantity"]


def share(rate: int, item: dict, moment: int) -> int:
    start, end = item["current_period_start"], item["current_period_end"]
    return round_half_up(Decimal(rate) * (end - moment) / (end - start))


def name_of(sandbox: Sandbox, item: dict) -> str:
    name = sandbox.get("product", item["price"]["product"])["name"]
    return f"{item['quantity']} × {name}" if item["quantity"] > 1 else name


def day_of(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"


def wait(
    sandbox: Sandbox, subscription: dict, item: dict, moment: int, amount: int, **fields
) -> dict:
    """An invoice item that waits for the next invoice; not kept yet."""
    parent = {"subscription": subscription["id"]}
    return build(
        "invoiceitem",
        id=sandbox.new_id("ii"),
        amount=amount,
        currency=subscription["currency"],
        customer=subscription["customer"],
        date=sandbox.now(),
        metadata=dict(subscription["metadata"]),
        net_amount=amount,
        parent={"type": "subscription_details", "subscription_details": parent},
        period={"start": moment, "end": item["current_period_end"]},
        pricing=price_pricing(item["price"]),
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        tax_rates=list(item["tax_rates"]),
        _item=item["id"],
        _subscription=subscription["id"],
        **fields,
    )


def waiting_for(sandbox: Sandbox, subscription: dict) -> list[dict]:
    return sandbox.all("invoiceitem", invoice=None, _subscription=subscription["id"])
