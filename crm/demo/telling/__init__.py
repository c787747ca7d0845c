"""Makes the story true: each happening goes through the product's own forms and functions."""

from crm.demo.telling import guests, houses, money, people, worker  # noqa: F401  (each adds its happenings)
from crm.demo.telling.stage import Stage, tell

__all__ = ["Stage", "tell"]
