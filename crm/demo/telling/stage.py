"""What the telling needs at hand, and the table of how to tell each kind of happening."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from accounts.actor import Actor, acting_as
from crm.demo.album import Album
from crm.demo.enquiries import EnquiryPlan
from crm.demo.happenings import Happening
from crm.demo.houses import HousePlan
from crm.demo.people import AGENT, MANAGER, Person
from crm.demo.sandbox import Sandbox
from crm.demo.travel import Receiver
from listings.models import Enquiry, Property


@dataclass
class Stage:
    """The rows that have come to be, by what the story calls them."""

    sandbox: Sandbox
    receiver: Receiver
    album: Album
    password: str  # hashed already, for all logins: hashing is slow on purpose
    houses: dict[str, int] = field(default_factory=dict)
    enquiries: dict[int, int] = field(default_factory=dict)
    new_cards: set[int] = field(default_factory=set)  # owners whose card nobody has looked at

    def house(self, plan: HousePlan) -> Property:
        joined = Property.objects.select_related("owner__user")
        return joined.get(pk=self.houses[plan.title])

    def enquiry(self, plan: EnquiryPlan) -> Enquiry:
        return Enquiry.objects.get(pk=self.enquiries[plan.number])


class NotInTheStory(Exception):
    """A form refused what the story says; the message holds its errors."""


@singledispatch
def tell(happening: Happening, stage: Stage) -> None:
    """Do what happens. The clock stands at `happening.at` already."""
    raise NotImplementedError(type(happening).__name__)


def valid(form: Any) -> Any:
    """Return the form, which the story must have filled in rightly."""
    if not form.is_valid():
        raise NotInTheStory(f"{type(form).__name__}: {form.errors.as_json()}")
    return form


def by_owner(house: Property) -> AbstractContextManager[Actor]:
    return acting_as(house.owner.user.email, "site")


def by_person(person: Person) -> AbstractContextManager[Actor]:
    return acting_as(person.email, "admin" if person in (MANAGER, AGENT) else "site")
