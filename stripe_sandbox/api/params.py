"""Form-encoded parameters with brackets, and reading them."""

from collections.abc import Iterable

from stripe_sandbox.errors import ParameterInvalid, ParameterMissing

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


def allow(params: dict, *names: str, place: str = "") -> None:
    """Refuse what is not among `names`, as Stripe does with what it does not know.

    Also what Stripe knows and the sandbox does not do: taking it would teach the wrong thing.
    """
    for name in params:
        if name not in names and name not in ("expand", "metadata"):
            full = f"{place}[{name}]" if place else name
            message = f"Received unknown parameter: {full}. (The sandbox: see docs/sandbox.md.)"
            raise ParameterInvalid(full, message, "parameter_unknown")


def read_choice(params: dict, name: str, choices: tuple[str | None, ...]) -> str | None:
    """One of `choices`; the first if it is not given."""
    value = params.get(name) or choices[0]
    if value not in choices:
        known = ", ".join(filter(None, choices))
        message = f"Invalid {name}: must be one of {known}; it is {value}."
        raise ParameterInvalid(name, message)
    return value


def pick(params: dict, *names: str) -> dict:
    """Those of `names` that were given; empty means null."""
    return {name: params[name] or None for name in names if name in params}
