"""Owners list houses and pay for them; staff decide; Stripe's webhooks do the rest."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.actor import acting_as
from accounts.models import Owner
from billing import gateway, publishing
from billing.models import Customer, Membership, Plan
from crm.demo.happenings import (
    AddHouse,
    Approve,
    Buy,
    ChangeCard,
    EndNow,
    Leave,
    Pause,
    Reject,
    Submit,
)
from crm.demo.houses import HousePlan
from crm.demo.telling.stage import Stage, by_owner, by_person, tell, valid
from listings import lifecycle
from listings.forms.house import HouseForm
from listings.models import Photo, Property
from listings.photos import store_photo


@tell.register
def add_house(happening: AddHouse, stage: Stage) -> None:
    owner = Owner.objects.get(user__email=happening.owner.email)
    with acting_as(happening.owner.email, "site"):
        form = valid(HouseForm(as_typed(happening.house), instance=Property(owner=owner)))
        house = form.save_fields()
        stage.houses[happening.house.title] = house.pk
        photos = stage.album.photos(happening.house)
        for position, (photo, caption) in enumerate(photos, start=1):
            Photo.objects.create(
                property=house, image=store_photo(photo), caption=caption, position=position
            )


def as_typed(house: HousePlan) -> dict[str, Any]:
    """Return the fields as an owner types them: prices in pounds."""
    return {
        name: str(Decimal(value) / 100) if name.endswith("_pence") else value
        for name, value in house.fields.items()
    }


@tell.register
def buy(happening: Buy, stage: Stage) -> None:
    house, sale = stage.house(happening.house), happening.sale
    plan = Plan.objects.on_sale().get(tier__code=sale.tier, cycle=sale.cycle)
    dashboard = settings.SITE_URL + reverse("dashboard")
    with by_owner(house):
        page = gateway.start_checkout(
            house.owner, plan, house=house, success_url=dashboard, cancel_url=dashboard
        )
    stage.sandbox.pay(page.rsplit("/", 1)[1], sale.card)


@tell.register
def submit(happening: Submit, stage: Stage) -> None:
    house = stage.house(happening.house)
    with by_owner(house):
        publishing.submit(house, now=timezone.now())


@tell.register
def approve(happening: Approve, stage: Stage) -> None:
    with by_person(happening.by):
        house = stage.house(happening.house)
        publishing.approve(house, by=happening.by.email, now=timezone.now())


@tell.register
def reject(happening: Reject, stage: Stage) -> None:
    with by_person(happening.by):
        house = stage.house(happening.house)
        publishing.reject(house, reason=happening.reason, now=timezone.now())


@tell.register
def pause(happening: Pause, stage: Stage) -> None:
    house = stage.house(happening.house)
    with by_owner(house):
        lifecycle.pause(house, now=timezone.now())


@tell.register
def leave(happening: Leave, stage: Stage) -> None:
    stage.sandbox.cancel(subscription_of(stage.house(happening.house)), at_period_end=True)


@tell.register
def end_now(happening: EndNow, stage: Stage) -> None:
    stage.sandbox.cancel(subscription_of(stage.house(happening.house)), at_period_end=False)


@tell.register
def change_card(happening: ChangeCard, stage: Stage) -> None:
    customer = Customer.objects.get(owner=stage.house(happening.house).owner_id)
    stage.sandbox.change_card(customer.stripe_id, happening.card)
    stage.new_cards.add(customer.owner_id)


def subscription_of(house: Property) -> str:
    return Membership.objects.current().get(property=house).stripe_subscription_id
