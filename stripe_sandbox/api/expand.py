"""expand[]: put the object where its id stands, or add a part that is left out by default."""

from collections.abc import Callable

from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import TEMPLATES, list_of, present


def expand(sandbox: Sandbox, answer: dict, paths: list[str]) -> dict:
    for path in paths:
        expand_path(sandbox, answer, path.split("."))
    return answer


def expand_path(sandbox: Sandbox, node, steps: list[str]) -> None:
    if isinstance(node, list):
        for entry in node:
            expand_path(sandbox, entry, steps)
        return
    if not steps or not isinstance(node, dict):
        return
    step, *rest = steps
    include(sandbox, node, step)
    node[step] = replaced(sandbox, node.get(step))
    if node[step] is None:
        # Nothing there to expand, or a name that is not known: tolerated, and not added.
        drop_unknown(node, step)
    expand_path(sandbox, node.get(step), rest)


def replaced(sandbox: Sandbox, value):
    if isinstance(value, list):
        return [replaced(sandbox, entry) for entry in value]
    found = sandbox.find(value) if isinstance(value, str) else None
    return present(found) if found else value


def drop_unknown(node: dict, step: str) -> None:
    if step not in TEMPLATES.get(node.get("object"), {}):
        node.pop(step)


def include(sandbox: Sandbox, node: dict, step: str) -> None:
    rule = INCLUDABLE.get((node.get("object"), step))
    if rule and node.get(step) is None:
        node[step] = rule(sandbox, node)


def payments_of(sandbox: Sandbox, invoice: dict) -> dict:
    payments = sandbox.all("invoice_payment", invoice=invoice["id"])
    return list_of(present(payments), f"/v1/invoice_payments?invoice={invoice['id']}")


def line_items_of(sandbox: Sandbox, session: dict) -> dict:
    items = sandbox.get("checkout.session", session["id"])["_line_items"]
    return list_of(present(items), f"/v1/checkout/sessions/{session['id']}/line_items")


def subscriptions_of(sandbox: Sandbox, customer: dict) -> dict:
    owned = sandbox.all("subscription", customer=customer["id"])
    running = [subscription for subscription in owned if subscription["status"] != "canceled"]
    return list_of(present(running[::-1]), f"/v1/customers/{customer['id']}/subscriptions")


def refunds_of(sandbox: Sandbox, charge: dict) -> dict:
    refunds = sandbox.all("refund", charge=charge["id"])
    return list_of(present(refunds[::-1]), f"/v1/charges/{charge['id']}/refunds")


def nothing(part: str) -> Callable:
    return lambda sandbox, customer: list_of([], f"/v1/customers/{customer['id']}/{part}")


INCLUDABLE = {
    ("invoice", "payments"): payments_of,
    ("charge", "refunds"): refunds_of,
    ("checkout.session", "line_items"): line_items_of,
    ("customer", "subscriptions"): subscriptions_of,
    ("customer", "sources"): nothing("sources"),
    ("customer", "tax_ids"): nothing("tax_ids"),
}
