"""Payment methods: cards only."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import allow, merge_metadata, pick, read_hash, read_int, require
from stripe_sandbox.billing import payment_methods
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def create(sandbox: Sandbox, params: dict) -> dict:
    if require(params, "type") != "card":
        raise ParameterInvalid("type", "The sandbox only has cards.")
    allow(params, "type", "card", "billing_details", "allow_redisplay")
    card = read_hash(params, "card")
    allow(card, "number", "exp_month", "exp_year", "cvc", place="card")
    details, expiry = read_details(params), read_expiry(card)
    payment_method = payment_methods.create_payment_method(
        sandbox, require(card, "number"), details, expiry
    )
    payment_method["metadata"] = merge_metadata({}, params)
    return present(sandbox.save(payment_method))


def read_details(params: dict) -> dict:
    return pick(read_hash(params, "billing_details"), "email", "name", "phone")


def read_expiry(card: dict) -> tuple[int | None, int | None]:
    return read_int(card, "exp_month"), read_int(card, "exp_year")


def update(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
    allow(params, "card", "billing_details", "allow_redisplay")
    card = read_hash(params, "card")
    allow(card, "exp_month", "exp_year", place="card")
    obj = sandbox.get("payment_method", payment_method)
    before = present(obj)
    if card:
        payment_methods.set_expiry(sandbox, obj, *read_expiry(card))
    obj["billing_details"] = obj["billing_details"] | read_details(params)
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    return present(payment_methods.announce_update(sandbox, obj, before))


def retrieve(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
    return present(sandbox.get("payment_method", payment_method))


def attach(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
    allow(params, "customer")
    obj = sandbox.get("payment_method", payment_method)
    customer = get_customer(sandbox, require(params, "customer"), "customer")
    return present(payment_methods.attach(sandbox, obj, customer))


def detach(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
    obj = sandbox.get("payment_method", payment_method)
    if obj["customer"] is None:
        message = "The payment method you provided is not attached to a customer."
        raise ParameterInvalid("payment_method", message)
    return present(payment_methods.detach(sandbox, obj))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("customer", "type")}
    return list_objects(sandbox, "payment_method", params, "/v1/payment_methods", **wanted)


ROUTES = [
    ("POST", "/v1/payment_methods", create),
    ("GET", "/v1/payment_methods", list_all),
    ("GET", "/v1/payment_methods/<payment_method>", retrieve),
    ("POST", "/v1/payment_methods/<payment_method>", update),
    ("POST", "/v1/payment_methods/<payment_method>/attach", attach),
    ("POST", "/v1/payment_methods/<payment_method>/detach", detach),
]
