"""What a house may have beyond its listing.

Who sells it is not known here: the seller registers how to find the houses that have it, as a
condition, so that a list of houses still costs one query.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from listings.models import Property


class Perk(models.TextChoices):
    """Codes of the features that the site itself honours."""

    WEBSITE_LINK = "website_link", "A link to the owner’s website on the page of the house"
    SEARCH_FIRST = "search_first", "A place before other houses in the search"
    HOMEPAGE = "homepage", "A place among the featured houses on the home page"


@dataclass(frozen=True)
class Standing:
    """What a house is listed as, and what that brings, in words; for its owner and for staff."""

    name: str
    features: list[str]
    note: str = ""


@dataclass
class Seller:
    houses_with: Callable[[str, date], Q]
    standing_of: Callable[["Property", date], Standing | None]


_sellers: list[Seller] = []


def sold_by(seller: Seller) -> None:
    """Name the one seller; called once, when the site starts."""
    _sellers[:] = [seller]


def houses_with(perk: Perk, day: date) -> Q:
    """Return the condition that a house has the perk on a London day."""
    return _sellers[0].houses_with(perk, day) if _sellers else Q(pk__in=[])


def standing_of(house: "Property", day: date) -> Standing | None:
    return _sellers[0].standing_of(house, day) if _sellers else None
