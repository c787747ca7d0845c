"""The account itself."""

from stripe_sandbox.errors import Missing
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present


def retrieve_own(sandbox: Sandbox, params: dict) -> dict:
    return present(sandbox.all("account")[0])


def retrieve(sandbox: Sandbox, params: dict, account: str) -> dict:
    own = retrieve_own(sandbox, params)
    if own["id"] != account:
        raise Missing("account", account)
    return own


ROUTES = [
    ("GET", "/v1/account", retrieve_own),
    ("GET", "/v1/accounts/<account>", retrieve),
]
