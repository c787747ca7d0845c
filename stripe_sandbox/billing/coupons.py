"""Whether a coupon or a promotion code can be used now."""

from stripe_sandbox.errors import Missing, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox


def is_usable(sandbox: Sandbox, counted: dict, ends: str) -> bool:
    """`ends` names the field with the moment from which it can no longer be redeemed."""
    most, end = counted["max_redemptions"], counted[ends]
    in_time = end is None or end > sandbox.now()
    return in_time and (most is None or counted["times_redeemed"] < most)


def usable_coupon(sandbox: Sandbox, name: str, param: str) -> dict:
    coupon = sandbox.get("coupon", name, param)
    if not coupon["valid"] or not is_usable(sandbox, coupon, "redeem_by"):
        raise ParameterInvalid(param, f"Coupon expired: {name}", "coupon_expired")
    return coupon


def usable_code(sandbox: Sandbox, name: str, customer: str | None, param: str) -> dict:
    code = sandbox.get("promotion_code", name, param)
    foreign = code["customer"] not in (None, customer)
    if foreign or not code["active"] or not is_usable(sandbox, code, "expires_at"):
        message = f"This promotion code cannot be redeemed: {code['code']}."
        raise ParameterInvalid(param, message, "promotion_code_invalid")
    return code


def find_code(sandbox: Sandbox, typed: str, customer: str | None) -> dict:
    """By what a customer types, in any case."""
    wish = typed.strip().upper()
    for code in sandbox.all("promotion_code", active=True):
        if code["code"].upper() == wish:
            return usable_code(sandbox, code["id"], customer, "promotion_code")
    raise Missing("promotion_code", typed, "promotion_code")


def coupon_of(sandbox: Sandbox, code: dict) -> dict:
    return usable_coupon(sandbox, code["promotion"]["coupon"], "promotion_code")
