"""Payment method, payment intent, charge, refund and balance transaction."""

from stripe_sandbox.cards import Card
from stripe_sandbox.shapes.parties import NO_ADDRESS

PAYMENT_METHOD = {
    "id": None,
    "object": "payment_method",
    "allow_redisplay": "unspecified",
    "billing_details": None,
    "card": None,
    "created": None,
    "customer": None,
    "customer_account": None,
    "livemode": False,
    "metadata": {},
    "type": "card",
}

PAYMENT_INTENT = {
    "id": None,
    "object": "payment_intent",
    "amount": 0,
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic",
    "client_secret": None,
    "confirmation_method": "automatic",
    "created": None,
    "currency": None,
    "customer": None,
    "customer_account": None,
    "description": None,
    "excluded_payment_method_types": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "managed_payments": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": "off_session",
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}

CHARGE = {
    "id": None,
    "object": "charge",
    "amount": 0,
    "amount_captured": 0,
    "amount_refunded": 0,
    "application": None,
    "application_fee": None,
    "application_fee_amount": None,
    "balance_transaction": None,
    "billing_details": None,
    "calculated_statement_descriptor": "SANDBOX",
    "captured": False,
    "created": None,
    "currency": None,
    "customer": None,
    "description": None,
    "disputed": False,
    "failure_balance_transaction": None,
    "failure_code": None,
    "failure_message": None,
    "fraud_details": {},
    "livemode": False,
    "metadata": {},
    "on_behalf_of": None,
    "outcome": None,
    "paid": False,
    "payment_intent": None,
    "payment_method": None,
    "payment_method_details": None,
    "receipt_email": None,
    "receipt_number": None,
    "receipt_url": None,
    "refunded": False,
    # Only there when it is expanded.
    "refunds": None,
    "review": None,
    "shipping": None,
    "source": None,
    "source_transfer": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "pending",
    "transfer_data": None,
    "transfer_group": None,
}

BALANCE_TRANSACTION = {
    "id": None,
    "object": "balance_transaction",
    "amount": 0,
    "available_on": None,
    "balance_type": "payments",
    "created": None,
    "currency": None,
    "description": None,
    "exchange_rate": None,
    "fee": 0,
    "fee_details": [],
    "net": 0,
    "reporting_category": "charge",
    "source": None,
    "status": "available",
    "type": "charge",
}

REFUND = {
    "id": None,
    "object": "refund",
    "amount": 0,
    "balance_transaction": None,
    "charge": None,
    "created": None,
    "currency": None,
    "customer": None,
    "customer_account": None,
    "destination_details": {"card": {"type": "refund"}, "type": "card"},
    "metadata": {},
    "payment_intent": None,
    "payment_method": None,
    "reason": None,
    "receipt_number": None,
    "source_transfer_reversal": None,
    "status": "succeeded",
    "transfer_reversal": None,
}

TEMPLATES = {
    "payment_method": PAYMENT_METHOD,
    "payment_intent": PAYMENT_INTENT,
    "charge": CHARGE,
    "balance_transaction": BALANCE_TRANSACTION,
    "refund": REFUND,
}

CHECKS = {
    "address_line1_check": None,
    "address_postal_code_check": None,
    "cvc_check": "pass",
}


def billing_details(email: str | None = None, name: str | None = None) -> dict:
    return {
        "address": dict(NO_ADDRESS),
        "email": email,
        "name": name,
        "phone": None,
        "tax_id": None,
    }


def card_details(card: Card) -> dict:
    return {
        "brand": card.brand,
        "checks": dict(CHECKS),
        "country": "GB",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{card.last4}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def charged_card(payment_method: dict, amount: int) -> dict:
    card = payment_method["card"]
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    details = {name: card[name] for name in (*kept, "last4", "regulated_status", "wallet")}
    details |= {"amount_authorized": amount, "network": card["brand"], "mandate": None}
    details |= {"authorization_code": None, "network_token": {"used": False}}
    details |= {"installments": None, "three_d_secure": None, "network_transaction_id": None}
    return {"type": "card", "card": details}


# What the card networks call it.
NETWORK_CODES = {
    "insufficient_funds": "51",
    "expired_card": "54",
    "lost_card": "41",
    "stolen_card": "43",
}


def outcome(decline_code: str | None) -> dict:
    paid = decline_code is None
    return {
        "advice_code": None if paid else "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None if paid else NETWORK_CODES.get(decline_code, "05"),
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "reason": decline_code,
        "risk_level": "normal",
        "seller_message": "Payment complete." if paid else "The bank declined the payment.",
        "type": "authorized" if paid else "issuer_declined",
    }
