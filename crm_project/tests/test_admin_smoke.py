"""Every page of every model in the admin, for everyone who may or may not see it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import Email

from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import (
    ClosedMonth,
    Episode,
    Feature,
    IncomingEvent,
    ListingException,
    Notice,
    Payment,
    Plan,
    ReconcileRun,
    SubscriptionProblem,
    Tier,
)
from billing.tests.factories import (
    ClosedMonthFactory,
    EpisodeFactory,
    FeatureFactory,
    IncomingEventFactory,
    ListingExceptionFactory,
    NoticeFactory,
    PaymentFactory,
    PlanFactory,
    ReconcileRunFactory,
    SubscriptionProblemFactory,
    TierFactory,
)
from crm.models import (
    ActivityLog,
    BulkWrite,
    Contact,
    EnquiryRecord,
    Interaction,
    MembershipRecord,
    PropertyRecord,
    SyncCheck,
    SyncFailure,
)
from crm.tests.factories import (
    ActivityFactory,
    BulkWriteFactory,
    InteractionFactory,
    SyncCheckFactory,
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)


def queued_mail() -> Email:
    EmailMessage("Hello", "Words", to=["alice@example.com"]).send()
    return Email.objects.get()


ROWS: dict[type[Model], Callable[[], Any]] = {
    User: UserFactory,
    Group: lambda: Group.objects.create(name="Agents"),
    Owner: OwnerFactory,
    Payment: PaymentFactory,
    Tier: TierFactory,
    ClosedMonth: ClosedMonthFactory,
    Feature: FeatureFactory,
    IncomingEvent: IncomingEventFactory,
    ListingException: ListingExceptionFactory,
    Plan: PlanFactory,
    ReconcileRun: ReconcileRunFactory,
    SubscriptionProblem: SubscriptionProblemFactory,
    Episode: EpisodeFactory,
    Notice: NoticeFactory,
    Email: queued_mail,
    Contact: contact,
    PropertyRecord: property_record,
    EnquiryRecord: enquiry_record,
    MembershipRecord: membership_record,
    Interaction: InteractionFactory,
    ActivityLog: ActivityFactory,
    SyncFailure: SyncFailureFactory,
    SyncCheck: SyncCheckFactory,
    BulkWrite: BulkWriteFactory,
}
MODELS = sorted(ROWS, key=lambda model: model._meta.label)
ADDED_BY_HAND = {User, Group, Tier, Feature, ListingException, Plan, Interaction}
JUNK = ["%00", "(", "%ED%A0%80", "9999999999999999999999", "2026-99-99", "{{7*7}}"]
# Not filters of any list; the last four are look-ups that Django would hand to the database.
OTHER_PARAMETERS = ["q", "o", "p", "all", "_facets", "e", "_popup", "_to_field", "nonsense"]
OTHER_PARAMETERS += ["id", "pk__in", "email__regex=(&x", "owner__user__password__startswith"]


def page(model: type[Model], view: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def by_name(model: type[Model]) -> str:
    return model._meta.label


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    client.force_login(UserFactory(staff=True))
    return client


@pytest.fixture
def visitor(client: Client, db: None) -> Client:
    return client


def test_the_admin_has_exactly_these_models() -> None:
    assert set(admin.site._registry) == set(ROWS)


@pytest.mark.parametrize("model", MODELS, ids=by_name)
class TestASuperuserSees:
    def test_the_empty_list(self, desk: Client, model: type[Model]) -> None:
        assert desk.get(page(model, "changelist")).status_code == 200

    def test_the_list(self, desk: Client, model: type[Model]) -> None:
        ROWS[model]()

        assert desk.get(page(model, "changelist")).status_code == 200

    def test_the_row(self, desk: Client, model: type[Model]) -> None:
        row = ROWS[model]()

        assert desk.get(page(model, "change", row.pk)).status_code == 200

    def test_its_history(self, desk: Client, model: type[Model]) -> None:
        row = ROWS[model]()

        assert desk.get(page(model, "history", row.pk), follow=True).status_code == 200

    def test_the_form_for_a_new_row_where_rows_are_added_by_hand(
        self, desk: Client, model: type[Model]
    ) -> None:
        expected = 200 if model in ADDED_BY_HAND else 403

        assert desk.get(page(model, "add")).status_code == expected

    @pytest.mark.parametrize("key", ["junk", "%00", "9" * 40])
    def test_the_home_page_where_a_row_does_not_exist(
        self, desk: Client, model: type[Model], key: str
    ) -> None:
        assert desk.get(f"{page(model, 'changelist')}{key}/change/").status_code == 302


@pytest.mark.parametrize("model", MODELS, ids=by_name)
class TestJunkInTheAddress:
    def test_never_breaks_a_list(self, desk: Client, model: type[Model]) -> None:
        ROWS[model]()
        filters = admin.site.get_model_admin(model).list_filter
        own = [name for one in filters for name in one.parameters()]
        asked = [f"?{name}={junk}" for name in own for junk in JUNK]
        asked += [f"?{name}={junk}" for name in OTHER_PARAMETERS for junk in JUNK[:1]]

        answers = {query: desk.get(page(model, "changelist") + query) for query in asked}

        assert not {query for query, answer in answers.items() if answer.status_code >= 500}

    def test_never_breaks_the_form_for_a_new_row(self, desk: Client, model: type[Model]) -> None:
        fields = [field.name for field in model._meta.get_fields() if not field.auto_created]
        asked = ["&".join(f"{name}={junk}" for name in fields) for junk in JUNK]

        answers = {query: desk.get(f"{page(model, 'add')}?{query}") for query in asked}

        assert not {query for query, answer in answers.items() if answer.status_code >= 500}

    def test_a_null_character_never_reaches_a_field_of_a_new_row(
        self, desk: Client, model: type[Model]
    ) -> None:
        model_admin = admin.site.get_model_admin(model)
        asked = RequestFactory().get("/", {"contact": "a\x00", "groups": "1,\x00", "email": "kept"})

        assert model_admin.get_changeform_initial_data(asked) == {"email": "kept"}

    def test_never_breaks_the_choices_of_another_page(
        self, desk: Client, model: type[Model]
    ) -> None:
        query = {"term": "\x00(", "app_label": "crm", "model_name": model._meta.model_name}

        answer = desk.get(reverse("admin:autocomplete"), query | {"field_name": "contact"})

        assert answer.status_code in (200, 403)


@pytest.mark.parametrize("model", MODELS, ids=by_name)
@pytest.mark.parametrize("view", ["changelist", "add"])
class TestOthersAreKeptOut:
    def test_a_stranger_is_sent_to_log_in(
        self, visitor: Client, model: type[Model], view: str
    ) -> None:
        answer = visitor.get(page(model, view), follow=True)

        assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))

    def test_an_owner_is_told_that_this_is_for_staff(
        self, visitor: Client, model: type[Model], view: str
    ) -> None:
        visitor.force_login(OwnerFactory().user)

        answer = visitor.get(page(model, view), follow=True)

        assert answer.status_code == 403
        assert "This part is for staff" in answer.content.decode()

    def test_staff_without_the_permission_are_refused(
        self, visitor: Client, model: type[Model], view: str
    ) -> None:
        visitor.force_login(UserFactory(is_staff=True))

        assert visitor.get(page(model, view)).status_code == 403


def test_a_choice_tells_two_people_of_one_name_apart(desk: Client) -> None:
    contact(user__first_name="Ann", user__last_name="Lee", user__email="ann@example.com")
    asked = {"app_label": "crm", "model_name": "interaction", "field_name": "contact"}

    found = desk.get(reverse("admin:autocomplete"), asked | {"term": "ann"}).json()

    assert [option["text"] for option in found["results"]] == ["Ann Lee · ann@example.com"]


class TestTheCommandPalette:
    def test_finds_a_contact_by_e_mail(self, desk: Client) -> None:
        contact(user__email="margaret@example.com")

        answer = desk.get(reverse("admin:search"), {"s": "margaret@", "extended": "1"})

        assert "margaret@example.com" in answer.content.decode()

    def test_finds_a_page_by_its_title(self, desk: Client) -> None:
        answer = desk.get(reverse("admin:search"), {"s": "price"})

        assert page(Plan, "changelist") in answer.content.decode()

    @pytest.mark.parametrize("junk", ["", "%00", "%ED%A0%80", "x&page=junk", "x&page=99", "'("])
    def test_survives_junk(self, desk: Client, junk: str) -> None:
        assert desk.get(f"{reverse('admin:search')}?s={junk}&extended=1").status_code == 200

    def test_shows_no_records_to_staff_without_permission(self, visitor: Client) -> None:
        visitor.force_login(UserFactory(is_staff=True))
        contact(user__email="margaret@example.com")

        answer = visitor.get(reverse("admin:search"), {"s": "margaret@", "extended": "1"})

        assert "margaret@example.com" not in answer.content.decode()

    def test_costs_the_same_for_few_and_for_many(self, desk: Client) -> None:
        for _ in range(12):
            contact(user__first_name="Margaret")

        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse("admin:search"), {"s": "margaret", "extended": "1"})

        asked = [query for query in queries if "SAVEPOINT" not in query["sql"]]
        # session, user, four searches, queue lengths
        assert len(asked) == 7
