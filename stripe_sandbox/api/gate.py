"""What every call of the API passes: key, faults, idempotency, the lock, errors."""

import json
import re
import socket

from flask import Request, Response

from stripe_sandbox import API_VERSION
from stripe_sandbox.api.expand import expand
from stripe_sandbox.api.params import parse_pairs, read_list
from stripe_sandbox.errors import IdempotencyMismatch, Injected, StripeError, Unauthorized
from stripe_sandbox.sandbox import Sandbox

KEY_FORM = re.compile(r"(sk|rk)_test_\w+")


def answer(sandbox: Sandbox, handler, request: Request, path: dict) -> Response:
    try:
        check_key(sandbox, request)
        fault = suffer_fault(sandbox, request)
        status, body = run(sandbox, handler, request, path)
        if fault == "lost":
            hang_up(sandbox, request)
    except StripeError as error:
        status, body = error.status, error.body()
    return respond(sandbox, status, body, request)


def check_key(sandbox: Sandbox, request: Request) -> None:
    key = read_key(request)
    if not key:
        raise Unauthorized("You did not provide an API key (Authorization: Bearer sk_test_...).")
    if not KEY_FORM.fullmatch(key) or sandbox.options.secret_key not in ("", key):
        raise Unauthorized(f"Invalid API Key provided: {key[:8]}***", code="api_key_invalid")


def read_key(request: Request) -> str:
    credentials = request.authorization
    if credentials is None:
        return ""
    return credentials.token or credentials.username or ""


def suffer_fault(sandbox: Sandbox, request: Request) -> str | None:
    """Fail before anything was done; "lost" is left to the end of the call."""
    faults = sandbox.faults
    delay, status = faults.take_next()
    sandbox.ended.wait(delay)
    if status or sandbox.ended.is_set():  # nobody waits any more, and the store is closed
        raise Injected(status or 503)
    fault = faults.of_call(request.method, request.path)
    if fault == "timeout":
        hang_up(sandbox, request)
        raise Injected(503)  # heard by nobody
    if fault and fault.isdecimal():
        raise Injected(int(fault))
    return fault


def hang_up(sandbox: Sandbox, request: Request) -> None:
    """Say nothing for a long time, then close the connection."""
    sandbox.ended.wait(sandbox.faults.switches.api_timeout_seconds)
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def run(sandbox: Sandbox, handler, request: Request, path: dict) -> tuple[int, dict]:
    params = parse_pairs([*request.args.items(multi=True), *request.form.items(multi=True)])
    with sandbox.changing():
        if request.method != "POST" or not request.headers.get("Idempotency-Key"):
            return call(sandbox, handler, params, path)
        return run_once(sandbox, handler, request, params, path)


def run_once(
    sandbox: Sandbox, handler, request: Request, params: dict, path: dict
) -> tuple[int, dict]:
    """Replay the answer if this key was used before for the same call."""
    key = request.headers["Idempotency-Key"]
    fingerprint = json.dumps([request.path, params], sort_keys=True)
    kept = sandbox.store.side["idempotency_keys"].get(key)
    if kept is None:
        status, body = call(sandbox, handler, params, path)
        kept = {"fingerprint": fingerprint, "status": status, "body": body}
        sandbox.store.set("idempotency_keys", key, kept)
    if kept["fingerprint"] != fingerprint:
        raise IdempotencyMismatch(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}'."
        )
    return kept["status"], kept["body"]


def call(sandbox: Sandbox, handler, params: dict, path: dict) -> tuple[int, dict]:
    """A refused card is an outcome to keep; other errors did nothing and may be tried again."""
    try:
        body = handler(sandbox, params, **path)
    except StripeError as error:
        if error.status != 402:
            raise
        return error.status, error.body()
    return 200, expand(sandbox, body, read_list(params, "expand"))


def respond(sandbox: Sandbox, status: int, body: dict, request: Request) -> Response:
    response = Response(json.dumps(body, indent=2), status, mimetype="application/json")
    with sandbox.lock:
        response.headers["Request-Id"] = sandbox.new_id("req")
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if status == 429:
        response.headers["Retry-After"] = "1"
    if request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
    return response
