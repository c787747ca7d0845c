"""Invoice lines: the period of an item, or what waited for the next invoice."""

from stripe_sandbox.billing import amounts
from stripe_sandbox.billing.discounts import Discounting
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build
from stripe_sandbox.shapes.invoices import item_parent, price_pricing


def draw_period(sandbox: Sandbox, invoice: dict, item: dict, discounting: Discounting) -> dict:
    """The line for the item's current period."""
    price, quantity = item["price"], item["quantity"]
    amount = 0 if item.get("_trial") else price["unit_amount"] * quantity
    product = sandbox.get("product", price["product"])
    line = draw_line(
        sandbox,
        invoice,
        amount=amount,
        description=f"{quantity} × {product['name']} ({describe_price(price)})",
        discount_amounts=discounting.take(amount),
        metadata=dict(invoice["parent"]["subscription_details"]["metadata"]),
        parent=item_parent(item),
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=price_pricing(price),
        quantity=quantity,
        subscription=item["subscription"],
    )
    if item.get("_trial"):
        line["description"] = f"Trial period for {product['name']}"
    return add_taxes(line, item["tax_rates"] or invoice["default_tax_rates"])


def draw_waiting(sandbox: Sandbox, invoice: dict, waiting: dict) -> dict:
    """The line for an invoice item that waited for this invoice."""
    item = {"id": waiting["_item"], "subscription": waiting["_subscription"]}
    line = draw_line(
        sandbox,
        invoice,
        amount=waiting["amount"],
        description=waiting["description"],
        discountable=False,
        metadata=dict(waiting["metadata"]),
        parent=item_parent(item, waiting["id"], waiting["_credited"]),
        period=dict(waiting["period"]),
        pricing=waiting["pricing"],
        quantity=waiting["quantity"],
        subscription=waiting["_subscription"],
    )
    return add_taxes(line, waiting["tax_rates"] or invoice["default_tax_rates"])


def draw_line(sandbox: Sandbox, invoice: dict, *, amount: int, quantity: int, **fields) -> dict:
    return build(
        "line_item",
        id=sandbox.new_id("il"),
        amount=amount,
        currency=invoice["currency"],
        invoice=invoice["id"],
        quantity=quantity,
        quantity_decimal=str(quantity),
        subtotal=amount,
        **fields,
    )


def add_taxes(line: dict, rates: list[dict]) -> dict:
    line["taxes"] = amounts.taxes_on(after_discounts(line), rates)
    return line


def after_discounts(line: dict) -> int:
    return line["amount"] - sum(part["amount"] for part in line["discount_amounts"])


def describe_price(price: dict) -> str:
    recurring = price["recurring"]
    every = recurring["interval"]
    if recurring["interval_count"] > 1:
        every = f"{recurring['interval_count']} {every}s"
    return f"at £{price['unit_amount'] / 100:.2f} / {every}"


def totals(lines: list[dict]) -> dict:
    """What the lines add up to, before the customer's balance is looked at."""
    taxes = sum_taxes([tax for line in lines for tax in line["taxes"]])
    discounts = sum_discounts([part for line in lines for part in line["discount_amounts"]])
    subtotal = sum(line["subtotal"] for line in lines)
    discounted = subtotal - sum(part["amount"] for part in discounts)
    inclusive = amounts.add_up(taxes, "inclusive")
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": discounted + amounts.add_up(taxes, "exclusive"),
        "total_discount_amounts": discounts,
        "total_excluding_tax": discounted - inclusive,
        "total_taxes": taxes,
    }


def sum_taxes(taxes: list[dict]) -> list[dict]:
    """One entry per rate."""
    summed: dict[str, dict] = {}
    for tax in taxes:
        entry = summed.setdefault(
            tax["tax_rate_details"]["tax_rate"], tax | {"amount": 0, "taxable_amount": 0}
        )
        entry["amount"] += tax["amount"]
        entry["taxable_amount"] += tax["taxable_amount"]
    return list(summed.values())


def sum_discounts(parts: list[dict]) -> list[dict]:
    summed: dict[str, int] = {}
    for part in parts:
        summed[part["discount"]] = summed.get(part["discount"], 0) + part["amount"]
    return [{"amount": amount, "discount": name} for name, amount in summed.items()]
