"""Drills: what the line from Stripe to the membership bears, with figures. See `make drill`."""
