"""Refunds of charges."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import allow, merge_metadata, read_choice, read_int, require
from stripe_sandbox.billing import refunds
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

REASONS = (None, "duplicate", "fraudulent", "requested_by_customer")


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, "amount", "charge", "payment_intent", "reason")
    reason = read_choice(params, "reason", REASONS)
    fields = {"reason": reason, "metadata": merge_metadata({}, params)}
    charge = read_charge(sandbox, params)
    return present(refunds.refund(sandbox, charge, read_int(params, "amount"), **fields))


def read_charge(sandbox: Sandbox, params: dict) -> dict:
    if params.get("payment_intent"):
        intent = sandbox.get("payment_intent", params["payment_intent"], "payment_intent")
        return sandbox.get("charge", intent["latest_charge"], "payment_intent")
    return sandbox.get("charge", require(params, "charge"), "charge")


def retrieve(sandbox: Sandbox, params: dict, refund: str) -> dict:
    return present(sandbox.get("refund", refund))


def update(sandbox: Sandbox, params: dict, refund: str) -> dict:
    allow(params)
    obj = sandbox.get("refund", refund)
    before = present(obj)
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    sandbox.record("refund.updated", sandbox.save(obj), before)
    return present(obj)


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("charge", "payment_intent")}
    return list_objects(sandbox, "refund", params, "/v1/refunds", **wanted)


ROUTES = [
    ("POST", "/v1/refunds", create),
    ("GET", "/v1/refunds", list_all),
    ("GET", "/v1/refunds/<refund>", retrieve),
    ("POST", "/v1/refunds/<refund>", update),
]
