"""Product, price and tax rate."""

PRODUCT = {
    "id": None,
    "object": "product",
    "active": True,
    "created": None,
    "default_price": None,
    "description": None,
    "images": [],
    "livemode": False,
    "marketing_features": [],
    "metadata": {},
    "name": None,
    "package_dimensions": None,
    "shippable": None,
    "statement_descriptor": None,
    "tax_code": None,
    "type": "service",
    "unit_label": None,
    "updated": None,
    "url": None,
}

PRICE = {
    "id": None,
    "object": "price",
    "active": True,
    "billing_scheme": "per_unit",
    "created": None,
    "currency": None,
    "custom_unit_amount": None,
    "livemode": False,
    "lookup_key": None,
    "metadata": {},
    "nickname": None,
    "product": None,
    "recurring": None,
    "tax_behavior": "unspecified",
    "tiers_mode": None,
    "transform_quantity": None,
    "type": "one_time",
    "unit_amount": None,
    "unit_amount_decimal": None,
}

RECURRING = {
    "interval": None,
    "interval_count": 1,
    "meter": None,
    "trial_period_days": None,
    "usage_type": "licensed",
}

TAX_RATE = {
    "id": None,
    "object": "tax_rate",
    "active": True,
    "country": None,
    "created": None,
    "description": None,
    "display_name": None,
    "effective_percentage": None,
    "flat_amount": None,
    "inclusive": False,
    "jurisdiction": None,
    "jurisdiction_level": None,
    "livemode": False,
    "metadata": {},
    "percentage": None,
    "rate_type": "percentage",
    "state": None,
    "tax_type": None,
}

TEMPLATES = {"product": PRODUCT, "price": PRICE, "tax_rate": TAX_RATE}


def legacy_plan(price: dict) -> dict:
    """The plan that subscription items still carry beside their price."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
