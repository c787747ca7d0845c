"""Products and prices."""

from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import (
    allow,
    merge_metadata,
    pick,
    read_bool,
    read_hash,
    read_int,
    read_list,
    require,
)
from stripe_sandbox.errors import ParameterInvalid
from stripe_sandbox.periods import DAYS, MONTHS
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import list_of, present
from stripe_sandbox.shapes.catalogue import RECURRING

PRODUCT_TEXTS = ("name", "description", "statement_descriptor", "tax_code", "unit_label", "url")
PRODUCT = (*PRODUCT_TEXTS, "active", "default_price")
PRICE = (
    "active",
    "currency",
    "lookup_key",
    "nickname",
    "product",
    "product_data",
    "recurring",
    "tax_behavior",
    "transfer_lookup_key",
    "unit_amount",
)
PRICE_FILTERS = ("lookup_keys", "product", "active", "type")


def create_product(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *PRODUCT)
    require(params, "name")
    fields = product_fields(sandbox, params, {})
    product = sandbox.create("product", "prod", updated=sandbox.now(), **fields)
    sandbox.record("product.created", product)
    return present(product)


def product_fields(sandbox: Sandbox, params: dict, metadata: dict) -> dict:
    fields = pick(params, *PRODUCT_TEXTS) | {"metadata": merge_metadata(metadata, params)}
    if "active" in params:
        fields["active"] = read_bool(params, "active")
    if params.get("default_price"):
        fields["default_price"] = sandbox.get("price", params["default_price"])["id"]
    return fields


def retrieve_product(sandbox: Sandbox, params: dict, product: str) -> dict:
    return present(sandbox.get("product", product))


def update_product(sandbox: Sandbox, params: dict, product: str) -> dict:
    allow(params, *PRODUCT)
    obj = sandbox.get("product", product)
    before = present(obj)
    obj.update(product_fields(sandbox, params, obj["metadata"]), updated=sandbox.now())
    sandbox.record("product.updated", sandbox.save(obj), before)
    return present(obj)


def list_products(sandbox: Sandbox, params: dict) -> dict:
    active = read_bool(params, "active")
    return list_objects(sandbox, "product", params, "/v1/products", active=active)


def list_features(sandbox: Sandbox, params: dict, product: str) -> dict:
    sandbox.get("product", product)
    return list_of([], f"/v1/products/{product}/features")


def create_price(sandbox: Sandbox, params: dict) -> dict:
    allow(params, *PRICE)
    product = read_product(sandbox, params)
    amount = read_amount(params)
    lookup_key = claim_lookup_key(sandbox, params)
    price = sandbox.create(
        "price",
        "price",
        currency=require(params, "currency").lower(),
        lookup_key=lookup_key,
        metadata=merge_metadata({}, params),
        product=product["id"],
        unit_amount=amount,
        unit_amount_decimal=str(amount),
        active=read_bool(params, "active", True),
        **read_recurring(params),
        **pick(params, "nickname", "tax_behavior"),
    )
    sandbox.record("price.created", price)
    return present(price)


def read_product(sandbox: Sandbox, params: dict) -> dict:
    if "product_data" in params:
        name = require(read_hash(params, "product_data"), "name")
        return sandbox.get("product", create_product(sandbox, {"name": name})["id"])
    return sandbox.get("product", require(params, "product"), "product")


def read_amount(params: dict) -> int:
    require(params, "unit_amount")
    amount = read_int(params, "unit_amount")
    if amount < 0:
        raise ParameterInvalid("unit_amount", "Invalid non-negative integer")
    return amount


def read_recurring(params: dict) -> dict:
    recurring = read_hash(params, "recurring")
    if not recurring:
        return {}
    interval = require(recurring, "interval")
    if interval not in MONTHS | DAYS:
        raise ParameterInvalid("recurring[interval]", f"Invalid interval: {interval}")
    count = read_int(recurring, "interval_count", 1)
    if count < 1:
        raise ParameterInvalid("recurring[interval_count]", "Invalid positive integer")
    return {
        "type": "recurring",
        "recurring": RECURRING | {"interval": interval, "interval_count": count},
    }


def claim_lookup_key(sandbox: Sandbox, params: dict, owner: dict | None = None) -> str | None:
    """The key asked for, taken from the price that has it if that is what was asked."""
    key = params.get("lookup_key") or None
    holders = [price for price in sandbox.all("price", lookup_key=key) if price is not owner]
    for holder in holders if key else []:
        if not read_bool(params, "transfer_lookup_key", False):
            message = f"A price (`{holder['id']}`) already uses that lookup key."
            raise ParameterInvalid("lookup_key", message, "resource_already_exists")
        holder["lookup_key"] = None
        sandbox.save(holder)
    return key


def retrieve_price(sandbox: Sandbox, params: dict, price: str) -> dict:
    return present(sandbox.get("price", price))


def update_price(sandbox: Sandbox, params: dict, price: str) -> dict:
    if {"unit_amount", "currency", "recurring", "product"} & set(params):
        message = "A price's amount, currency, interval and product cannot be changed."
        raise ParameterInvalid("unit_amount", message, "parameter_unknown")
    allow(params, "active", "lookup_key", "nickname", "transfer_lookup_key")
    obj = sandbox.get("price", price)
    before = present(obj)
    if "lookup_key" in params:
        obj["lookup_key"] = claim_lookup_key(sandbox, params, obj)
    obj.update(pick(params, "nickname"), metadata=merge_metadata(obj["metadata"], params))
    obj["active"] = read_bool(params, "active", obj["active"])
    sandbox.record("price.updated", sandbox.save(obj), before)
    return present(obj)


def list_prices(sandbox: Sandbox, params: dict) -> dict:
    keys, product = read_list(params, "lookup_keys"), params.get("product")
    active, kind = read_bool(params, "active"), params.get("type")
    prices = [
        price
        for price in sandbox.all("price")
        if (not keys or price["lookup_key"] in keys)
        and product in (None, price["product"])
        and active in (None, price["active"])
        and kind in (None, price["type"])
    ]
    return page(prices[::-1], params, "/v1/prices", *PRICE_FILTERS)


ROUTES = [
    ("POST", "/v1/products", create_product),
    ("GET", "/v1/products", list_products),
    ("GET", "/v1/products/<product>", retrieve_product),
    ("POST", "/v1/products/<product>", update_product),
    ("GET", "/v1/products/<product>/features", list_features),
    ("POST", "/v1/prices", create_price),
    ("GET", "/v1/prices", list_prices),
    ("GET", "/v1/prices/<price>", retrieve_price),
    ("POST", "/v1/prices/<price>", update_price),
]
