"""Which record a column refers to in the end, whatever state the records are in now.

A projection can only name records that are there, as they stand. A comparison has to know more: a
contact that lost its user, two owners who swapped addresses, a house whose record is gone. What is
to be repaired in the parent is then not mistaken for a difference of the child, nor overlooked.
"""

from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from crm.mirror.people import is_an_owners, known_owners, to_be_adopted
from crm.models import Contact
from listings.models import Property


class LastingId(Func):
    """The id that the record of a source gets by its key; see SyncStatement.

    For contacts, which get another, it stands for "one that is still to be made".
    """

    arg_joiner = " || "
    template = "MD5(%(expressions)s)"
    output_field = UUIDField()

    def __init__(self, mirror: str, key: str) -> None:
        name = Value(f"{mirror}:", output_field=TextField())
        super().__init__(name, Cast(key, TextField()))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(
            compiler, connection, template="CAST(MD5(%(expressions)s) AS uuid)", **context
        )


def house(path: str) -> Combinable:
    """Return the record of the house at this path, if there is such a house."""
    stands = Exists(Property.objects.filter(pk=OuterRef(path)))
    return Coalesce(
        F(f"{path}__crm_record__pk"), Case(When(stands, then=LastingId("properties", path)))
    )


def owners_contact(path: str) -> Combinable:
    """Return the contact of the owner whose user is at this path."""
    known = known_owners().filter(user=OuterRef(path))
    return Coalesce(
        Subquery(_contacts().filter(user=OuterRef(path)).values("pk")),
        Subquery(to_be_adopted().filter(email=OuterRef(f"{path}__email")).values("pk")),
        Case(When(Exists(known), then=LastingId("owners", path))),
    )


def guests_contact(path: str) -> Combinable:
    """Return the contact that the address at this path belongs to by right."""
    known = Exists(known_owners().filter(user=OuterRef("user")))
    return Coalesce(
        Subquery(_contacts().filter(known, user__email=OuterRef(path)).values("pk")),
        Subquery(_contacts().filter(~is_an_owners(), email=OuterRef(path)).values("pk")),
        LastingId("guests", path),
    )


def _contacts() -> QuerySet[Contact]:
    return Contact.objects.order_by()
