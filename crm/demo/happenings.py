"""The things that happen in the story. They name people and houses; rows come to be in telling."""

from dataclasses import dataclass
from datetime import datetime

from crm.demo.conversations import Words
from crm.demo.enquiries import EnquiryPlan
from crm.demo.houses import HousePlan
from crm.demo.memberships import Sale
from crm.demo.people import OwnerPlan, Person


@dataclass(frozen=True)
class Happening:
    at: datetime


@dataclass(frozen=True)
class StaffJoin(Happening):
    person: Person
    is_manager: bool


@dataclass(frozen=True)
class SignUp(Happening):
    owner: OwnerPlan


@dataclass(frozen=True)
class AddHouse(Happening):
    owner: OwnerPlan
    house: HousePlan


@dataclass(frozen=True)
class OfHouse(Happening):
    house: HousePlan


@dataclass(frozen=True)
class Buy(OfHouse):
    sale: Sale


class Submit(OfHouse):
    pass


@dataclass(frozen=True)
class Approve(OfHouse):
    by: Person


@dataclass(frozen=True)
class Reject(OfHouse):
    by: Person
    reason: str


class Pause(OfHouse):
    pass


class Leave(OfHouse):
    """The owner cancels to the end of what is paid."""


class EndNow(OfHouse):
    """Staff end the membership at once."""


@dataclass(frozen=True)
class ChangeCard(OfHouse):
    card: str


@dataclass(frozen=True)
class ChangePlan(OfHouse):
    """The owner chooses another plan; the product decides whether it begins now or later."""

    tier: str
    cycle: str


@dataclass(frozen=True)
class BankSays(OfHouse):
    """The bank refuses the card on file from now on, for this reason; "" is the end of it."""

    code: str


@dataclass(frozen=True)
class GiveBack(OfHouse):
    """Staff refund the newest payment at Stripe; None is all of it."""

    pence: int | None = None


@dataclass(frozen=True)
class Credit(OfHouse):
    """Staff write a credit note over a part of the newest invoice, for the next ones."""

    pence: int


@dataclass(frozen=True)
class Dispute(OfHouse):
    """The owner has the bank ask for the newest payment back."""

    reason: str


@dataclass(frozen=True)
class DecideDispute(OfHouse):
    won: bool


@dataclass(frozen=True)
class GiveCoupon(OfHouse):
    percent: int
    months: int


@dataclass(frozen=True)
class Hold(OfHouse):
    """Staff charge nothing for a while, and the membership goes on."""

    until: datetime


class WorkerRound(Happening):
    """The worker does what it does each hour of the day."""


@dataclass(frozen=True)
class Enquire(Happening):
    enquiry: EnquiryPlan


@dataclass(frozen=True)
class OfEnquiry(Happening):
    enquiry: EnquiryPlan
    by: Person


class Answer(OfEnquiry):
    pass


class Convert(OfEnquiry):
    pass


@dataclass(frozen=True)
class Lose(OfEnquiry):
    reason: str


class MarkSpam(OfEnquiry):
    pass


@dataclass(frozen=True)
class Talk(Happening):
    """A call, an e-mail or a note, with a contact named by address."""

    email: str
    words: Words
    house: HousePlan | None = None
    enquiry: EnquiryPlan | None = None


@dataclass(frozen=True)
class Annotate(Happening):
    """Staff write on the contact's own card."""

    email: str
    note: str
    tags: tuple[str, ...]
