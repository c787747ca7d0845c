from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat

from billing.models import Membership
from crm.mirror.among import Among
from crm.mirror.base import MIRRORS, Mirror
from crm.mirror.references import house, owners_contact
from crm.mirror.rows import Key, Outcome
from crm.models import Contact, Entity, MembershipRecord


class Memberships(Mirror):
    """Memberships as Stripe last told them; the price is the one of a cycle, without VAT."""

    name = "memberships"
    entity = Entity.MEMBERSHIPS
    source = Membership
    record = MembershipRecord
    link = "membership"
    called = Concat("tier__name", Value(" "), "billing_cycle")
    status = "status"
    columns = {
        "membership": F("pk"),
        "contact": Subquery(
            Contact.objects.order_by().filter(user=OuterRef("owner__user")).values("pk")
        ),
        "property": F("property__crm_record__pk"),
        "plan_tier": Coalesce("tier__code", Value("")),
        "plan_price_pence": F("net_pence"),
        **{
            column: F(column)
            for column in (
                "billing_cycle",
                "start_date",
                "end_date",
                "renewal_date",
                "cancelled_date",
                "status",
                "stripe_customer_id",
                "stripe_subscription_id",
                "last_payment_date",
                "last_payment_amount_pence",
                "next_payment_date",
                "auto_renew",
                "payment_failure_count",
                "created_at",
                "updated_at",
            )
        },
    }
    references = {"contact": owners_contact("owner__user"), "property": house("property")}
    parents = {"contact": ("owners", "owner__user"), "property": ("properties", "property")}
    routine = frozenset({"updated_at"})

    def sync(self, keys: Iterable[Key], *, now: datetime) -> Outcome:
        """As in the base; the house that a membership carried before has no tier from it now."""
        keys = list(keys)
        carried = self.records().filter(Among("membership", keys)).exclude(property__property=None)
        moved = carried.exclude(property__property=F("membership__property"))
        left = list(moved.values_list("property__property", flat=True))
        outcome = super().sync(keys, now=now)
        MIRRORS["properties"].sync(left, now=now)
        return outcome
