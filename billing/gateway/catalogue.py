"""The price list at Stripe."""

import logging
from decimal import Decimal
from typing import Any

from billing.gateway.line import PAGE_SIZE, StripeUnavailable, once, plain, stripe_api
from billing.models import Plan
from billing.models.plans import STRIPE_INTERVALS

logger = logging.getLogger(__name__)

OTHER_PRICE = (
    "The price at our payment provider is not the one shown here, so nothing was charged. "
    "Please tell us."
)


def find_price(plan: Plan) -> str | None:
    """Raises StripeUnavailable, also where the price of this name is not what our list says."""
    with stripe_api() as api:
        wish = {"lookup_keys": [plan.lookup_key], "active": True, "limit": 1}
        prices = [plain(price) for price in api.prices.list(wish).data]
    if prices and not _is_as_listed(prices[0], plan):
        logger.error("Stripe's price %s is not what %s costs", prices[0]["id"], plan)
        raise StripeUnavailable(OTHER_PRICE)
    return prices[0]["id"] if prices else None


def _is_as_listed(price: dict[str, Any], plan: Plan) -> bool:
    """Somebody may have given its lookup key to another price, in Stripe's dashboard."""
    recurring = price.get("recurring") or {}
    asked = (plan.net_pence, plan.currency, STRIPE_INTERVALS[plan.cycle], 1, "exclusive")
    found = (
        price.get("unit_amount"),
        price.get("currency"),
        recurring.get("interval"),
        recurring.get("interval_count"),
        price.get("tax_behavior"),
    )
    return found == asked


def ensure_price(plan: Plan) -> str:
    """Return the id of the plan's price at Stripe, made with its product if it is not there."""
    return find_price(plan) or _create_price(plan)


def _create_price(plan: Plan) -> str:
    params = {
        "product": _ensure_product(plan),
        "currency": plan.currency,
        "unit_amount": plan.net_pence,
        "recurring": {"interval": STRIPE_INTERVALS[plan.cycle]},
        "tax_behavior": "exclusive",
        "lookup_key": plan.lookup_key,
        "transfer_lookup_key": True,  # an archived price keeps its key
        "nickname": str(plan),
        "metadata": {"tier": plan.tier.code},
    }
    with stripe_api() as api:
        return api.prices.create(params, once(f"price-{plan.lookup_key}", params)).id


def _ensure_product(plan: Plan) -> str:
    params = {"name": plan.tier.display_name, "metadata": {"tier": plan.tier.code}}
    with stripe_api() as api:
        for product in api.products.list({"active": True, "limit": PAGE_SIZE}).auto_paging_iter():
            if product.to_dict()["metadata"].get("tier") == plan.tier.code:
                return product.id
        return api.products.create(params, once(f"product-{plan.tier.code}", params)).id


def ensure_vat_rate(plan: Plan) -> str:
    percentage = Decimal(plan.vat_basis_points) / 100
    params = {
        "display_name": "VAT",
        "percentage": str(percentage),
        "inclusive": False,
        "country": "GB",
        "metadata": {"made_by": "gatehouse"},
    }
    with stripe_api() as api:
        wish = {"active": True, "inclusive": False, "limit": PAGE_SIZE}
        for rate in api.tax_rates.list(wish).auto_paging_iter():
            ours = rate.to_dict()["metadata"].get("made_by") == "gatehouse"
            if ours and Decimal(str(rate.percentage)) == percentage:
                return rate.id
        return api.tax_rates.create(params, once(f"vat-{percentage}", params)).id
