"""When `manage.py demo` makes nothing, and says why."""

from contextlib import nullcontext
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import UserFactory
from billing.models import Plan, ReconcileRun
from crm.demo import making, rows
from crm.demo.making import PASSWORD, make_demo
from crm.demo.sandbox import Sandbox, SandboxError
from crm.demo.story import plan_story
from crm.tests.demo.conftest import NOW, SMALL

pytestmark = pytest.mark.django_db

# The discard port, on which nothing answers.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def in_the_demo(settings):
    settings.DEMO = True


class TestDatabase:
    def test_with_users_is_refused(self):
        UserFactory()

        with pytest.raises(CommandError, match="has users already"):
            call_command("demo")

    def test_with_users_ends_quietly_if_asked_to(self, capsys):
        UserFactory()

        call_command("demo", if_empty=True)

        assert capsys.readouterr().out == ""
        assert User.objects.count() == 1

    def test_that_an_interrupted_demo_left_counts_as_empty(self, settings):
        settings.STRIPE_API_HOST = NOWHERE
        rows.mark_unfinished()

        with pytest.raises(CommandError, match="No Stripe sandbox answers"):
            call_command("demo", if_empty=True)


class TestSettings:
    def test_outside_the_demo_it_is_refused(self, settings):
        settings.DEMO = False

        with pytest.raises(CommandError, match="not the demo"):
            call_command("demo", reset=True)

    def test_with_the_real_stripe_it_is_refused(self, settings):
        del settings.STRIPE_API_HOST

        with pytest.raises(CommandError, match="needs the Stripe sandbox"):
            call_command("demo")

    def test_without_a_sandbox_it_says_how_to_start_one(self, settings):
        settings.STRIPE_API_HOST = NOWHERE

        with pytest.raises(CommandError, match="python -m stripe_sandbox --port 9 "):
            call_command("demo")

    @pytest.mark.parametrize("junk", ["0", "-1", "ten", "nan", "1000"])
    def test_a_scale_that_is_none_is_refused(self, junk):
        with pytest.raises(CommandError, match="from 0.05 to 2"):
            call_command("demo", "--scale", junk)

    @pytest.mark.parametrize("junk", ["yesterday", "2026-11-22", "2026-11-22T14:00:00"])
    def test_a_moment_without_a_time_zone_is_refused(self, junk):
        with pytest.raises(CommandError, match="time zone"):
            call_command("demo", "--now", junk)


class TestLogins:
    def test_are_shown_without_a_sandbox_or_an_empty_database(self, settings, capsys):
        settings.STRIPE_API_HOST = NOWHERE
        UserFactory()

        call_command("demo", show_logins=True)

        shown = capsys.readouterr().out
        for word in ("staff@gatehouse.example", PASSWORD, "4242 4242 4242 4242", "/admin/"):
            assert word in shown


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("price_list")
class TestSandbox:
    def test_that_was_used_before_is_refused_and_left_alone(self, stripe_api):
        sandbox = Sandbox(stripe_api.url, "sk_test_gatehousetests00000000000")
        sandbox._send("POST", "/v1/customers", data={"email": "someone@example.com"})

        with pytest.raises(CommandError, match="was used before"):
            call_command("demo", scale=SMALL, verbosity=0)

        kept = sandbox._send("GET", "/v1/customers")["data"]
        assert [customer["email"] for customer in kept] == ["someone@example.com"]

    def test_is_emptied_and_runs_with_the_wall_again_after_an_interruption(self, stripe_api):
        def interrupted(happenings):
            yield from happenings[:30]
            raise KeyboardInterrupt

        sandbox = Sandbox(stripe_api.url, "sk_test_gatehousetests00000000000")
        plan = plan_story("gatehouse", NOW, SMALL)

        with pytest.raises(KeyboardInterrupt):
            make_demo(plan, sandbox, progress=interrupted)

        assert sandbox.call("GET", "clock")["frozen"] is False
        assert sandbox._send("GET", "/v1/customers")["data"] == []

    def test_whose_webhook_was_not_received_fails_the_command(self, stripe_api, settings):
        settings.STRIPE_WEBHOOK_SECRETS = Refusing()
        sandbox = Sandbox(stripe_api.url, "sk_test_gatehousetests00000000000")
        stripe_api.sandbox.options.retry_seconds = ()
        plan = plan_story("gatehouse", NOW, SMALL)

        with pytest.raises(SandboxError, match="webhooks failed"):
            make_demo(plan, sandbox, progress=list)


@pytest.mark.django_db
def test_a_difference_from_stripe_at_the_end_fails_the_command(monkeypatch):
    def found(progress, **when):
        difference = {"sentences": ["A payment is missing here."]}
        return ReconcileRun.objects.create(started_at=NOW, found=1, listed=[difference])

    monkeypatch.setattr(making, "run_reconcile", found)
    stage = Mock(**{"receiver.closed.return_value": nullcontext()})

    with pytest.raises(making.DemoWentWrong, match="A payment is missing here"):
        making.close_the_books(stage, NOW)


class Refusing(list):
    """Secrets to which none can be added: every delivery is refused."""

    def append(self, secret):
        super().append("whsec_something_else")

    def remove(self, secret):
        super().remove("whsec_something_else")


@pytest.mark.django_db(transaction=True)
def test_emptying_keeps_the_price_list_and_nothing_else(price_list):
    UserFactory()
    prices = list(Plan.objects.values_list("tier__code", "cycle", "net_pence"))

    rows.empty_everything()

    assert not User.objects.exists()
    assert list(Plan.objects.values_list("tier__code", "cycle", "net_pence")) == prices
    assert len(prices) == 6
