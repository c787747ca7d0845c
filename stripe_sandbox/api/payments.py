"""Payment intents, charges and balance transactions, to look at."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def retrieve_intent(sandbox: Sandbox, params: dict, intent: str) -> dict:
    return present(sandbox.get("payment_intent", intent))


def list_intents(sandbox: Sandbox, params: dict) -> dict:
    customer = params.get("customer")
    return list_objects(sandbox, "payment_intent", params, "/v1/payment_intents", customer=customer)


def retrieve_charge(sandbox: Sandbox, params: dict, charge: str) -> dict:
    return present(sandbox.get("charge", charge))


def list_charges(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("customer", "payment_intent")}
    return list_objects(sandbox, "charge", params, "/v1/charges", **wanted)


def retrieve_transaction(sandbox: Sandbox, params: dict, transaction: str) -> dict:
    return present(sandbox.get("balance_transaction", transaction))


def list_transactions(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("source", "type")}
    return list_objects(
        sandbox, "balance_transaction", params, "/v1/balance_transactions", **wanted
    )


ROUTES = [
    ("GET", "/v1/payment_intents", list_intents),
    ("GET", "/v1/payment_intents/<intent>", retrieve_intent),
    ("GET", "/v1/charges", list_charges),
    ("GET", "/v1/charges/<charge>", retrieve_charge),
    ("GET", "/v1/balance_transactions", list_transactions),
    ("GET", "/v1/balance_transactions/<transaction>", retrieve_transaction),
]
