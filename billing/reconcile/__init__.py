"""Compares all that Stripe holds with our memberships and payments, and repairs what differs."""
