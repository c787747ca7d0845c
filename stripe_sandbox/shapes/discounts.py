"""Coupon, promotion code and the discount that one of them gave."""

COUPON = {
    "id": None,
    "object": "coupon",
    "amount_off": None,
    "created": None,
    "currency": None,
    "duration": "once",
    "duration_in_months": None,
    "livemode": False,
    "max_redemptions": None,
    "metadata": {},
    "name": None,
    "percent_off": None,
    "redeem_by": None,
    "times_redeemed": 0,
    "valid": True,
}

PROMOTION_CODE = {
    "id": None,
    "object": "promotion_code",
    "active": True,
    "code": None,
    "created": None,
    "customer": None,
    "customer_account": None,
    "expires_at": None,
    "livemode": False,
    "max_redemptions": None,
    "metadata": {},
    "promotion": None,
    "restrictions": {
        "first_time_transaction": False,
        "minimum_amount": None,
        "minimum_amount_currency": None,
    },
    "times_redeemed": 0,
}

DISCOUNT = {
    "id": None,
    "object": "discount",
    "checkout_session": None,
    "customer": None,
    "customer_account": None,
    "end": None,
    "invoice": None,
    "invoice_item": None,
    "promotion_code": None,
    # The coupon is here and no longer at `coupon` since 2025-09-30.clover.
    "source": None,
    "start": None,
    "subscription": None,
    "subscription_item": None,
}

TEMPLATES = {"coupon": COUPON, "promotion_code": PROMOTION_CODE, "discount": DISCOUNT}
