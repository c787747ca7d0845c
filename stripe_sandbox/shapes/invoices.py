"""Invoice, its line item and the invoice payment that ties it to a payment intent."""

INVOICE = {
    "id": None,
    "object": "invoice",
    "account_country": "GB",
    "account_name": "Sandbox",
    "account_tax_ids": None,
    "amount_due": 0,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_remaining": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": True,
    "automatic_tax": {
        "disabled_reason": None,
        "enabled": False,
        "liability": None,
        "provider": None,
        "status": None,
    },
    "automatically_finalizes_at": None,
    "billing_reason": None,
    "collection_method": "charge_automatically",
    "created": None,
    "currency": None,
    "custom_fields": None,
    "customer": None,
    "customer_account": None,
    "customer_address": None,
    "customer_email": None,
    "customer_name": None,
    "customer_phone": None,
    "customer_shipping": None,
    "customer_tax_exempt": "none",
    "customer_tax_ids": [],
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "due_date": None,
    "effective_at": None,
    "ending_balance": None,
    "footer": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": {"type": "self"},
    "last_finalization_error": None,
    "latest_revision": None,
    "lines": None,
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": None,
    "on_behalf_of": None,
    "parent": None,
    "payment_settings": {
        "default_mandate": None,
        "payment_method_options": None,
        "payment_method_types": None,
    },
    "period_end": None,
    "period_start": None,
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "starting_balance": 0,
    "statement_descriptor": None,
    "status": "draft",
    "status_transitions": {
        "finalized_at": None,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    },
    # Always null in this version: read parent.subscription_details.
    "subscription": None,
    "subtotal": 0,
    "subtotal_excluding_tax": 0,
    "test_clock": None,
    "total": 0,
    "total_discount_amounts": [],
    "total_excluding_tax": 0,
    "total_pretax_credit_amounts": [],
    "total_taxes": [],
    "webhooks_delivered_at": None,
}

LINE_ITEM = {
    "id": None,
    "object": "line_item",
    "amount": 0,
    "currency": None,
    "description": None,
    "discount_amounts": [],
    "discountable": True,
    "discounts": [],
    "invoice": None,
    "livemode": False,
    "metadata": {},
    "parent": None,
    "period": None,
    "pretax_credit_amounts": [],
    "pricing": None,
    "quantity": 1,
    "quantity_decimal": "1",
    "subscription": None,
    "subtotal": 0,
    "taxes": [],
}

INVOICE_PAYMENT = {
    "id": None,
    "object": "invoice_payment",
    "amount_paid": None,
    "amount_requested": 0,
    "created": None,
    "currency": None,
    "invoice": None,
    "is_default": True,
    "livemode": False,
    "payment": None,
    "status": "open",
    "status_transitions": {"canceled_at": None, "paid_at": None},
}

TEMPLATES = {"invoice": INVOICE, "line_item": LINE_ITEM, "invoice_payment": INVOICE_PAYMENT}


def subscription_parent(subscription: dict) -> dict:
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
    }


def item_parent(item: dict) -> dict:
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": item["subscription"],
            "subscription_item": item["id"],
        },
    }


def price_pricing(price: dict) -> dict:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }
