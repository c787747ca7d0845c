"""List endpoints: newest first, in pages."""

from stripe_sandbox.api.params import allow, read_hash, read_int
from stripe_sandbox.errors import Missing, ParameterInvalid
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import list_of, present

PAGING = ("limit", "starting_after", "ending_before", "created")
COMPARE = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def list_objects(sandbox: Sandbox, kind: str, params: dict, url: str, **wanted) -> dict:
    """All of `kind` whose fields equal `wanted`; a wanted None is no wish."""
    given = {name: value for name, value in wanted.items() if value is not None}
    objects = [obj for obj in sandbox.all(kind, **given) if not obj.get("deleted")]
    return page(objects[::-1], params, url, *wanted)


def page(objects: list[dict], params: dict, url: str, *filters: str) -> dict:
    """`objects` are newest first; `filters` are the parameters they were chosen by."""
    allow(params, *PAGING, *filters)
    objects = [obj for obj in objects if is_created_within(obj, params)]
    limit = read_limit(params)
    if params.get("ending_before"):
        before = objects[: position(objects, params, "ending_before")]
        chosen, left = before[-limit:], len(before) > limit
    else:
        start = position(objects, params, "starting_after") + 1
        chosen, left = objects[start : start + limit], len(objects) > start + limit
    return list_of([present(obj) for obj in chosen], url) | {"has_more": left}


def read_limit(params: dict) -> int:
    limit = read_int(params, "limit", 10)
    if not 1 <= limit <= 100:
        raise ParameterInvalid("limit", "limit must be between 1 and 100")
    return limit


def position(objects: list[dict], params: dict, cursor: str) -> int:
    name = params.get(cursor)
    if not name:
        return -1
    for index, obj in enumerate(objects):
        if obj["id"] == name:
            return index
    raise Missing("object", name, cursor)


def is_created_within(obj: dict, params: dict) -> bool:
    wish = params.get("created")
    if not wish:
        return True
    created = obj.get("created", obj.get("date"))
    if isinstance(wish, str):
        return created == read_int(params, "created")
    bounds = read_hash(params, "created")
    if not bounds.keys() <= COMPARE.keys():
        raise ParameterInvalid("created", "created takes gt, gte, lt and lte")
    return all(COMPARE[name](created, read_int(bounds, name)) for name in bounds)
