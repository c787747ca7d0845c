import pytest

from billing.models import Cycle
from billing.price_list import UnknownPrice, tier_and_cycle
from billing.tests.factories import PlanFactory, TierFactory
from billing.tests.stripe_objects import make_item, make_price, make_subscription

pytestmark = pytest.mark.django_db

MONTHLY = {"interval": "month", "interval_count": 1}


def read(**price):
    return tier_and_cycle(make_subscription(items={"data": [make_item(price=make_price(**price))]}))


def test_the_lookup_key_names_the_tier():
    plan = PlanFactory(tier__code="gold", net_pence=85_000)

    tier, cycle = read(lookup_key=plan.lookup_key, metadata={})

    assert (tier, cycle) == (plan.tier, Cycle.ANNUAL)


def test_a_price_whose_lookup_key_moved_on_keeps_its_tier_by_our_note():
    gold = TierFactory(code="gold")

    assert read(metadata={"tier": "gold"}, recurring=MONTHLY) == (gold, Cycle.MONTHLY)


def test_a_price_made_by_hand_takes_the_tier_of_its_product():
    gold = TierFactory(code="gold")
    product = {"id": "prod_1", "metadata": {"tier": "gold"}}

    assert read(metadata={}, product=product) == (gold, Cycle.ANNUAL)


def test_twelve_months_are_a_year():
    TierFactory(code="silver")

    assert read(recurring={"interval": "month", "interval_count": 12})[1] == Cycle.ANNUAL


@pytest.mark.parametrize(
    "price",
    [
        {"metadata": {}},
        {"metadata": {"tier": "platinum"}},
        {"metadata": {}, "lookup_key": "silver_annual_gbp_1"},
        {"recurring": {"interval": "week", "interval_count": 1}},
    ],
)
def test_an_unknown_price_is_refused_and_not_taken_for_bronze(price):
    TierFactory(code="bronze")
    TierFactory(code="silver")

    with pytest.raises(UnknownPrice, match="price_1"):
        read(**price)
