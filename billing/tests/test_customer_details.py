"""Stripe's customer follows the owner's address and name, whenever Stripe can be told."""

import pytest
import stripe
from django.core.management import CommandError, call_command

from accounts.tests.factories import OwnerFactory
from billing import customer_details, gateway
from billing.models import Customer

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]


@pytest.fixture
def alice(stripe_api):
    owner = OwnerFactory(company="", phone="")
    gateway.ensure_customer(owner)
    return owner


def held(running):
    return running.sandbox.all("customer")[0]


def move_to(owner, email):
    owner.user.email = email
    owner.user.save()


def test_a_new_address_reaches_stripe(alice, stripe_api, capsys):
    move_to(alice, "alice@new.example.com")

    call_command("stripe_customers")

    assert held(stripe_api)["email"] == "alice@new.example.com"
    assert "1 updated, 0 gone, 0 failed" in capsys.readouterr().out


def test_a_company_takes_the_place_of_the_name_and_a_phone_can_be_taken_away(alice, stripe_api):
    alice.company, alice.phone = "Alice & Sons", "020 7946 0000"
    alice.save()
    call_command("stripe_customers")
    alice.phone = ""
    alice.save()

    call_command("stripe_customers")

    assert (held(stripe_api)["name"], held(stripe_api)["phone"]) == ("Alice & Sons", None)


def test_one_who_has_not_changed_is_not_told_again(alice):
    assert list(customer_details.outdated()) == []


def test_what_was_changed_at_stripe_is_not_fought_over(alice, stripe_api):
    with stripe_api.sandbox.changing():
        held(stripe_api)["email"] = "invoices@alice.example.com"

    call_command("stripe_customers")

    assert held(stripe_api)["email"] == "invoices@alice.example.com"


def test_a_customer_of_before_is_told_once(alice, stripe_api, capsys):
    Customer.objects.update(told={})
    move_to(alice, "alice@new.example.com")

    call_command("stripe_customers")
    call_command("stripe_customers")

    assert held(stripe_api)["email"] == "alice@new.example.com"
    assert "0 updated" in capsys.readouterr().out.splitlines()[1]


def test_a_stripe_that_is_away_stops_no_change_and_is_told_later(alice, stripe_api):
    stripe_api.control.faults(api_status=500, count=100)
    move_to(alice, "alice@new.example.com")
    with pytest.raises(CommandError) as silence:
        call_command("stripe_customers")
    stripe_api.control.faults()

    call_command("stripe_customers")

    assert silence.value.returncode == 2
    assert held(stripe_api)["email"] == "alice@new.example.com"


def test_one_whom_stripe_refuses_holds_up_nobody(alice, stripe_api, monkeypatch):
    bob = OwnerFactory()
    gateway.ensure_customer(bob)
    Customer.objects.update(told={})
    tell = gateway.tell_details

    def refuse_alice(customer_id, details):
        if details["email"] != alice.user.email:
            return tell(customer_id, details)
        raise gateway.StripeUnavailable("no") from stripe.InvalidRequestError("no", "email")

    monkeypatch.setattr(gateway, "tell_details", refuse_alice)

    with pytest.raises(CommandError, match="Stripe refused 1"):
        call_command("stripe_customers")

    assert [one.owner for one in customer_details.outdated()] == [alice]


@pytest.mark.parametrize("stripe_id", ["deleted", "cus_elsewhere"])
def test_one_that_stripe_no_longer_has_is_not_asked_after_again(
    alice, stripe_api, capsys, stripe_id
):
    if stripe_id == "deleted":
        stripe_api.sandbox.save({**held(stripe_api), "deleted": True})
    else:
        Customer.objects.update(stripe_id=stripe_id)
    move_to(alice, "alice@new.example.com")

    call_command("stripe_customers")

    assert "0 updated, 1 gone" in capsys.readouterr().out
    assert list(customer_details.outdated()) == []


def test_an_owner_who_was_erased_is_told_of_no_more_and_forgotten(alice, stripe_api, capsys):
    before = held(stripe_api)["email"]
    alice.user.delete()

    call_command("stripe_customers")

    assert "0 updated, 0 gone, 0 failed" in capsys.readouterr().out
    assert held(stripe_api)["email"] == before
    assert Customer.objects.get().told == {}


@pytest.mark.parametrize("owners", [2, 12])
def test_looking_costs_one_query_for_any_number(owners, django_assert_num_queries):
    for number in range(owners):
        owner = OwnerFactory()
        told = gateway.details_of(owner)
        Customer.objects.create(owner=owner, stripe_id=f"cus_{number}", told=told)

    with django_assert_num_queries(1):
        assert list(customer_details.outdated()) == []
