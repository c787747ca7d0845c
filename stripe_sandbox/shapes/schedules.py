"""Subscription schedule and its phases."""

SCHEDULE = {
    "id": None,
    "object": "subscription_schedule",
    "application": None,
    "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
    "canceled_at": None,
    "completed_at": None,
    "created": None,
    "current_phase": None,
    "customer": None,
    "customer_account": None,
    "default_settings": {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": None,
        "description": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "on_behalf_of": None,
        "transfer_data": None,
    },
    "end_behavior": "release",
    "livemode": False,
    "metadata": {},
    "phases": [],
    "released_at": None,
    "released_subscription": None,
    "status": "active",
    "subscription": None,
    "test_clock": None,
}

PHASE = {
    "add_invoice_items": [],
    "application_fee_percent": None,
    "billing_cycle_anchor": None,
    "billing_thresholds": None,
    "collection_method": None,
    "currency": None,
    "default_payment_method": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "end_date": None,
    "invoice_settings": None,
    "items": [],
    "metadata": {},
    "on_behalf_of": None,
    "proration_behavior": "create_prorations",
    "start_date": None,
    "transfer_data": None,
    "trial_end": None,
}

TEMPLATES = {"subscription_schedule": SCHEDULE}


def phase_item(price: str, plan: dict | str, quantity: int) -> dict:
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": plan,
        "price": price,
        "quantity": quantity,
        "tax_rates": [],
    }
