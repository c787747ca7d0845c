"""A grammar of malformed deliveries; the same seed makes the same ones."""

import json
import random
import time
from typing import Any

from billing.tests.deliveries import make_event, sign


def about(**subject):
    return json.dumps(make_event(data={"object": subject})).encode()


# What a sender with the right secret could still get wrong; dj-stripe answers 500 to most of it.
SIGNED_JUNK = {
    "nothing": b"",
    "a number": b"123",
    "null": b"null",
    "true": b"true",
    "a list": b"[]",
    "an empty object": b"{}",
    "a text": b'"evt_1"',
    "cut short": json.dumps(make_event()).encode()[:-5],
    "not UTF-8": b'{"id": "\xff"}',
    "UTF-16": json.dumps(make_event()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(make_event()).encode(),
    "brackets without end": b"[" * 100_000,
    "deeply nested": json.dumps(make_event(data={"object": {"a": None}}))
    .encode()
    .replace(b"null}}", b"[" * 400 + b"]" * 400 + b"}}"),
    "a number too long": b'{"id": ' + b"9" * 10_000 + b"}",
    "not a number": json.dumps(make_event(pending=float("nan"))).encode(),
    "infinity": json.dumps(make_event()).encode().replace(b"1780000000", b"1e999"),
    "infinity inside": json.dumps(make_event(extra=1))
    .encode()
    .replace(b'"extra": 1', b'"e": 1e999'),
    "NUL in the id": json.dumps(make_event(id="evt\0")).encode(),
    "NUL in a key": json.dumps(make_event(**{"a\0": 1})).encode(),
    "half a surrogate pair": json.dumps(make_event(id="\ud800")).encode(),
    "a number as id": json.dumps(make_event(id=1)).encode(),
    "no id": json.dumps(make_event(id=None)).encode(),
    "an empty type": json.dumps(make_event(type="")).encode(),
    "a list as type": json.dumps(make_event(type=["a"])).encode(),
    "an id too long": json.dumps(make_event(id="e" * 300)).encode(),
    "another object": json.dumps(make_event(object="charge")).encode(),
    "a time of text": json.dumps(make_event(created="today")).encode(),
    "a time of true": json.dumps(make_event(created=True)).encode(),
    "a time beyond time": json.dumps(make_event(created=10**15)).encode(),
    "data of nothing": json.dumps(make_event(data=None)).encode(),
    "data without an object": json.dumps(make_event(data={})).encode(),
    "an account of a number": json.dumps(make_event(account=5)).encode(),
    "no kind of object": about(),
    "a kind of a list": about(object=["invoice"]),
    "a customer of a number": about(object="invoice", customer=5),
    "a customer of a list": about(object="invoice", customer=["a"]),
    "a customer without an id": about(object="invoice", customer={}),
    "a customer with a path as id": about(object="invoice", customer={"id": "../prices"}),
    "an empty customer": about(object="invoice", customer=""),
    "a customer on two lines": about(object="invoice", customer="cus_1\n"),
    "a subscription of true": about(object="checkout.session", subscription=True),
    "a parent of a number": about(object="invoice", parent=5),
    "details of a list": about(object="invoice", parent={"subscription_details": [1]}),
    "a parent's subscription of a number": about(
        object="invoice", parent={"subscription_details": {"subscription": 5}}
    ),
    "a subscription with a number as id": about(object="subscription", id=5),
    "a subscription with a path as id": about(object="subscription", id="../customers"),
    "a subscription with dots as id": about(object="subscription", id=".."),
    "a coupon with a number as id": about(object="coupon", id=5),
    "data with a text": json.dumps(make_event(data={"object": "sub_1"})).encode(),
}


NAMES = ("id", "object", "type", "created", "livemode", "api_version", "data", "account")
SCALARS = (None, True, False, 0, -1, 5, 10**20, 1e308, "", "x", "\x00", "\ud800", "é" * 300, "../x")
HEADERS = (
    *("", "t=", "v1=", "t=1", "t=1,v1=", "t=1,v1=zz", "t=-1,v1=%s", "t=1e9,v1=%s", "t=%d,v1=%s"),
    *("t=%d,v1=%s,v1=%s", "t=%d, v1=%s", "v1=%s,t=%d", "t=%d,v0=%s", "t=%d,v1=%s;", "t=%d,,v1=%s"),
    *("\xff\xfe", "t=\xb2,v1=%s", "t=%d,v1=%s\n", "a" * 5000, "t=99999999999999,v1=%s"),
)
ADDRESSES = (None, None, "junk", "1.2.3.4, 5.6.7.8", "\xff", "::1", "9" * 500, "' OR 1=1 --", ",,,")
LENGTHS = (None,) * 12 + ("", "-5", "abc", "99999999999999999999", "0x10", "1e3", "5, 6")
METHODS = ("POST",) * 20 + ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")


class Junk:
    """Half of it is signed with the right secret, so that it comes as far as it can."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def delivery(self) -> tuple[str, bytes, dict[str, str]]:
        """Return method, body and what of the request is out of the ordinary."""
        body = self.body()
        given = {"HTTP_STRIPE_SIGNATURE": self.header(body)}
        if (address := self.random.choice(ADDRESSES)) is not None:
            given["HTTP_X_FORWARDED_FOR"] = address
        if (length := self.random.choice(LENGTHS)) is not None:
            given["CONTENT_LENGTH"] = length
        return self.random.choice(METHODS), body, given

    def header(self, body: bytes) -> str:
        draw = self.random.random()
        if draw < 0.5:
            return sign(body)
        if draw < 0.6:
            return sign(body, "whsec_forged")
        if draw < 0.7:
            return sign(body, moment=int(time.time()) + self.random.choice([-9999, 400, 10**8]))
        text = self.random.choice(HEADERS).replace("%d", str(int(time.time())))
        while "%s" in text:
            text = text.replace("%s", f"{self.random.getrandbits(256):064x}", 1)
        return text

    def body(self) -> bytes:
        draw = self.random.random()
        if draw < 0.4:
            return self.random.choice(list(SIGNED_JUNK.values()))
        if draw < 0.6:
            return self.random.randbytes(self.random.randrange(2000))
        if draw < 0.7:
            return json.dumps(self.value(0)).encode()
        if draw < 0.8:
            return self.damaged()
        return self.spoiled_event()

    def spoiled_event(self) -> bytes:
        """An event of which one thing that must be right is not."""
        event: dict[str, Any] = make_event()
        name = self.random.choice(
            [name for name in NAMES if name not in ("api_version", "account")]
        )
        wrong = [value for value in SCALARS if not is_good(name, value)]
        event[name] = self.random.choice(wrong)
        return json.dumps(event).encode()

    def damaged(self) -> bytes:
        """JSON with its end cut off: whatever the cut, a bracket is missing."""
        whole = json.dumps(make_event(data={"object": self.value(0)})).encode()
        return whole[: self.random.randrange(len(whole))]

    def value(self, depth: int) -> Any:
        draw = self.random.random()
        if depth > 6 or draw < 0.5:
            return self.random.choice(SCALARS)
        size = self.random.randrange(4)
        if draw < 0.75:
            return [self.value(depth + 1) for _ in range(size)]
        names = self.random.choices((*NAMES, "customer", "subscription", "parent", "\x00"), k=size)
        return {name: self.value(depth + 1) for name in names}


def is_good(name: str, value: Any) -> bool:
    """Whether an event with this value there would be taken."""
    if name in ("id", "type"):
        return isinstance(value, str) and value in ("x", "../x")
    if name == "created":
        return value == 5 and value is not True
    return name == "livemode" and value is False
