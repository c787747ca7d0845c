"""A small stateful HTTP double of the part of Stripe that Gatehouse uses.

For the demo, the tests and failure drills. The product never imports it: it talks to it over
HTTP with the official client, exactly as it talks to Stripe. See docs/sandbox.md.
"""

# The version the pinned `stripe` client sends; the shapes below are those of this version.
API_VERSION = "2026-08-26.dahlia"
