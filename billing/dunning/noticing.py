"""Yearly members hear of the renewal, and of a card that will not last until then."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.london import day_of
from billing import gateway, mail
from billing.dunning.looking import look_at_method
from billing.dunning.plan import Plan
from billing.dunning.upcoming import EARLY, Renewal, plan_card_notice, plan_renewal_notice
from billing.letters.membership import card_expires, renews
from billing.models import Cycle, Membership, MembershipStatus, Notice, NoticeKind, PaymentMethod
from billing.sync import refresh_membership

LOOK_AGAIN_AFTER = timedelta(hours=20)  # once a working day
RENEWAL_KINDS = (
    NoticeKind.RENEWAL_30,
    NoticeKind.RENEWAL_7,
    NoticeKind.CARD_30,
    NoticeKind.CARD_7,
)


def renewing_soon(now: datetime) -> QuerySet[Membership]:
    """Yearly memberships that renew in the next 30 days."""
    today = day_of(now)
    return members().filter(
        status=MembershipStatus.ACTIVE,
        billing_cycle=Cycle.ANNUAL,
        renewal_date__range=(today + timedelta(days=1), today + timedelta(days=EARLY)),
    )


def to_be_looked_at(now: datetime) -> QuerySet[Membership]:
    """Memberships that will be charged within 30 days, and whose method was not seen of late."""
    stale = Q(payment_method=None) | Q(payment_method__seen_at__lt=now - LOOK_AGAIN_AFTER)
    charged = Q(renewal_date__lte=day_of(now) + timedelta(days=EARLY))
    return members().filter(stale, charged, status=MembershipStatus.ACTIVE)


def members() -> QuerySet[Membership]:
    return Membership.objects.select_related("owner__user", "tier", "property", "payment_method")


def plan_notices(membership: Membership, now: datetime) -> list[Plan]:
    renewal = _renewal(membership)
    return [plan_renewal_notice(renewal, now), plan_card_notice(renewal, now)]


def notify(membership: Membership, *, now: datetime) -> list[Plan]:
    """Send what is due after a look at Stripe; return both plans. Raises StripeUnavailable."""
    if not any(planned.kind for planned in plan_notices(membership, now)):
        return plan_notices(membership, now)
    refresh_membership(membership.stripe_subscription_id, now=now)
    look_at_method(membership, now=now)
    membership = members().get(pk=membership.pk)
    planned = plan_notices(membership, now)
    for each in planned:
        if each.kind:
            _send(each.kind, membership, now)
    return planned


def _renewal(membership: Membership) -> Renewal:
    method = getattr(membership, "payment_method", None)
    notices = Notice.objects.filter(kind__in=RENEWAL_KINDS, subject_id=_subject(membership))
    return Renewal(
        day=membership.renewal_date,
        cycle=membership.billing_cycle,
        status=membership.status,
        has_address=membership.owner_id is not None,
        card_expires_first=bool(method and method.expires_before(membership.renewal_date)),
        sent=frozenset(notices.values_list("kind", flat=True)),
    )


def _send(kind: NoticeKind, membership: Membership, now: datetime) -> None:
    method: PaymentMethod = membership.payment_method
    if kind in (NoticeKind.CARD_30, NoticeKind.CARD_7):
        letter = card_expires(membership, method)
    else:
        price = gateway.preview_renewal(membership.stripe_subscription_id)
        letter = renews(membership, price, method)
    mail.send(
        kind,
        _subject(membership),
        letter,
        owner=membership.owner,
        membership=membership,
        house=membership.property,
        now=now,
    )


def _subject(membership: Membership) -> str:
    """A renewal is a subscription and its day: the next year's is another."""
    return f"{membership.stripe_subscription_id}:{membership.renewal_date}"
