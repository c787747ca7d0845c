"""Events, and the endpoints they are sent to."""

from stripe_sandbox.api.lists import list_objects, page
from stripe_sandbox.api.params import allow, merge_metadata, pick, read_bool, read_list, require
from stripe_sandbox.ids import ALPHABET
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def retrieve(sandbox: Sandbox, params: dict, event: str) -> dict:
    return present(sandbox.get("event", event))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wished = {*read_list(params, "types"), *filter(None, [params.get("type")])}
    chosen = [
        event for event in sandbox.all("event") if not wished or is_wished(event["type"], wished)
    ]
    return page(chosen[::-1], params, "/v1/events", "type", "types")


def is_wished(event_type: str, wished: set[str]) -> bool:
    """`invoice.*` stands for all events of invoices."""
    return any(
        event_type == wish or (wish.endswith(".*") and event_type.startswith(wish[:-1]))
        for wish in wished
    )


def create_endpoint(sandbox: Sandbox, params: dict) -> dict:
    allow(params, "url", "enabled_events", "description", "api_version")
    require(params, "enabled_events")
    endpoint = sandbox.create(
        "webhook_endpoint",
        "we",
        url=require(params, "url"),
        enabled_events=read_list(params, "enabled_events"),
        metadata=merge_metadata({}, params),
        **pick(params, "description", "api_version"),
    )
    secret = sandbox.derive_text(f"endpoint/{endpoint['id']}", 32, ALPHABET)
    endpoint["_secret"] = f"whsec_{secret}"
    # The only time the secret is shown.
    return present(sandbox.save(endpoint)) | {"secret": endpoint["_secret"]}


def list_endpoints(sandbox: Sandbox, params: dict) -> dict:
    return list_objects(sandbox, "webhook_endpoint", params, "/v1/webhook_endpoints")


def retrieve_endpoint(sandbox: Sandbox, params: dict, endpoint: str) -> dict:
    return present(sandbox.get("webhook_endpoint", endpoint))


def update_endpoint(sandbox: Sandbox, params: dict, endpoint: str) -> dict:
    allow(params, "url", "enabled_events", "description", "disabled")
    obj = sandbox.get("webhook_endpoint", endpoint)
    obj.update(pick(params, "url", "description", "enabled_events"))
    if "disabled" in params:
        obj["status"] = "disabled" if read_bool(params, "disabled") else "enabled"
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    return present(sandbox.save(obj))


def delete_endpoint(sandbox: Sandbox, params: dict, endpoint: str) -> dict:
    sandbox.store.remove(sandbox.get("webhook_endpoint", endpoint))
    return {"id": endpoint, "object": "webhook_endpoint", "deleted": True}


ROUTES = [
    ("GET", "/v1/events", list_all),
    ("GET", "/v1/events/<event>", retrieve),
    ("POST", "/v1/webhook_endpoints", create_endpoint),
    ("GET", "/v1/webhook_endpoints", list_endpoints),
    ("GET", "/v1/webhook_endpoints/<endpoint>", retrieve_endpoint),
    ("POST", "/v1/webhook_endpoints/<endpoint>", update_endpoint),
    ("DELETE", "/v1/webhook_endpoints/<endpoint>", delete_endpoint),
]
