"""Tax rates."""

from decimal import Decimal, InvalidOperation

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import allow, merge_metadata, pick, read_bool, require
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present

TEXTS = ("country", "description", "jurisdiction", "state", "tax_type")
CHANGEABLE = (*TEXTS, "active", "display_name")


def create(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *CHANGEABLE, "inclusive", "percentage")
    percentage = read_percentage(params)
    rate = sandbox.create(
        "tax_rate",
        "txr",
        active=read_bool(params, "active", True),
        display_name=require(params, "display_name"),
        effective_percentage=percentage,
        inclusive=read_bool({"inclusive": require(params, "inclusive")}, "inclusive"),
        metadata=merge_metadata({}, params),
        percentage=percentage,
        **pick(params, *TEXTS),
    )
    sandbox.record("tax_rate.created", rate)
    return present(rate)


def read_percentage(params: dict) -> float | int:
    try:
        percentage = Decimal(require(params, "percentage"))
    except InvalidOperation:
        raise ParameterInvalid("percentage", "Invalid decimal") from None
    return int(percentage) if percentage == int(percentage) else float(percentage)


def retrieve(sandbox: Sandbox, params: dict, tax_rate: str) -> dict:
    return present(sandbox.get("tax_rate", tax_rate))


def update(sandbox: Sandbox, params: dict, tax_rate: str) -> dict:
    allow(params, *CHANGEABLE)
    obj = sandbox.get("tax_rate", tax_rate)
    before = present(obj)
    obj.update(pick(params, "display_name", *TEXTS))
    obj["active"] = read_bool(params, "active", obj["active"])
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    sandbox.record("tax_rate.updated", sandbox.save(obj), before)
    return present(obj)


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: read_bool(params, name) for name in ("active", "inclusive")}
    return list_objects(sandbox, "tax_rate", params, "/v1/tax_rates", **wanted)


ROUTES = [
    ("POST", "/v1/tax_rates", create),
    ("GET", "/v1/tax_rates", list_all),
    ("GET", "/v1/tax_rates/<tax_rate>", retrieve),
    ("POST", "/v1/tax_rates/<tax_rate>", update),
]
