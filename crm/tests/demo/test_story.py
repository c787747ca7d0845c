"""The plan of the story: pure, so it is tested without a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from crm.demo import happenings as story
from crm.demo.memberships import COUNTS, REFUSALS, RISING, Course, counts, months_before
from crm.demo.story import ENQUIRIES, LENGTH, OWNERS, plan_story

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan():
    return plan_story("gatehouse", NOW)


def all_of(plan, kind):
    return [each for each in plan.happenings if isinstance(each, kind)]


class TestRepeats:
    def test_the_same_seed_and_moment_tell_the_same_story(self, plan):
        assert plan_story("gatehouse", NOW) == plan

    def test_another_seed_tells_another_story(self, plan):
        others = {each.house.title for each in all_of(plan_story("other", NOW), story.AddHouse)}

        shared = others & {each.house.title for each in all_of(plan, story.AddHouse)}

        assert len(shared) < 5

    def test_a_later_moment_moves_everything_along(self, plan):
        later = plan_story("gatehouse", NOW + timedelta(days=7))

        names = [each.house.title for each in all_of(later, story.AddHouse)]

        assert set(names) == {each.house.title for each in all_of(plan, story.AddHouse)}


class TestSize:
    def test_forty_owners_sixty_houses_four_hundred_enquiries(self, plan):
        kinds = Counter(type(each) for each in plan.happenings)

        assert kinds[story.SignUp] == OWNERS == 40
        assert kinds[story.AddHouse] == sum(COUNTS.values()) == 60
        assert kinds[story.Enquire] == ENQUIRIES == 400

    def test_eighteen_months(self, plan):
        assert plan.begins_at <= NOW - LENGTH
        assert plan.happenings[-1].at < NOW

    @pytest.mark.parametrize("scale", [0.05, 0.1, 0.5])
    def test_a_smaller_story_has_every_course_still(self, scale):
        assert set(counts(scale)) == set(Course)
        assert min(counts(scale).values()) == 1


class TestOrder:
    def test_time_never_goes_back(self, plan):
        moments = [each.at for each in plan.happenings]

        assert moments == sorted(moments)

    @pytest.mark.parametrize("seed", ["gatehouse", "one", "two", "three"])
    @pytest.mark.parametrize("scale", [0.1, 1])
    def test_nothing_happens_to_what_is_not_there_yet(self, seed, scale):
        owners, houses, enquiries, known = set(), set(), set(), set()
        for each in plan_story(seed, NOW, scale).happenings:
            match each:
                case story.SignUp():
                    owners.add(each.owner.email)
                case story.AddHouse():
                    assert each.owner.email in owners
                    houses.add(each.house.title)
                case story.Enquire():
                    assert each.enquiry.house.title in houses
                    enquiries.add(each.enquiry.number)
                    known.add(each.enquiry.email)
                case story.OfEnquiry():
                    assert each.enquiry.number in enquiries
                case story.OfHouse():
                    assert each.house.title in houses
                case story.Talk() | story.Annotate():
                    assert each.email in owners | known

    @pytest.mark.parametrize("seed", ["gatehouse", "one", "two", "three"])
    def test_a_house_is_paid_for_before_it_is_submitted_and_approved(self, seed):
        steps = {}
        for each in all_of(plan_story(seed, NOW), story.OfHouse):
            steps.setdefault(each.house.title, []).append(type(each))

        for taken in steps.values():
            assert taken[0] is story.Buy
            if story.Approve in taken:
                assert taken.index(story.Submit) < taken.index(story.Approve)


class TestPeople:
    def test_every_address_and_every_house_name_is_given_once(self, plan):
        emails = [each.owner.email for each in all_of(plan, story.SignUp)]
        titles = [each.house.title for each in all_of(plan, story.AddHouse)]

        assert len(set(emails)) == len(emails)
        assert len(set(titles)) == len(titles)

    def test_addresses_and_telephone_numbers_are_nobodys(self, plan):
        for each in all_of(plan, story.Enquire):
            assert each.enquiry.email.endswith(("@example.com", "@example.org"))
            phone = each.enquiry.answers.get("guest_phone") or "01632 960000"
            assert phone.startswith(("01632 960", "07700 900"))

    def test_some_guests_ask_again_and_again(self, plan):
        asked = Counter(each.enquiry.email for each in all_of(plan, story.Enquire))

        assert sum(number >= 3 for number in asked.values()) >= 3

    def test_one_guest_signs_up_as_an_owner_later(self, plan):
        signups = {each.owner.email: each.at for each in all_of(plan, story.SignUp)}

        asked = [
            (each.at, signups[each.enquiry.email])
            for each in all_of(plan, story.Enquire)
            if each.enquiry.email in signups
        ]

        assert len(asked) == 3
        assert all(enquired < signed_up for enquired, signed_up in asked)

    def test_an_owner_whose_card_changes_has_one_house(self, plan):
        owner_of = {each.house.title: each.owner.email for each in all_of(plan, story.AddHouse)}
        houses = Counter(owner_of.values())

        changed = {owner_of[each.house.title] for each in all_of(plan, story.ChangeCard)}

        assert {houses[email] for email in changed} == {1}


class TestMoney:
    """What staff most want to see has happened to somebody."""

    @pytest.mark.parametrize(
        "kind",
        [
            story.ChangePlan,
            story.BankSays,
            story.GiveBack,
            story.Credit,
            story.Dispute,
            story.DecideDispute,
            story.GiveCoupon,
            story.Hold,
        ],
    )
    @pytest.mark.parametrize("scale", [0.05, 1])
    def test_everything_happens_even_in_a_small_story(self, kind, scale):
        assert list(all_of(plan_story("gatehouse", NOW, scale), kind))

    def test_disputes_are_won_lost_and_open(self, plan):
        decided = list(all_of(plan, story.DecideDispute))

        assert {each.won for each in decided} == {True, False}
        assert len(list(all_of(plan, story.Dispute))) == len(decided) + 1

    def test_renewals_fail_for_every_reason(self, plan):
        codes = {each.code for each in all_of(plan, story.BankSays)}
        cards = {each.card for each in all_of(plan, story.ChangeCard)}

        assert set(REFUSALS) <= codes | cards

    def test_plans_change_both_ways_and_between_monthly_and_yearly(self, plan):
        bought = {each.house.title: each.sale for each in all_of(plan, story.Buy)}
        moves = [(bought[each.house.title], each) for each in all_of(plan, story.ChangePlan)]

        steps = {RISING.index(new.tier) - RISING.index(old.tier) for old, new in moves}
        assert min(steps) < 0 < max(steps)
        assert {(old.cycle, new.cycle) for old, new in moves if old.cycle != new.cycle} == {
            ("monthly", "annual"),
            ("annual", "monthly"),
        }

    def test_the_worker_comes_each_morning(self, plan):
        days = {each.at.date() for each in all_of(plan, story.WorkerRound)}

        assert len(days) == LENGTH.days


def test_months_are_counted_back_over_the_turn_of_the_year():
    assert months_before(datetime(2026, 2, 28, 9, 30, tzinfo=UTC), 14).date().isoformat() == (
        "2024-12-28"
    )
    assert months_before(datetime(2026, 11, 5, tzinfo=UTC), -2).date().isoformat() == "2027-01-05"
