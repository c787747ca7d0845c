"""The database as a whole: emptied between two runs, and laid side by side after them."""

from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model
from django_q.models import OrmQ
from djstripe.models import Event
from post_office.models import Email

from billing.models import IncomingEvent, SubscriptionMoment
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from crm_project.tests.emptying import delete_rows

# What a migration has put there, and tests expect to find.
KEPT = {
    "auth_permission",
    "billing_feature",
    "billing_plan",
    "billing_tier",
    "billing_tier_features",
    "django_content_type",
    "django_migrations",
    "django_q_schedule",
}
SOURCE_APPS = ("accounts", "listings", "billing")
# Made from chance each time.
RANDOM = {"password", "image", "main_image", "message_id"}
RECORDS: tuple[type[Model], ...] = (Contact, PropertyRecord, EnquiryRecord, MembershipRecord)

Rows = dict[str, list[dict[str, Any]]]


def empty() -> None:
    """Delete all rows and start their numbers anew, at a fraction of the price of a flush."""
    delete_rows(but=KEPT)
    if anew := _number_anew():
        with connection.cursor() as cursor:
            cursor.execute(anew)


@cache
def _number_anew() -> str:
    numbered = connection.introspection.sequence_list()
    numbers = [one for one in numbered if one["table"] not in KEPT]
    return "".join(connection.ops.sequence_reset_by_name_sql(no_style(), numbers))


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def source_models() -> list[type[Model]]:
    """What the site itself writes; the mirror's tables are none of its business."""
    ours = [model for app in SOURCE_APPS for model in apps.get_app_config(app).get_models()]
    return [*ours, EmailAddress, Email, Event]


def source_rows() -> Rows:
    return _rows(*source_models()) | {"tasks for the worker": [{"count": OrmQ.objects.count()}]}


def without_inbox(rows: Rows) -> Rows:
    """Leave out what Stripe said: that is kept by itself, whatever becomes of what follows."""
    said = {model._meta.label for model in (IncomingEvent, SubscriptionMoment)}
    return {name: told for name, told in rows.items() if name not in said}


def record_rows() -> Rows:
    return _rows(*RECORDS)


def _rows(*models: type[Model]) -> Rows:
    return {model._meta.label: _rows_of(model) for model in models}


def _rows_of(model: type[Model]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in RANDOM}
        for row in model._base_manager.order_by("pk").values()
    ]
