"""What is in the database: is it free for the demo, how to empty it, what the demo put there."""

from django.core import serializers
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Count, Model

from accounts.models import Owner, User
from billing.models import Feature, Membership, Payment, Plan, Tier
from crm.models import ActivityLog, Contact, Interaction
from listings.models import Enquiry, Photo, Property
from listings.photos import delete_stored

# Stands in the database from the first row to the last, and tells of a demo that was interrupted.
UNFINISHED = "unfinished-demo@gatehouse.example"


def is_in_use() -> bool:
    return User.objects.exists()


def is_unfinished() -> bool:
    return User.objects.filter(email=UNFINISHED).exists()


def mark_unfinished() -> None:
    User.objects.create(email=UNFINISHED, is_active=False, password="!")  # noqa: S106


def mark_finished() -> None:
    User.objects.get(email=UNFINISHED).delete()


def empty_everything() -> None:
    """Empty every table but the price list, which came with the migrations."""
    for name in Photo.objects.values_list("image", flat=True):
        delete_stored(name)
    rows = [*Feature.objects.all(), *Tier.objects.all(), *Plan.objects.all()]
    price_list = serializers.serialize("json", rows)
    call_command("flush", interactive=False, verbosity=0)
    for row in serializers.deserialize("json", price_list):
        row.save()
    _number_on([Feature, Tier, Tier.features.through, Plan])


def _number_on(models: list[type[Model]]) -> None:
    """Let new rows get numbers after those that were put back: the flush began them anew."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def summary() -> list[tuple[str, int, str]]:
    """Return lines of what there is: name, number, and how it divides."""
    return [
        ("Owners", Owner.objects.count(), ""),
        ("Houses", Property.objects.count(), _by_status(Property)),
        ("Photos", Photo.objects.count(), ""),
        ("Enquiries", Enquiry.objects.count(), _by_status(Enquiry) + _held_back()),
        ("Memberships", Membership.objects.count(), _by_status(Membership)),
        ("Payments", Payment.objects.count(), _taken()),
        ("Contacts", Contact.objects.count(), ""),
        ("Interactions", Interaction.objects.count(), ""),
        ("Activity log", ActivityLog.objects.count(), ""),
    ]


def _by_status(model: type[Model]) -> str:
    counted = dict(model.objects.order_by().values_list("status").annotate(Count("pk")))
    labels = model._meta.get_field("status").choices or []
    return ", ".join(f"{counted.get(value, 0)} {label.lower()}" for value, label in labels)


def _held_back() -> str:
    return f"; {Enquiry.objects.exclude(quarantine_reason='').count()} held back"


def _taken() -> str:
    pence = sum(Payment.objects.values_list("gross_pence", flat=True))
    return f"£{pence / 100:,.2f} with VAT"
