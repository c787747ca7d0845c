"""All figures there are: who imports the registry from here has every one of them in it."""

from crm.figures import money, moving, recurring
from crm.figures.base import FIGURES

__all__ = ["FIGURES", "money", "moving", "recurring"]
