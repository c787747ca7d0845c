"""Checkout sessions and portal sessions."""

from stripe_sandbox.api.coupons import read_discounts
from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_bool,
    read_choice,
    read_hash,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.billing import checkout
from stripe_sandbox.billing.customers import get_customer
from stripe_sandbox.errors import ParameterInvalid, ParameterMissing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

SESSION_TEXTS = ("cancel_url", "client_reference_id", "customer_email", "locale")
# Those after subscription_data are taken and have no effect here.
SESSION_OBJECTS = (
    "mode",
    "customer",
    "allow_promotion_codes",
    "discounts",
    "line_items",
    "success_url",
    "subscription_data",
    "adaptive_pricing",
    "automatic_tax",
    "billing_address_collection",
    "consent_collection",
    "custom_text",
    "customer_creation",
    "customer_update",
    "currency",
    "name_collection",
    "payment_method_options",
    "saved_payment_method_options",
    "expires_at",
    "invoice_creation",
    "payment_method_collection",
    "payment_method_types",
    "phone_number_collection",
    "submit_type",
    "tax_id_collection",
    "ui_mode",
)
DATA = ("default_tax_rates", "description", "trial_end", "trial_period_days")
DAY = 86_400


def create(sandbox: Sandbox, params: dict) -> dict:
    require_subscription_mode(params)
    fields = pick(params, *SESSION_TEXTS)
    if params.get("customer"):
        fields["customer"] = get_customer(sandbox, params["customer"], "customer")["id"]
    session = checkout.open_session(
        sandbox,
        read_lines(sandbox, params, "line_items"),
        read_subscription_data(sandbox, params),
        metadata=merge_metadata({}, params),
        success_url=require(params, "success_url"),
        _given=read_given(sandbox, params),
        _trial=read_trial(sandbox, read_hash(params, "subscription_data")),
        allow_promotion_codes=read_bool(params, "allow_promotion_codes"),
        **fields,
    )
    return present(session)


def require_subscription_mode(params: dict) -> None:
    if require(params, "mode") != "subscription":
        raise ParameterInvalid("mode", "The sandbox only has mode=subscription.")
    if params.get("customer") and params.get("customer_email"):
        message = "You may only specify one of these parameters: customer, customer_email."
        raise ParameterInvalid("customer_email", message)
    allow(params, *SESSION_TEXTS, *SESSION_OBJECTS)
    allow(read_hash(params, "subscription_data"), *DATA, place="subscription_data")


def read_lines(sandbox: Sandbox, params: dict, name: str) -> list[tuple[dict, int]]:
    require(params, name)
    return [
        read_line(sandbox, line, f"{name}[{n}]") for n, line in enumerate(read_list(params, name))
    ]


def read_line(sandbox: Sandbox, line: dict, place: str) -> tuple[dict, int]:
    if not isinstance(line, dict) or not line.get("price"):
        raise ParameterMissing(f"{place}[price]")
    price = sandbox.get("price", line["price"], f"{place}[price]")
    if not price["recurring"] or not price["active"]:
        raise ParameterInvalid(f"{place}[price]", "The price must be recurring and active.")
    quantity = read_int(line, "quantity", 1)
    if quantity < 1:
        raise ParameterInvalid(f"{place}[quantity]", "The quantity must be at least 1.")
    return price, quantity


def read_subscription_data(sandbox: Sandbox, params: dict) -> dict:
    data = read_hash(params, "subscription_data")
    return {
        "default_tax_rates": read_tax_rates(sandbox, data),
        "description": data.get("description"),
        "metadata": merge_metadata({}, data),
    }


def read_given(sandbox: Sandbox, params: dict) -> list[tuple[str, str | None]]:
    if params.get("discounts") and read_bool(params, "allow_promotion_codes"):
        message = "You may only specify one of these parameters: allow_promotion_codes, discounts."
        raise ParameterInvalid("discounts", message)
    given = read_discounts(sandbox, params, params.get("customer"))
    return [(coupon["id"], code and code["id"]) for coupon, code in given]


def read_trial(sandbox: Sandbox, data: dict) -> dict | None:
    """In days from the payment, or until a moment."""
    days = read_int(data, "trial_period_days")
    if days:
        return {"days": days}
    end = read_trial_end(sandbox, data)
    return {"end": end} if end else None


def read_trial_end(sandbox: Sandbox, params: dict) -> int | None:
    days = read_int(params, "trial_period_days")
    end = sandbox.now() + days * DAY if days else read_int(params, "trial_end")
    if end is not None and end <= sandbox.now():
        message = "Invalid timestamp: must be an integer Unix timestamp in the future."
        raise ParameterInvalid("trial_end", message)
    return end


def read_tax_rates(sandbox: Sandbox, params: dict) -> list[dict]:
    names = read_list(params, "default_tax_rates")
    return [present(sandbox.get("tax_rate", name, "default_tax_rates")) for name in names]


def retrieve(sandbox: Sandbox, params: dict, session: str) -> dict:
    return present(sandbox.get("checkout.session", session))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("customer", "subscription", "status")}
    return list_objects(sandbox, "checkout.session", params, "/v1/checkout/sessions", **wanted)


def expire(sandbox: Sandbox, params: dict, session: str) -> dict:
    return present(checkout.expire(sandbox, sandbox.get("checkout.session", session)))


def list_line_items(sandbox: Sandbox, params: dict, session: str) -> dict:
    items = sandbox.get("checkout.session", session)["_line_items"]
    return page(items, params, f"/v1/checkout/sessions/{session}/line_items")


def read_flow(params: dict) -> dict | None:
    """Where the portal is to open. The sandbox's has one page, which shows it all."""
    flow = read_hash(params, "flow_data")
    if not flow:
        return None
    allow(flow, "type", "after_completion", "subscription_cancel", place="flow_data")
    kind = read_choice(flow, "type", ("payment_method_update", "subscription_cancel"))
    return {
        "after_completion": {"type": "portal_homepage", "hosted_confirmation": None}
        | {"redirect": None}
        | read_hash(flow, "after_completion"),
        "subscription_cancel": flow.get("subscription_cancel"),
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": kind,
    }


def create_portal_session(sandbox: Sandbox, params: dict) -> dict:
    allow(params, "customer", "return_url", "locale", "flow_data")
    customer = get_customer(sandbox, require(params, "customer"), "customer")
    fields = pick(params, "return_url", "locale") | {"flow": read_flow(params)}
    session = sandbox.create("billing_portal.session", "bps", customer=customer["id"], **fields)
    session["url"] = f"{sandbox.options.public_url}/p/session/{session['id']}"
    return present(sandbox.save(session))


ROUTES = [
    ("POST", "/v1/checkout/sessions", create),
    ("GET", "/v1/checkout/sessions", list_all),
    ("GET", "/v1/checkout/sessions/<session>", retrieve),
    ("POST", "/v1/checkout/sessions/<session>/expire", expire),
    ("GET", "/v1/checkout/sessions/<session>/line_items", list_line_items),
    ("POST", "/v1/billing_portal/sessions", create_portal_session),
]
