"""Customers."""

from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import allow, merge_metadata, pick, read_hash
from stripe_sandbox.billing import customers
from stripe_sandbox.billing.endings import end_subscription
from stripe_sandbox.billing.payment_methods import attach
from stripe_sandbox.billing.portal import live_subscriptions
from stripe_sandbox.errors import Missing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.parties import NO_ADDRESS

TEXTS = ("email", "name", "description", "phone")
OBJECTS = ("address", "invoice_settings", "payment_method")
DEFAULT_METHOD = "invoice_settings[default_payment_method]"


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *TEXTS, *OBJECTS)
    fields = read_fields(params) | {"metadata": merge_metadata({}, params)}
    payment_method = read_new_method(sandbox, params)
    customer = customers.create_customer(sandbox, **fields)
    if payment_method:
        attach(sandbox, payment_method, customer)
    if read_hash(params, "invoice_settings"):
        customers.change_customer(sandbox, customer, **read_settings(sandbox, customer, params))
    return present(customer)


def read_fields(params: dict) -> dict:
    fields = pick(params, *TEXTS)
    if "address" in params:
        address = read_hash(params, "address")
        fields["address"] = {name: address.get(name) or None for name in NO_ADDRESS}
    return fields


def read_new_method(sandbox: Sandbox, params: dict) -> dict | None:
    name = params.get("payment_method")
    payment_method = sandbox.get("payment_method", name, "payment_method") if name else None
    default = read_hash(params, "invoice_settings").get("default_payment_method")
    if default and default != name:
        raise Missing("payment_method", default, DEFAULT_METHOD)
    return payment_method


def read_settings(sandbox: Sandbox, customer: dict, params: dict) -> dict:
    settings = read_hash(params, "invoice_settings")
    if "default_payment_method" not in settings:
        return {}
    name = settings["default_payment_method"] or None
    if name is not None:
        require_own_method(sandbox, customer, name)
    return {"invoice_settings": customer["invoice_settings"] | {"default_payment_method": name}}


def require_own_method(sandbox: Sandbox, customer: dict, name: str) -> None:
    payment_method = sandbox.get("payment_method", name, DEFAULT_METHOD)
    if payment_method["customer"] != customer["id"]:
        raise Missing("payment_method", name, DEFAULT_METHOD)


def retrieve(sandbox: Sandbox, params: dict, customer: str) -> dict:
    return present(sandbox.get("customer", customer))


def update(sandbox: Sandbox, params: dict, customer: str) -> dict:
    allow(params, *TEXTS, *OBJECTS)
    obj = customers.get_customer(sandbox, customer)
    fields = read_fields(params) | read_settings(sandbox, obj, params)
    fields["metadata"] = merge_metadata(obj["metadata"], params)
    return present(customers.change_customer(sandbox, obj, **fields))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    return list_objects(sandbox, "customer", params, "/v1/customers", email=params.get("email"))


def delete(sandbox: Sandbox, params: dict, customer: str) -> dict:
    """Deleting a customer ends at once what the customer subscribed to."""
    obj = customers.get_customer(sandbox, customer)
    for subscription in live_subscriptions(sandbox, obj):
        end_subscription(sandbox, subscription, "cancellation_requested")
    return present(customers.delete_customer(sandbox, obj))


def list_payment_methods(sandbox: Sandbox, params: dict, customer: str) -> dict:
    customers.get_customer(sandbox, customer)
    url = f"/v1/customers/{customer}/payment_methods"
    params = params | {"customer": customer}
    wanted = {name: params.get(name) for name in ("customer", "type")}
    return list_objects(sandbox, "payment_method", params, url, **wanted)


def list_balance(sandbox: Sandbox, params: dict, customer: str) -> dict:
    customers.get_customer(sandbox, customer)
    url = f"/v1/customers/{customer}/balance_transactions"
    chosen = sandbox.all("customer_balance_transaction", customer=customer)
    return page(chosen[::-1], params, url)


ROUTES = [
    ("POST", "/v1/customers", create),
    ("GET", "/v1/customers", list_all),
    ("GET", "/v1/customers/<customer>", retrieve),
    ("POST", "/v1/customers/<customer>", update),
    ("DELETE", "/v1/customers/<customer>", delete),
    ("GET", "/v1/customers/<customer>/payment_methods", list_payment_methods),
    ("GET", "/v1/customers/<customer>/balance_transactions", list_balance),
]
