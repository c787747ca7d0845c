from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import (
    Avg,
    Count,
    DateField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from accounts.london import day_of, start_of_day
from accounts.models import Owner
from billing.models import Payment
from billing.state import OUR_CURRENCY
from crm.models import Contact, EnquiryRecord, Interaction, PropertyRecord
from crm.reports.base import ListReport, register
from crm.reports.members import contact_url
from crm.reports.months import DAY
from crm.reports.table import Column, Kind, Row
from listings.choices import ListingStatus
from listings.models import Enquiry, Property

SPOKEN = (Interaction.Type.EMAIL, Interaction.Type.PHONE, Interaction.Type.MESSAGE)
RESPONSE = ExpressionWrapper(F("first_response_at") - F("created_at"), output_field=DurationField())


@register
class OwnerActivity(ListReport):
    id = "owners"
    title = "Owner activity"
    words = (
        "Each owner's last login and houses as they are now; enquiries, the mean time to a first "
        "answer and payments (with VAT, pounds, after refunds and disputes) of these days; and "
        "the days from the last e-mail, call or message with them to the last of these days. "
        "Enquiries count without spam and what is held back."
    )
    model = Contact
    also = (Payment, EnquiryRecord, PropertyRecord, Interaction)
    columns = (
        Column("owner", "Owner"),
        Column("phone", "Phone"),
        Column("last_login", "Last login", Kind.DAY),
        Column("houses", "Houses", Kind.COUNT, adds_up=True),
        Column("live", "Live", Kind.COUNT, adds_up=True),
        Column("enquiries", "Enquiries", Kind.COUNT, adds_up=True),
        Column("answered", "Answered", Kind.COUNT, adds_up=True),
        Column("response", "Mean to answer", Kind.HOURS),
        Column("paid", "Paid", Kind.PENCE, adds_up=True),
        Column("last_contact", "Last contact", Kind.DAY),
        Column("days_since", "Days since", Kind.COUNT),
    )
    opens_with = "Last 12 months"
    nothing = "Nobody has signed up yet."
    sums = {
        "houses": F("house_count"),
        "live": F("live_count"),
        "enquiries": F("enquiry_count"),
        "answered": F("answered_count"),
        "paid": F("paid_pence"),
    }

    def found(self, *, start: date, end: date, tier: str = "", cycle: str = "") -> QuerySet[Any]:
        since, until = start_of_day(start), start_of_day(end)
        signed_up = Owner.objects.filter(signup_date__lt=until)
        asked = Enquiry.objects.received().filter(created_at__gte=since, created_at__lt=until)
        paid = Payment.objects.filter(currency=OUR_CURRENCY, paid_at__gte=since, paid_at__lt=until)
        spoken = Interaction.objects.filter(
            contact__user=OuterRef("user"), type__in=SPOKEN, created_at__lt=until
        )
        rows = signed_up.annotate(
            house_count=_of_owner(Property.objects.all(), Count("pk")),
            live_count=_of_owner(Property.objects.filter(status=ListingStatus.LIVE), Count("pk")),
            enquiry_count=_of_owner(asked, Count("pk")),
            answered_count=_of_owner(asked, Count("pk", filter=Q(first_response_at__isnull=False))),
            response_time=Subquery(_by_owner(asked, Avg(RESPONSE)), output_field=DurationField()),
            paid_pence=_of_owner(paid, Sum("gross_pence")),
            spoken_at=Subquery(
                spoken.order_by().values("contact").annotate(at=Max("created_at")).values("at")
            ),
            counted_on=Value(end - DAY, output_field=DateField()),
        )
        joined = rows.select_related("user__crm_record")
        return joined.order_by("user__last_name", "user__first_name", "pk")

    def row(self, each: Any) -> Row:
        return {
            "owner": each.name,
            "phone": each.phone or None,
            "last_login": each.user.last_login,
            "houses": each.house_count,
            "live": each.live_count,
            "enquiries": each.enquiry_count,
            "answered": each.answered_count,
            "response": _hours(each.response_time),
            "paid": each.paid_pence,
            "last_contact": each.spoken_at,
            "days_since": each.spoken_at and (each.counted_on - day_of(each.spoken_at)).days,
            "url": contact_url(each),
        }


def _by_owner(rows: QuerySet[Any], what: Any) -> QuerySet[Any]:
    of_one = rows.filter(owner=OuterRef("pk")).order_by().values("owner")
    return of_one.annotate(result=what).values("result")


def _of_owner(rows: QuerySet[Any], what: Any) -> Coalesce:
    return Coalesce(Subquery(_by_owner(rows, what)), 0, output_field=IntegerField())


def _hours(duration: timedelta | None) -> Fraction | None:
    return None if duration is None else Fraction(round(duration / timedelta(seconds=1)), 3600)
