"""The list of the activity log: what it folds, leaves out and finds, and how it is paged."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import acting_as
from accounts.models import User
from crm.admin import activity_lines, activity_pages
from crm.admin.activity import ActivityAdmin
from crm.admin.activity_lines import NEWEST_FIRST, beyond, place_of
from crm.admin.activity_pages import ActivityChangeList
from crm.backfill import sync_batch
from crm.mirror import MIRRORS
from crm.mirror.history import ROUTINE
from crm.models import ActivityLog, PropertyRecord
from crm.tests.admin.test_queries import cost
from crm.tests.factories import ActivityFactory, contact, property_record

LOG = "admin:crm_activitylog_changelist"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def built(minutes: int = 0, **fields: Any) -> ActivityLog:
    return ActivityFactory.build(created_at=NOON + timedelta(minutes=minutes), **fields)


def write(*entries: ActivityLog) -> list[ActivityLog]:
    return ActivityLog.objects.bulk_create(entries)


def entry(minutes: int = 0, **fields: Any) -> ActivityLog:
    return write(built(minutes, **fields))[0]


def run(count: int, minutes: int = 0, **fields: Any) -> list[ActivityLog]:
    """What a command writes in one go."""
    machine = {"actor": "system:crm_backfill", "origin": "command", "activity_type": "created"}
    return write(*(built(minutes, **{**machine, **fields}) for _ in range(count)))


def read(desk: Client, **asked: Any) -> ActivityChangeList:
    return desk.get(reverse(LOG), asked).context["cl"]


def follow(desk: Client, address: str) -> ActivityChangeList:
    return desk.get(reverse(LOG) + address).context["cl"]


def counts(listed: ActivityChangeList) -> list[int]:
    """How many changes each line stands for."""
    return [row.line.count for row in listed.result_list]


def titles(listed: ActivityChangeList) -> list[str]:
    return [row.title for row in listed.result_list]


def words(desk: Client, **asked: Any) -> str:
    return desk.get(reverse(LOG), asked).content.decode()


class TestFolding:
    def test_what_a_command_did_in_one_go_is_one_line(self, desk: Client) -> None:
        run(400)

        page = words(desk)

        assert "400 contacts created" in page
        assert counts(read(desk)) == [400]

    def test_the_line_opens_to_each_of_its_changes(self, desk: Client) -> None:
        entry(-1)
        made = run(40)
        entry(1)
        (line,) = [row for row in read(desk).result_list if row.line.is_run]

        opened = follow(desk, line.url)

        assert opened.result_count == 40
        assert {row.pk for row in opened.result_list} <= {each.pk for each in made}

    def test_the_line_says_from_when_to_when(self, desk: Client) -> None:
        run(1), run(1, minutes=7)

        assert "1 Jun 2026, 13:00 to 13:07" in words(desk)

    def test_a_backfill_really_becomes_one(self, desk: Client) -> None:
        keys = [property_record().property_id for _ in range(3)]
        PropertyRecord.objects.all().delete()
        with acting_as("system:crm_backfill", "command"):
            sync_batch(MIRRORS["properties"], keys, now=NOON)

        assert counts(read(desk, actor="system:crm_backfill")) == [3]

    @pytest.mark.parametrize(
        "other",
        [
            {"actor": "system:crm_check"},
            {"origin": "worker"},
            {"entity_type": "properties"},
            {"activity_type": "updated"},
            {"cause": "bulk_write"},
            {"minutes": 12 * 60},  # the next day in London
        ],
    )
    def test_what_differs_begins_a_line_of_its_own(self, desk: Client, other: Any) -> None:
        run(2)
        run(2, **other)

        assert counts(read(desk)) == [2, 2]

    def test_what_came_between_parts_a_run(self, desk: Client) -> None:
        run(2)
        entry(1)
        run(2, minutes=2)

        assert counts(read(desk)) == [2, 1, 2]

    @pytest.mark.parametrize("actor", ["bob@example.com", "stripe", "visitor"])
    def test_what_people_and_stripe_did_is_never_folded(self, desk: Client, actor: str) -> None:
        run(2, actor=actor)

        assert counts(read(desk)) == [1, 1]

    def test_a_run_longer_than_is_read_at_a_time_is_whole(self, desk: Client) -> None:
        entry(-1)
        run(250)
        entry(1)

        assert counts(read(desk)) == [1, 250, 1]

    def test_a_run_too_long_to_count_says_so(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activity_lines, "COUNTED", 100)
        run(250)
        entry(1)

        listed = read(desk)

        assert "More than 100 contacts created" in words(desk)
        assert listed.counted.is_more
        assert follow(desk, listed.exact_url).counted.number == 251

    def test_pages_of_runs_miss_nothing(self, desk: Client) -> None:
        for minute in range(35):
            run(3, minutes=2 * minute)
            entry(2 * minute + 1)

        first = read(desk)
        second = follow(desk, first.older_url)
        third = follow(desk, second.older_url)

        assert [sum(counts(page)) for page in (first, second, third)] == [60, 60, 20]
        assert follow(desk, third.newer_url).lines[0].count + sum(counts(second)) > 60

    def test_every_change_can_be_shown_by_itself(self, desk: Client) -> None:
        run(3)

        assert counts(read(desk, show="everything")) == [1, 1, 1]


class TestRoutine:
    def test_is_left_out_and_that_is_said_with_the_number(self, desk: Client) -> None:
        entry(outcome=ROUTINE), entry(outcome=ROUTINE), entry()

        assert "2 routine changes are left out of this page" in words(desk)
        assert counts(read(desk)) == [1]

    def test_is_counted_once_over_all_pages(self, desk: Client) -> None:
        write(*(built(minute) for minute in range(40)))
        write(*(built(minute, outcome=ROUTINE) for minute in range(40)))

        first = read(desk)
        second = follow(desk, first.older_url)

        assert first.left_out + second.left_out == 40

    @pytest.mark.parametrize("place", ["", "oldest"])
    def test_a_long_row_of_it_is_counted_without_reading_it(self, desk: Client, place: str) -> None:
        entry(-1)
        write(*(built(outcome=ROUTINE) for _ in range(200)))
        entry(1)

        listed = read(desk, at=place)

        assert (counts(listed), listed.left_out) == ([1, 1], 200)

    def test_within_a_long_run_is_counted_and_parts_nothing(self, desk: Client) -> None:
        for _ in range(5):
            run(30)
            run(1, outcome=ROUTINE)

        listed = read(desk)

        assert (counts(listed), listed.left_out) == ([150], 5)

    def test_is_shown_on_request(self, desk: Client) -> None:
        entry(outcome=ROUTINE)

        assert follow(desk, read(desk).everything_url).result_count == 1

    @pytest.mark.parametrize("asked", [{"q": "Olive"}, {"cause": "any"}])
    def test_is_among_what_somebody_asks_for(self, desk: Client, asked: dict[str, str]) -> None:
        entry(outcome=ROUTINE, cause="bulk_write", title="Contact updated: Olive")

        assert read(desk, **asked).result_count == 1

    def test_where_there_is_nothing_else_it_is_still_said(self, desk: Client) -> None:
        entry(outcome=ROUTINE)

        assert "1 routine change is left out" in words(desk)


class TestFilters:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"actor": "alice@example.com"}, ["Alice"]),
            ({"actor": "ALICE@Example.com "}, ["Alice"]),
            ({"actor": "alice"}, ["Alice's namesake", "Alice"]),
            ({"actor": "stripe"}, ["Stripe"]),
            ({"actor": "visitor"}, ["Visitor"]),
            ({"actor": "system"}, ["Worker", "Command"]),
            ({"actor": "system:crm_retry"}, ["Worker"]),
            ({"what": "merged"}, ["Alice"]),
            ({"entity": "memberships"}, ["Stripe"]),
            ({"cause": "any"}, ["Worker"]),
            ({"cause": "failed_sync"}, ["Worker"]),
            ({"cause": "bulk_write"}, []),
            ({"actor": "stripe", "entity": "contacts"}, []),
            ({"q": "who orker"}, []),
            ({"q": "orker"}, ["Worker"]),
            ({"q": "alice@example"}, ["Alice's namesake", "Alice"]),
        ],
    )
    def test_find_what_they_say(
        self, desk: Client, asked: dict[str, str], found: list[str]
    ) -> None:
        entry(title="Alice", actor="alice@example.com", activity_type="merged")
        entry(title="Alice's namesake", actor="alice@example.com.au")
        entry(title="Stripe", actor="stripe", entity_type="memberships")
        entry(title="Visitor", actor="visitor")
        entry(title="Command", actor="system:crm_backfill")
        entry(title="Worker", actor="system:crm_retry", cause="failed_sync")

        assert titles(read(desk, **asked)) == found

    def test_a_day_is_londons(self, desk: Client) -> None:
        entry(11 * 60 - 1, title="23:59 in London")
        entry(11 * 60, title="Midnight in London")

        listed = read(desk, created_at_from="2026-06-02", created_at_to="2026-06-02")

        assert titles(listed) == ["Midnight in London"]

    def test_all_of_one_record_with_its_routine_and_nothing_folded(self, desk: Client) -> None:
        record = property_record(title="Larkfield Hall")
        run(2, entity_type="properties", entity_id=record.pk, outcome=ROUTINE)
        run(2)

        page = words(desk, record=str(record.pk))

        assert counts(read(desk, record=str(record.pk))) == [1, 1, 1]
        assert "Property Larkfield Hall" in page

    def test_all_of_a_record_that_is_gone_by_its_last_name(self, desk: Client) -> None:
        gone = entry(title="Contact deleted: Olive Ash").entity_id

        assert "Contact Olive Ash" in words(desk, record=str(gone))

    def test_each_that_is_used_is_named_and_can_be_taken_away(self, desk: Client) -> None:
        entry(actor="stripe")

        listed = read(desk, actor="stripe", what="updated")

        said = {one["said"]: one["url"] for one in listed.chosen}
        assert said == {"stripe": "?what=updated", "Updated": "?actor=stripe"}

    def test_a_record_leads_to_its_history(self, desk: Client) -> None:
        record = contact()

        answer = desk.get(reverse("admin:crm_contact_history", args=[record.pk]))

        assert answer.url == f"{reverse(LOG)}?record={record.pk}"

    def test_a_person_who_may_not_read_the_log_gets_djangos_own_history(
        self, client: Client, dora: User
    ) -> None:
        dora.user_permissions.remove(
            *dora.user_permissions.filter(codename="view_activitylog"),
        )
        client.force_login(dora)

        answer = client.get(reverse("admin:crm_contact_history", args=[contact().pk]))

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "junk",
        [
            {"record": str(uuid4())},
            {"run": "1-2"},
            {"run": "9" * 30},
            {"actor": "\x00"},
            {"q": " "},
        ],
    )
    def test_junk_is_no_fault(self, desk: Client, junk: dict[str, str]) -> None:
        entry()

        assert desk.get(reverse(LOG), junk).status_code == 200


class TestPages:
    @pytest.fixture
    def entries(self) -> list[ActivityLog]:
        """Seventy, the later ones at one and the same moment."""
        return write(*(built(min(number, 40)) for number in range(70)))

    def test_lead_from_the_newest_to_the_oldest_and_back(
        self, desk: Client, entries: list[ActivityLog]
    ) -> None:
        first = read(desk)
        second = follow(desk, first.older_url)
        third = follow(desk, second.older_url)

        read_on = [row.pk for page in (first, second, third) for row in page.result_list]
        assert read_on == sorted((each.pk for each in entries), reverse=True)
        assert third.older_url == ""
        assert titles(follow(desk, third.newer_url)) == titles(second)

    def test_begin_at_the_oldest_too(self, desk: Client, entries: list[ActivityLog]) -> None:
        last = read(desk, at="oldest")

        assert [row.pk for row in last.result_list] == [each.pk for each in entries[29::-1]]
        assert last.newer_url
        assert not last.older_url

    def test_on_the_way_back_end_with_a_full_first_page(
        self, desk: Client, entries: list[ActivityLog]
    ) -> None:
        near_the_top = read(desk, at=f"newer-{entries[50].pk}")

        assert titles(near_the_top) == titles(read(desk))
        assert near_the_top.newer_url == ""

    def test_keep_the_filters_and_no_place(self, desk: Client, entries: list[Any]) -> None:
        second = follow(desk, read(desk, actor="bob@example.com").older_url)

        assert second.newest_url == "?actor=bob%40example.com"
        assert "at=" not in second.everything_url

    @pytest.mark.parametrize("place", ["junk", "older-x", "older-0", "newer-" + "9" * 40])
    def test_at_no_place_begin_with_the_newest(
        self, desk: Client, entries: list[ActivityLog], place: str
    ) -> None:
        assert titles(read(desk, at=place)) == titles(read(desk))

    def test_cost_the_same_deep_down(self, desk: Client, entries: list[ActivityLog]) -> None:
        first = cost(desk, reverse(LOG))
        deep = cost(desk, f"{reverse(LOG)}?at=older-{entries[35].pk}")

        # Below the first page, also where it starts.
        assert len(deep) == len(first) + 1

    def test_count_no_further_than_anybody_reads(
        self, desk: Client, entries: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activity_lines, "COUNTED", 50)

        listed = read(desk)

        assert "More than 50 changes" in words(desk)
        assert follow(desk, listed.exact_url).counted.number == 70


class TestSearch:
    @pytest.fixture(autouse=True)
    def looks_through_forty(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(activity_pages, "SEARCHED", 40)
        entry(title="Contact updated: Olive the First")
        write(*(built(minute) for minute in range(1, 60)))
        entry(60, title="Contact updated: Olive the Last")

    def test_says_how_far_it_looked(self, desk: Client) -> None:
        assert "back to 1 Jun 2026, 13:21" in words(desk, q="olive")

    def test_looks_further_back_on_request(self, desk: Client) -> None:
        first = read(desk, q="Olive the")

        further = follow(desk, first.further_url)

        assert titles(first) == ["Contact updated: Olive the Last"]
        assert titles(further) == ["Contact updated: Olive the First"]
        assert further.further_url == ""

    def test_that_finds_nothing_so_far_says_that_there_is_more_to_look_through(
        self, desk: Client
    ) -> None:
        page = words(desk, q="nowhere")

        assert "Nothing matches" in page
        assert "Look further back" in page


@pytest.mark.parametrize("seed", range(2))
class TestAnyLog:
    """Each change is shown, folded or counted, and only once."""

    @pytest.fixture(autouse=True)
    def any_log(self, db: None, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        monkeypatch.setattr(activity_lines, "STRETCH", 5)
        monkeypatch.setattr(ActivityAdmin, "list_per_page", 6)
        check = {"actor": "system:crm_check", "origin": "repair"}
        backfill = {"actor": "system:crm_backfill", "origin": "command"}
        kinds = [{"actor": "bob@example.com"}, check, check, backfill]
        dice, minute, kind, entries = Random(seed), 0, check, []
        for _ in range(90):
            minute += dice.choice([0, 0, 0, 1, 400])
            kind = dice.choice(kinds) if dice.random() < 0.2 else kind
            outcome = ROUTINE if dice.random() < 0.3 else ""
            entries.append(built(minute, outcome=outcome, **kind))
        write(*entries)

    def test_from_the_newest_to_the_oldest(self, desk: Client) -> None:
        pages = [read(desk)]
        while address := pages[-1].older_url:
            pages.append(follow(desk, address))

        news = ActivityLog.objects.exclude(outcome=ROUTINE).count()
        assert sum(sum(counts(page)) for page in pages) == news
        assert sum(page.left_out for page in pages) == 90 - news

    def test_from_the_oldest_to_the_newest(self, desk: Client) -> None:
        pages = [read(desk, at="oldest")]
        while address := pages[-1].newer_url:
            pages.append(follow(desk, address))

        *told, newest = pages  # which is a full page, whatever the one before it told
        top = told[-1].result_list[0]
        news = ActivityLog.objects.exclude(outcome=ROUTINE)
        above = beyond(news, NEWEST_FIRST.reversed(), place_of(top)).count()
        assert sum(sum(counts(page)) for page in told) + above == news.count()
        assert titles(newest) == titles(read(desk))

    def test_in_each_run_that_is_opened(self, desk: Client) -> None:
        runs = [row for row in read(desk).result_list if row.line.is_run]

        opened = [follow(desk, row.url).counted.number for row in runs]

        assert opened == [row.line.count for row in runs] != []
