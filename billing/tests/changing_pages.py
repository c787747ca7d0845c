"""What tests of the pages that change a membership share."""

import re
from types import SimpleNamespace

from django.urls import reverse
from django.utils import timezone

from billing import gateway
from billing.sync import refresh_membership
from billing.tests.factories import PlanFactory
from listings.tests.factories import PropertyFactory

PAGES = {"success_url": "http://testserver/done", "cancel_url": "http://testserver/plans"}
PAYS, DECLINES, ASKS = "4242424242424242", "4000000000000341", "4000002500003155"
DAY = 86_400
PRICES = {"bronze": 45_000, "silver": 65_000, "gold": 85_000}


def plan(tier, cycle="annual"):
    net = PRICES[tier] // (10 if cycle == "monthly" else 1)
    return PlanFactory(tier__code=tier, cycle=cycle, net_pence=net)


def buy(running, tier="silver", cycle="annual", card=PAYS):
    """Let Alice buy a plan for a house; return the membership."""
    house = PropertyFactory(live=True)
    url = gateway.start_checkout(house.owner, plan(tier, cycle), house=house, **PAGES)
    paid = running.control.pay(url.rsplit("/", 1)[1], card)
    return refresh_membership(paid["subscription"], now=timezone.now())


def half_way(client, running):
    """Alice, signed in, with a silver year that is half over."""
    running.control.freeze(int(timezone.now().timestamp()) - 182 * DAY)
    membership = buy(running)
    running.control.advance(182 * DAY)
    client.force_login(membership.owner.user)
    return SimpleNamespace(client=client, membership=membership, running=running)


def url_of(membership, name, *more):
    return reverse(name, args=[membership.pk, *more])


def read(response):
    return response.content.decode()


def invoices(running):
    return running.sandbox.all("invoice")


def seal_on(page):
    return re.search(r'name="seal" value="([^"]+)"', page).group(1)


def confirm(who, wanted, **fields):
    address = url_of(who.membership, "membership_change", wanted.pk)
    page = read(who.client.get(address))
    return page, who.client.post(address, {"seal": seal_on(page)} | fields, follow=True)
