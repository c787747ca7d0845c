"""What a delivery must be before a row is written.

Stock dj-stripe stores every post and answers some junk with 500. Here all of it gets 4xx and leaves
nothing. The order matters: nothing that costs time or memory comes before the signature.
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

MAX_BODY_BYTES = 512 * 1024
MAX_HEADER_LENGTH = 1024
TOLERANCE_SECONDS = 300
MAX_DEPTH = 64
MAX_NAME_LENGTH = 250
MAX_TIMESTAMP = 2**33
ID = re.compile(r"[A-Za-z0-9_]{1,250}")
# What we and dj-stripe fetch by its id. Others, such as coupons, may be named by people.
FETCHED = ("checkout.session", "customer", "invoice", "subscription")
SIGNATURE = re.compile(r"t=([0-9]{1,12})((?:,v[0-9]=[0-9a-f]{64})+)")


class Refused(Exception):
    """Not a delivery from our Stripe account. The message goes to whoever sent it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Delivery:
    """An event that our Stripe account signed: as it came, and read."""

    body: str
    event: dict[str, Any]


def check_delivery(request: HttpRequest, now: datetime) -> Delivery:
    """Return what a request delivers.

    Raises Refused.
    """
    _check_length(request.META.get("CONTENT_LENGTH") or "")
    signed_at, signatures = _read_signature(request.META.get("HTTP_STRIPE_SIGNATURE", ""))
    # stripe-python takes any time in the future; a captured delivery could be kept for it.
    if abs(now.timestamp() - int(signed_at)) > TOLERANCE_SECONDS:
        raise Refused("The signature's time is too far from ours.")
    body = _read_body(request)
    _check_signature(f"{signed_at}.".encode() + body, signatures)
    event = _parse(body)
    _check_event(event)
    return Delivery(body.decode(), event)


def _check_length(length: str) -> None:
    if not (length.isascii() and length.isdigit()):
        raise Refused("The length of the body is missing.")
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        raise Refused("The body is too long.", status=413)


def _read_signature(header: str) -> tuple[str, list[str]]:
    match = SIGNATURE.fullmatch(header) if len(header) <= MAX_HEADER_LENGTH else None
    if not match:
        raise Refused("The Stripe-Signature header is missing or malformed.")
    parts = (part.split("=") for part in match[2].strip(",").split(","))
    return match[1], [digest for scheme, digest in parts if scheme == "v1"]


def _read_body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except UnreadablePostError as error:
        raise Refused("The body broke off.") from error


def _check_signature(signed: bytes, signatures: list[str]) -> None:
    """One of our secrets must fit: there are several while one is replaced by another."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if any(hmac.compare_digest(digest, signature) for signature in signatures):
            return
    raise Refused("The signature does not match.")


# --- The event ----------------------------------------------------------------------------------
# All this was signed by Stripe, so it should hold; dj-stripe would fail where it does not.


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("The body is not JSON.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check_event(event: Any) -> None:
    if not isinstance(event, dict) or event.get("object") != "event":
        raise Refused("The body is not an event.")
    for name in ("id", "type"):
        if not _is_name(event.get(name)):
            raise Refused(f"The event's {name} is missing or malformed.")
    if not _is_moment(event.get("created")):
        raise Refused("The event's time is missing or malformed.")
    if event.get("livemode") is not settings.STRIPE_LIVE_MODE:
        raise Refused("The event is from the other mode: live and test do not mix.")
    data = event.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        raise Refused("The event is about nothing.")
    _check_storable(event)
    _check_references(event, data["object"])


def _check_references(event: dict[str, Any], subject: dict[str, Any]) -> None:
    """Whatever is asked for at Stripe or locked by its id must have one, or be absent."""
    kind, own_id = subject.get("object"), subject.get("id")
    if not _is_name(kind):
        raise Refused("The event's object is of no kind.")
    details = _part(_part(subject, "parent"), "subscription_details")
    for holder, name in (
        (event, "account"),
        (subject, "customer"),
        (subject, "subscription"),
        (details, "subscription"),
    ):
        if not _is_reference(holder.get(name)):
            raise Refused(f"The event's {name} is malformed.")
    if own_id is None and kind == "subscription":
        raise Refused("The event's subscription has no id.")
    if own_id is not None and not (_is_id(own_id) if kind in FETCHED else _is_name(own_id)):
        raise Refused("The id of the event's object is malformed.")


def _part(holder: dict[str, Any], name: str) -> dict[str, Any]:
    part = holder.get(name) or {}
    if not isinstance(part, dict):
        raise Refused(f"The event's {name} is malformed.")
    return part


def _is_reference(value: Any) -> bool:
    """None, an id, or the object itself in its place."""
    return value is None or _is_id(value.get("id") if isinstance(value, dict) else value)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH


def _is_moment(value: Any) -> bool:
    return type(value) is int and 0 < value < MAX_TIMESTAMP


def _check_storable(event: dict[str, Any]) -> None:
    for depth, value in _walk(event):
        if depth > MAX_DEPTH:
            raise Refused("The event is nested too deeply.")
        if isinstance(value, str) and not _is_storable_text(value):
            raise Refused("The event holds text that cannot be stored.")
        if isinstance(value, float) and not math.isfinite(value):
            raise Refused("The event holds a number that cannot be stored.")


def _is_storable_text(text: str) -> bool:
    """Neither NUL, which PostgreSQL refuses, nor half a surrogate pair, which is not Unicode."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _walk(value: Any) -> Iterator[tuple[int, Any]]:
    """Yield every value and key with its depth, without recursion: its depth is the sender's."""
    waiting = [(1, value)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if isinstance(value, dict):
            waiting += [(depth + 1, part) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            waiting += [(depth + 1, part) for part in value]
