"""Plays written histories of subscriptions through the production code: `revenue_replay`."""
