"""Lock, then fetch, then write: no older state is ever written over a newer one.

The predecessor's failures 5 (a failing or leaving member set back to active) and 8 (an event
marked done before it was processed).
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import locks, patience
from billing.locks import LeaseBusy, LeaseLost, holding
from billing.models import IncomingEvent, Lease, Membership
from billing.sync import refresh_membership
from drills.race import Gate, Member, Worker, no_leases

FIRST = "first"


@pytest.fixture
def member(transactional_db, settings, stripe_api):
    settings.STRIPE_EVENTS_AT_ONCE = False
    return Member(stripe_api)


def renews():
    return Membership.objects.get().auto_renew


@pytest.mark.sandbox
class TestLostUpdate:
    """One worker has fetched that a member leaves, and is slow to write; meanwhile it stays."""

    def meet(self, member):
        gate = Gate(FIRST)
        member.leaves(True)
        first = Worker(member.work, FIRST)
        with gate.stands():
            first.start()
            assert gate.reached.wait(10)
            member.leaves(False)
            second = Worker(member.work)
            second.start()
            second.join(10)
        first.join(10)
        assert not first.is_alive()

    def test_the_later_state_stands(self, member):
        self.meet(member)

        assert not member.is_stale(leaves=False)
        assert set(IncomingEvent.objects.values_list("status", flat=True)) == {"done"}

    def test_without_the_lease_it_would_not(self, member):
        with no_leases():
            self.meet(member)

        assert member.is_stale(leaves=False)


@pytest.mark.sandbox
class TestStalledAndKilled:
    def test_who_was_overtaken_writes_nothing_late(self, member):
        gate = Gate(FIRST)
        member.leaves(True)
        first = Worker(member.work, FIRST)
        with gate.stands():
            first.start()
            assert gate.reached.wait(10)
            Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
            member.leaves(False)
            member.work()
            assert renews()
        first.join(10)

        assert first.error is None
        assert not member.is_stale(leaves=False)

    def test_a_killed_worker_holds_nobody_up_for_longer_than_its_lease(self, member):
        member.leaves(True)
        left = timezone.now() + timedelta(seconds=locks.LEASE_SECONDS)
        Lease.objects.create(name=member.customer, token="of the dead", until=left)

        assert member.work().done == 0
        Lease.objects.update(until=timezone.now())

        assert member.work().done == 1
        assert not renews()

    def test_a_look_by_staff_waits_for_the_worker_and_sees_no_less(self, member, monkeypatch):
        monkeypatch.setattr(locks, "WAIT_SECONDS", 0.2)
        with holding(member.subscription, seconds=0), pytest.raises(LeaseBusy, match="a minute"):
            refresh_membership(member.subscription, now=timezone.now())

        assert refresh_membership(member.subscription, now=timezone.now())


@pytest.mark.django_db
class TestLease:
    def test_a_lease_is_one_holders_alone(self):
        with holding("cus_1", seconds=0), pytest.raises(LeaseBusy), holding("cus_1", seconds=0):
            pass

    def test_it_is_free_after_the_work_and_after_a_failure(self):
        with pytest.raises(ZeroDivisionError), holding("cus_1", seconds=0) as held:
            held.write(lambda: 1 / 0)

        with holding("cus_1", seconds=0):
            assert Lease.objects.count() == 1

    def test_what_another_took_over_is_not_written(self):
        with holding("cus_1", seconds=0) as held:
            Lease.objects.update(token="another's")

            with pytest.raises(LeaseLost):
                held.write(Lease.objects.all().delete)

        assert Lease.objects.get().token == "another's"

    def test_work_that_needs_another_lease_is_begun_anew_with_it(self):
        begun = []

        def work():
            begun.append(sorted(held.names))
            return locks.alone_with_subscription(lambda name: name)("sub_1")

        with holding("cus_1", seconds=0) as held:
            assert held.write(work) == "sub_1"

        assert begun == [["cus_1"], ["cus_1", "sub_1"]]
        assert not Lease.objects.exists()

    def test_nothing_is_told_to_stripe_by_a_transaction(self):
        answers = patience.Answers()

        with pytest.raises(patience.WriteInTransaction):
            answers.give(("post", "https://api.stripe.com/v1/refunds"), lambda: None)
