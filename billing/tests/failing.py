"""A member at the sandbox whose payments fail, with time in our hands; no webhooks."""

import datetime
from dataclasses import dataclass

from accounts.london import LONDON, moment_of_timestamp
from billing import gateway
from billing.dunning import job
from billing.gateway.line import stripe_api
from billing.models import Cycle, Membership
from billing.sync import refresh_membership
from billing.tests.factories import PlanFactory, TierFactory
from listings.tests.factories import PropertyFactory

PAYS = "4242424242424242"
FAILS_LATER = "4000000000000341"
ASKS = "4000002500003155"
PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
BOUGHT = datetime.datetime(2026, 3, 2, 10, tzinfo=LONDON)


@dataclass
class Member:
    """`control`: the sandbox's levers."""

    control: object
    subscription: str

    @property
    def row(self) -> Membership:
        return Membership.objects.get(stripe_subscription_id=self.subscription)

    @property
    def now(self) -> datetime.datetime:
        return moment_of_timestamp(self.control.now())

    def go_to(self, moment: datetime.datetime) -> "Member":
        """Let time pass, and look at Stripe as a webhook would make us."""
        self.control.advance_to(int(moment.timestamp()))
        self.look()
        return self

    def look(self) -> None:
        refresh_membership(self.subscription, now=self.now)

    def run(self):
        return job.run(now=self.now)


def join(running, *, cycle=Cycle.MONTHLY, tier="silver", card=FAILS_LATER, **dates) -> Member:
    control = running.control
    control.freeze(int(BOUGHT.timestamp()))
    house = PropertyFactory(owner__user__email="alice@example.com", live=True)
    plan = PlanFactory(tier=TierFactory(code=tier), cycle=cycle)
    page = gateway.start_checkout(house.owner, plan, house=house, **PAGES)
    control.pay(page.rsplit("/", 1)[1], card, **dates)
    member = Member(control, _subscription(house))
    member.look()
    return member


def _subscription(house) -> str:
    with stripe_api() as api:
        customer = house.owner.stripe_customer.stripe_id
        return api.subscriptions.list({"customer": customer}).data[0].id


def failing(running, **how) -> tuple[Member, datetime.datetime]:
    """Return a member whose first renewal has just failed, and that moment's London noon."""
    member = join(running, **how)
    failed = datetime.datetime.combine(member.row.renewal_date, datetime.time(12), LONDON)
    return member.go_to(failed), failed
