"""Payment methods: cards only."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import merge_metadata, pick, read_hash, require
from stripe_sandbox.billing import payment_methods
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def create(sandbox: Sandbox, params: dict) -> dict:
    if require(params, "type") != "card":
        raise ParameterInvalid("type", "The sandbox only has cards.")
    number = require(read_hash(params, "card"), "number")
    details = pick(read_hash(params, "billing_details"), "email", "name", "phone")
    payment_method = payment_methods.create_payment_method(sandbox, number, details)
    payment_method["metadata"] = merge_metadata({}, params)
    return present(sandbox.save(payment_method))


def retrieve(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
    return present(sandbox.get("payment_method", payment_method))


def attach(sandbox: Sandbox, params: dict, payment_method: str) -> dict:
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
    ("POST", "/v1/payment_methods/<payment_method>/attach", attach),
    ("POST", "/v1/payment_methods/<payment_method>/detach", detach),
]
