"""The JSON shapes of the pinned API version.

Every object is built from a full template, so that a reader which expects a key finds it.
Names that start with an underscore are the sandbox's own notes and are never shown.
"""

import copy

from stripe_sandbox.shapes import (
    catalogue,
    checkout,
    credits,
    discounts,
    invoices,
    parties,
    payments,
    schedules,
    subscriptions,
)

TEMPLATES: dict[str, dict] = {
    **parties.TEMPLATES,
    **catalogue.TEMPLATES,
    **checkout.TEMPLATES,
    **subscriptions.TEMPLATES,
    **invoices.TEMPLATES,
    **payments.TEMPLATES,
    **credits.TEMPLATES,
    **discounts.TEMPLATES,
    **schedules.TEMPLATES,
}


def build(kind: str, **fields) -> dict:
    template = TEMPLATES[kind]
    unknown = [name for name in fields if name not in template and not name.startswith("_")]
    if unknown:
        raise TypeError(f"{kind} has no {', '.join(unknown)}")
    return copy.deepcopy(template) | fields


def present(value):
    """A copy as the API shows it."""
    if isinstance(value, dict):
        return {key: present(item) for key, item in value.items() if key[:1] != "_"}
    if isinstance(value, list):
        return [present(item) for item in value]
    return value


def list_of(items: list[dict], url: str) -> dict:
    return {"object": "list", "data": items, "has_more": False, "url": url}
