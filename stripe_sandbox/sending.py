"""One webhook on its way: signed as Stripe signs, posted, answered or not."""

import hashlib
import hmac

import requests

TIMEOUT_SECONDS = 30


def sign(body: bytes, secret: str, moment: int) -> str:
    signed = f"{moment}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(url: str, body: bytes, headers: dict) -> tuple[int | None, str | None]:
    try:
        response = requests.post(
            url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        return None, str(error)
    return response.status_code, None if response.ok else response.text[:500]
