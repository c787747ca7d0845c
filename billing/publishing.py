"""A house goes before guests when it is paid for and staff approve it; neither alone is enough."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from billing.models import Membership
from billing.models.membership import MembershipQuerySet
from listings import lifecycle
from listings.models import Property


class EntitlementMissing(Exception):
    """No current membership stands behind the house; the message says what to do."""


class ListingIncomplete(Exception):
    """The house lacks something that guests need; the message names it."""


def entitlement_for(house: Property) -> Membership | None:
    """Return the current membership of the house, else its owner's oldest unused one."""
    return _entitlements(house).first()


@transaction.atomic
def submit(house: Property, *, now: datetime) -> None:
    """Put the house before staff, and use up the membership that pays for it.

    Raises ListingIncomplete, EntitlementMissing, TransitionNotAllowed.
    """
    _check_complete(house)
    if not _claim(house):
        raise EntitlementMissing("This house has no membership yet. Choose a plan for it first.")
    lifecycle.submit(house, now=now)


@transaction.atomic
def approve(house: Property, *, by: str, now: datetime) -> None:
    """Raises EntitlementMissing, TransitionNotAllowed."""
    if not _claim(house):
        raise EntitlementMissing(
            f"{house} has no current membership, so it cannot go live. "
            "Ask its owner to choose a plan, then approve it."
        )
    lifecycle.approve(house, by=by, now=now)


@transaction.atomic
def reject(house: Property, *, reason: str, now: datetime) -> None:
    """Raises ReasonMissing, TransitionNotAllowed. The membership stays with the house."""
    lifecycle.reject(house, reason=reason, now=now)


def _entitlements(house: Property) -> MembershipQuerySet:
    usable = Q(property=house) | Q(property=None, owner=house.owner_id)
    bound_first = F("property").asc(nulls_last=True)
    return Membership.objects.current().filter(usable).order_by(bound_first, "start_date", "pk")


def _claim(house: Property) -> bool:
    """Bind a membership to the house, unless it has one; whether there is one.

    All candidates are locked: two houses submitted at once cannot both take the last one.
    """
    for membership in _entitlements(house).select_for_update(of=("self",)):
        if membership.property_id is None:
            membership.property = house
            membership.save(update_fields=["property", "updated_at"])
        return True
    return False


def _check_complete(house: Property) -> None:
    missing = house.missing_for_submission()
    if missing:
        raise ListingIncomplete(f"Before you submit {house}, add: {', '.join(missing)}.")
