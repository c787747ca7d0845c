"""Customers and what they pay by default."""

from stripe_sandbox.errors import Missing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def get_customer(sandbox: Sandbox, name: str, param: str = "id") -> dict:
    """One that is not deleted."""
    customer = sandbox.get("customer", name, param)
    if customer.get("deleted"):
        raise Missing("customer", name, param)
    return customer


def create_customer(sandbox: Sandbox, **fields) -> dict:
    customer = sandbox.create("customer", "cus", **fields)
    customer["invoice_prefix"] = sandbox.derive_text(customer["id"], 8, "0123456789ABCDEF")
    sandbox.record("customer.created", sandbox.save(customer))
    return customer


def change_customer(sandbox: Sandbox, customer: dict, **fields) -> dict:
    before = present(customer)
    customer.update(fields)
    sandbox.save(customer)
    if present(customer) != before:
        sandbox.record("customer.updated", customer, before)
    return customer


def delete_customer(sandbox: Sandbox, customer: dict) -> dict:
    """Leave what Stripe leaves: the id and the word that it is deleted."""
    sandbox.record("customer.deleted", customer)
    return sandbox.save({"id": customer["id"], "object": "customer", "deleted": True})


def set_default_payment_method(
    sandbox: Sandbox, customer: dict, payment_method_id: str | None
) -> dict:
    settings = customer["invoice_settings"] | {"default_payment_method": payment_method_id}
    return change_customer(sandbox, customer, invoice_settings=settings)
