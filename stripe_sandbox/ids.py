"""Stripe-looking ids that the same seed always gives again, so that a demo can be repeated."""

import hashlib
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LENGTHS = {"cus": 14, "prod": 14, "si": 14, "cs_test": 58}
USUAL_LENGTH = 24


def derive_id(prefix: str, seed: str, number: int) -> str:
    return f"{prefix}_{derive_text(f'{seed}/{prefix}/{number}', LENGTHS.get(prefix, USUAL_LENGTH))}"


def derive_text(source: str, length: int, alphabet: str = ALPHABET) -> str:
    value = int.from_bytes(hashlib.sha512(source.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        value, index = divmod(value, len(alphabet))
        letters.append(alphabet[index])
    return "".join(letters)
