"""Account, customer, webhook endpoint, event and portal session."""

from stripe_sandbox import API_VERSION

NO_ADDRESS = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}
NO_REQUIREMENTS = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}

ACCOUNT = {
    "id": None,
    "object": "account",
    "business_profile": {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": "Sandbox",
        "product_description": None,
        "support_address": None,
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    },
    "business_type": "company",
    "capabilities": {"card_payments": "active", "transfers": "active"},
    "charges_enabled": True,
    "controller": {"type": "account"},
    "country": "GB",
    "created": None,
    "default_currency": "gbp",
    "details_submitted": True,
    "email": "accounts@example.com",
    "external_accounts": {"object": "list", "data": [], "has_more": False, "url": ""},
    "future_requirements": NO_REQUIREMENTS,
    "metadata": {},
    "payouts_enabled": True,
    "requirements": NO_REQUIREMENTS,
    "settings": {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": True, "cvc_failure": True},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": "Sandbox", "timezone": "Europe/London"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
        "payments": {
            "statement_descriptor": "SANDBOX",
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 3, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    },
    "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
    "type": "standard",
}

CUSTOMER = {
    "id": None,
    "object": "customer",
    "address": None,
    "balance": 0,
    "created": None,
    "currency": None,
    "default_source": None,
    "delinquent": False,
    "description": None,
    "discount": None,
    "email": None,
    "invoice_prefix": None,
    "invoice_settings": {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
    },
    "livemode": False,
    "metadata": {},
    "name": None,
    "next_invoice_sequence": 1,
    "phone": None,
    "preferred_locales": [],
    "shipping": None,
    "tax_exempt": "none",
    "test_clock": None,
}

WEBHOOK_ENDPOINT = {
    "id": None,
    "object": "webhook_endpoint",
    "api_version": API_VERSION,
    "application": None,
    "created": None,
    "description": None,
    "enabled_events": [],
    "livemode": False,
    "metadata": {},
    "status": "enabled",
    "url": None,
}

EVENT = {
    "id": None,
    "object": "event",
    "api_version": API_VERSION,
    "created": None,
    "data": {},
    "livemode": False,
    "pending_webhooks": 0,
    "request": {"id": None, "idempotency_key": None},
    "type": None,
}

PORTAL_SESSION = {
    "id": None,
    "object": "billing_portal.session",
    "configuration": "bpc_sandbox",
    "created": None,
    "customer": None,
    "customer_account": None,
    "flow": None,
    "livemode": False,
    "locale": None,
    "on_behalf_of": None,
    "return_url": None,
    "url": None,
}

TEMPLATES = {
    "account": ACCOUNT,
    "customer": CUSTOMER,
    "webhook_endpoint": WEBHOOK_ENDPOINT,
    "event": EVENT,
    "billing_portal.session": PORTAL_SESSION,
}
