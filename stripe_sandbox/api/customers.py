"""Customers."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import merge_metadata, pick, read_hash
from stripe_sandbox.billing import customers
from stripe_sandbox.errors import Missing
from stripe_sandbox.shapes import present

TEXTS = ("email", "name", "description", "phone")


def create(sandbox, params: dict) -> dict:
    fields = read_fields(params) | {"metadata": merge_metadata({}, params)}
    customer = customers.create_customer(sandbox, **fields)
    apply_invoice_settings(sandbox, customer, params)
    return present(customer)


def read_fields(params: dict) -> dict:
    fields = pick(params, *TEXTS)
    if "address" in params:
        address = read_hash(params, "address")
        names = ("city", "country", "line1", "line2", "postal_code", "state")
        fields["address"] = {name: address.get(name) or None for name in names}
    return fields


def apply_invoice_settings(sandbox, customer: dict, params: dict) -> None:
    settings = read_hash(params, "invoice_settings")
    if "default_payment_method" not in settings:
        return
    name = settings["default_payment_method"] or None
    if name is not None:
        require_own_method(sandbox, customer, name)
    customers.set_default_payment_method(sandbox, customer, name)


def require_own_method(sandbox, customer: dict, name: str) -> None:
    param = "invoice_settings[default_payment_method]"
    payment_method = sandbox.get("payment_method", name, param)
    if payment_method["customer"] != customer["id"]:
        raise Missing("payment_method", name, param)


def retrieve(sandbox, params: dict, customer: str) -> dict:
    return present(sandbox.get("customer", customer))


def update(sandbox, params: dict, customer: str) -> dict:
    obj = get_live(sandbox, customer)
    fields = read_fields(params) | {"metadata": merge_metadata(obj["metadata"], params)}
    customers.change_customer(sandbox, obj, **fields)
    apply_invoice_settings(sandbox, obj, params)
    return present(obj)


def get_live(sandbox, name: str, param: str = "id") -> dict:
    customer = sandbox.get("customer", name, param)
    if customer.get("deleted"):
        raise Missing("customer", name, param)
    return customer


def list_all(sandbox, params: dict) -> dict:
    return list_objects(sandbox, "customer", params, "/v1/customers", email=params.get("email"))


def delete(sandbox, params: dict, customer: str) -> dict:
    return present(customers.delete_customer(sandbox, get_live(sandbox, customer)))


def list_payment_methods(sandbox, params: dict, customer: str) -> dict:
    get_live(sandbox, customer)
    url = f"/v1/customers/{customer}/payment_methods"
    return list_objects(sandbox, "payment_method", params, url, customer=customer)


ROUTES = [
    ("POST", "/v1/customers", create),
    ("GET", "/v1/customers", list_all),
    ("GET", "/v1/customers/<customer>", retrieve),
    ("POST", "/v1/customers/<customer>", update),
    ("DELETE", "/v1/customers/<customer>", delete),
    ("GET", "/v1/customers/<customer>/payment_methods", list_payment_methods),
]
