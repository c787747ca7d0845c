"""Coupons and promotion codes."""

from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_bool,
    read_choice,
    read_hash,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.api.tax_rates import read_percentage
from stripe_sandbox.billing import coupons
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import build, present

COUPON = (
    "amount_off",
    "currency",
    "duration",
    "duration_in_months",
    "id",
    "max_redemptions",
    "name",
    "percent_off",
    "redeem_by",
)
CODE = ("active", "code", "customer", "expires_at", "max_redemptions", "promotion")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *COUPON)
    name = params.get("id") or sandbox.derive_text(sandbox.new_id("coupon"), 8, LETTERS)
    if sandbox.find(name):
        raise ParameterInvalid("id", "Coupon already exists.", "resource_already_exists")
    duration = read_choice(params, "duration", ("once", "repeating", "forever"))
    months = read_int(params, "duration_in_months")
    if (duration == "repeating") != (months is not None):
        message = "duration_in_months goes with duration=repeating, and only with that."
        raise ParameterInvalid("duration_in_months", message)
    coupon = build(
        "coupon",
        id=name,
        created=sandbox.now(),
        duration=duration,
        duration_in_months=months,
        max_redemptions=read_int(params, "max_redemptions"),
        metadata=merge_metadata({}, params),
        redeem_by=read_int(params, "redeem_by"),
        **read_value(params),
        **pick(params, "name"),
    )
    sandbox.record("coupon.created", sandbox.save(coupon))
    return present(coupon)


def read_value(params: dict) -> dict:
    if bool(params.get("percent_off")) == bool(params.get("amount_off")):
        raise ParameterInvalid("percent_off", "Must provide percent_off or amount_off, not both.")
    if params.get("percent_off"):
        percent = read_percentage({"percentage": params["percent_off"]})
        if not 0 < percent <= 100:
            raise ParameterInvalid("percent_off", "percent_off must be above 0 and at most 100.")
        return {"percent_off": percent}
    currency = require(params, "currency").lower()
    return {"amount_off": read_int(params, "amount_off"), "currency": currency}


def retrieve(sandbox: Sandbox, params: dict, coupon: str) -> dict:
    return present(sandbox.get("coupon", coupon))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    return list_objects(sandbox, "coupon", params, "/v1/coupons")


def delete(sandbox: Sandbox, params: dict, coupon: str) -> dict:
    """Discounts already given stay."""
    obj = sandbox.get("coupon", coupon)
    sandbox.record("coupon.deleted", obj)
    sandbox.store.remove(obj)
    return {"id": coupon, "object": "coupon", "deleted": True}


def create_code(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *CODE)
    promotion = read_hash(params, "promotion")
    require(promotion, "type")
    name = require(promotion, "coupon")
    coupon = coupons.usable_coupon(sandbox, name, "promotion[coupon]")
    made = sandbox.derive_text(sandbox.new_id("code"), 8, LETTERS)
    code = sandbox.create(
        "promotion_code",
        "promo",
        active=read_bool(params, "active", True),
        code=params.get("code") or made,
        expires_at=read_int(params, "expires_at"),
        max_redemptions=read_int(params, "max_redemptions"),
        metadata=merge_metadata({}, params),
        promotion={"type": "coupon", "coupon": coupon["id"]},
        **pick(params, "customer"),
    )
    sandbox.record("promotion_code.created", code)
    return present(code)


def retrieve_code(sandbox: Sandbox, params: dict, code: str) -> dict:
    return present(sandbox.get("promotion_code", code))


def update_code(sandbox: Sandbox, params: dict, code: str) -> dict:
    allow(params, "active")
    obj = sandbox.get("promotion_code", code)
    before = present(obj)
    obj["active"] = read_bool(params, "active", obj["active"])
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    sandbox.record("promotion_code.updated", sandbox.save(obj), before)
    return present(obj)


def list_codes(sandbox: Sandbox, params: dict) -> dict:
    wish = {name: params.get(name) for name in ("code", "coupon", "customer")}
    active = read_bool(params, "active")
    chosen = [
        code
        for code in sandbox.all("promotion_code")
        if active in (None, code["active"])
        and wish["code"] in (None, code["code"])
        and wish["coupon"] in (None, code["promotion"]["coupon"])
        and wish["customer"] in (None, code["customer"])
    ]
    return page(chosen[::-1], params, "/v1/promotion_codes", "active", *wish)


def read_discounts(
    sandbox: Sandbox, params: dict, customer: str | None
) -> list[tuple[dict, dict | None]]:
    """(coupon, promotion code) for each of `discounts` that is new."""
    found = []
    for number, given in enumerate(read_list(params, "discounts")):
        place = f"discounts[{number}]"
        allow(given, "coupon", "promotion_code", "discount", place=place)
        if given.get("promotion_code"):
            param = f"{place}[promotion_code]"
            code = coupons.usable_code(sandbox, given["promotion_code"], customer, param)
            found.append((coupons.coupon_of(sandbox, code), code))
        elif not given.get("discount"):
            name = require(given, "coupon")
            found.append((coupons.usable_coupon(sandbox, name, f"{place}[coupon]"), None))
    return found


ROUTES = [
    ("POST", "/v1/coupons", create),
    ("GET", "/v1/coupons", list_all),
    ("GET", "/v1/coupons/<coupon>", retrieve),
    ("DELETE", "/v1/coupons/<coupon>", delete),
    ("POST", "/v1/promotion_codes", create_code),
    ("GET", "/v1/promotion_codes", list_codes),
    ("GET", "/v1/promotion_codes/<code>", retrieve_code),
    ("POST", "/v1/promotion_codes/<code>", update_code),
]
