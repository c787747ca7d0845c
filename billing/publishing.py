"""A house goes before guests when it is paid for and staff approve it; neither alone is enough."""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F, Q

from accounts.london import day_of
from billing import gateway, notices
from billing.models import ListingException, Membership
from billing.models.membership import MembershipQuerySet
from billing.patience import short_patience
from listings import lifecycle
from listings.choices import ListingStatus
from listings.models import Property

logger = logging.getLogger(__name__)

ON_SHOW = (ListingStatus.LIVE, ListingStatus.PAUSED)


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
    if not _claim(house, now):
        raise EntitlementMissing("This house has no membership yet. Choose a plan for it first.")
    lifecycle.submit(house, now=now)
    notices.house_submitted(house, now=now)


@transaction.atomic
def approve(house: Property, *, by: str, now: datetime) -> None:
    """Raises EntitlementMissing, TransitionNotAllowed."""
    if not _claim(house, now):
        raise EntitlementMissing(
            f"{house} has no current membership, so it cannot go live. "
            "Ask its owner to choose a plan, or grant it an exception, then approve it."
        )
    lifecycle.approve(house, by=by, now=now)
    notices.house_approved(house, now=now)


@transaction.atomic
def reject(house: Property, *, reason: str, now: datetime) -> None:
    """Raises ReasonMissing, TransitionNotAllowed. The membership stays with the house."""
    lifecycle.reject(house, reason=reason, now=now)
    notices.house_rejected(house, now=now)


@transaction.atomic
def follow_entitlement(house: Property, *, now: datetime) -> None:
    """Take the house off show when nothing stands behind it any more.

    An unused membership of its owner steps in where an exception ends.
    """
    house.refresh_from_db()
    if house.status in ON_SHOW and not _claim(house, now):
        lifecycle.expire(house, now=now)


def is_excepted(house: Property, now: datetime) -> bool:
    """Whether staff let the house be listed without a membership today."""
    return ListingException.objects.running(day_of(now)).filter(property=house).exists()


def _entitlements(house: Property) -> MembershipQuerySet:
    usable = Q(property=house) | Q(property=None, owner=house.owner_id)
    bound_first = F("property").asc(nulls_last=True)
    return Membership.objects.current().filter(usable).order_by(bound_first, "start_date", "pk")


def _claim(house: Property, now: datetime) -> bool:
    """Bind a membership to the house, unless it has one or needs none; whether it may be listed.

    All candidates are locked: two houses submitted at once cannot both take the last one.
    """
    candidates = list(_entitlements(house).select_for_update(of=("self",)))
    if any(membership.property_id for membership in candidates) or is_excepted(house, now):
        return True
    if candidates:
        membership = candidates[0]
        membership.property = house
        membership.save(update_fields=["property", "updated_at"])
        transaction.on_commit(partial(_close_payment_pages, house))
    return bool(candidates)


def _close_payment_pages(house: Property) -> None:
    """Keep the house from being paid for again on a page that is open; where Stripe answers."""
    try:
        with short_patience():
            gateway.close_pages(house)
    except gateway.StripeUnavailable as error:
        logger.warning("A payment page of house %s may still be open: %s", house.pk, error)


def _check_complete(house: Property) -> None:
    missing = house.missing_for_submission()
    if missing:
        raise ListingIncomplete(f"Before you submit {house}, add: {', '.join(missing)}.")
