"""Form-encoded parameters with brackets, and reading them."""

from collections.abc import Iterable

from stripe_sandbox.errors import ParameterInvalid, ParameterMissing

# Taking these without doing them would teach the wrong thing.
UNSUPPORTED = (
    "add_invoice_items",
    "billing_cycle_anchor",
    "coupon",
    "discounts",
    "pause_collection",
    "promotion_code",
    "schedule",
    "trial_end",
    "trial_period_days",
)
TRUTH = {"true": True, "1": True, "false": False, "0": False}


def parse_pairs(pairs: Iterable[tuple[str, str]]) -> dict:
    """`items[0][price]=p&expand[]=x` -> {"items": [{"price": "p"}], "expand": ["x"]}"""
    tree: dict = {}
    for key, value in pairs:
        place(tree, key.replace("]", "").split("["), value)
    return as_lists(tree)


def place(tree: dict, steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise ParameterInvalid(steps[0], f"Invalid hash: {steps[0]}")
    tree[steps[-1] or str(len(tree))] = value


def as_lists(node):
    if not isinstance(node, dict):
        return node
    # Metadata keys may be numbers, and stay keys.
    children = {key: child if key == "metadata" else as_lists(child) for key, child in node.items()}
    if children and all(key.isdecimal() for key in children):
        return [children[key] for key in sorted(children, key=int)]
    return children


def require(params: dict, name: str):
    value = params.get(name)
    if value in (None, ""):
        raise ParameterMissing(name)
    return value


def read_int(params: dict, name: str, default: int | None = None) -> int | None:
    value = params.get(name, default)
    try:
        return value if value is None else int(value)
    except (TypeError, ValueError):
        raise ParameterInvalid(
            name, f"Invalid integer: {value}", "parameter_invalid_integer"
        ) from None


def read_bool(params: dict, name: str, default: bool | None = None) -> bool | None:
    value = params.get(name)
    if value is None:
        return default
    if value not in TRUTH:
        raise ParameterInvalid(name, f"Invalid boolean: {value}")
    return TRUTH[value]


def read_list(params: dict, name: str) -> list:
    """Also from `name=""`, which empties a list at Stripe."""
    value = params.get(name) or []
    if not isinstance(value, list):
        raise ParameterInvalid(name, "Invalid array")
    return value


def read_hash(params: dict, name: str) -> dict:
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise ParameterInvalid(name, "Invalid object")
    return value


def merge_metadata(current: dict, params: dict) -> dict:
    """Stripe merges; an empty value takes a key away, an empty string takes all."""
    if params.get("metadata") == "":
        return {}
    merged = current | read_hash(params, "metadata")
    return {key: value for key, value in merged.items() if value != ""}


def refuse_unsupported(params: dict) -> None:
    for name in UNSUPPORTED:
        if params.get(name):
            message = f"The sandbox does not have {name}. See docs/sandbox.md."
            raise ParameterInvalid(name, message, "parameter_unknown")


def pick(params: dict, *names: str) -> dict:
    """Those of `names` that were given; empty means null."""
    return {name: params[name] or None for name in names if name in params}
