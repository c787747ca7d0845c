"""Owner to ledger over real HTTP: our server, the sandbox, and webhooks between them."""

import pytest

from billing import gateway
from billing.models import Membership, MembershipStatus, Payment
from billing.tests.factories import PlanFactory
from listings.tests.factories import PropertyFactory

pytest_plugins = ["billing.tests.sandbox"]
pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

RETURN_PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}


def buy(running, owner, house, *, card="4242424242424242"):
    url = gateway.start_checkout(owner, PlanFactory(), house=house, **RETURN_PAGES)
    running.control.pay(url.rsplit("/", 1)[1], card, wait=True)
    return Membership.objects.get(owner=owner)


def test_a_paid_checkout_becomes_a_membership_and_a_payment(stripe_live):
    house = PropertyFactory()

    membership = buy(stripe_live, house.owner, house)

    assert (membership.status, membership.property) == (MembershipStatus.ACTIVE, house)
    assert (membership.net_pence, membership.vat_pence) == (65_000, 13_000)
    payment = Payment.objects.get()
    assert (payment.net_pence, payment.vat_pence, payment.gross_pence) == (65_000, 13_000, 78_000)
