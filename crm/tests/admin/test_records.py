"""What staff may write: their own columns. What nobody may: the mirrored ones, history, money."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Payment, Plan
from billing.tests.factories import (
    FeatureFactory,
    PaymentFactory,
    PlanFactory,
    SubscriptionProblemFactory,
    TierFactory,
)
from crm.models import ActivityLog, PropertyRecord
from crm.tests.factories import (
    ActivityFactory,
    SyncFailureFactory,
    contact,
    enquiry_record,
    membership_record,
    property_record,
)


def page(row: Model, view: str) -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{view}", args=[row.pk])


def stored(row: Model) -> dict[str, Any]:
    return type(row).objects.filter(pk=row.pk).values().get()


class TestStaffsOwnColumns:
    @pytest.mark.parametrize("make", [property_record, enquiry_record, membership_record])
    def test_are_saved(self, desk: Client, bob: User, make: Any) -> None:
        record = make()

        desk.post(
            admin_url(record),
            {"notes": "Call in May.", "tags": "vip", "assigned_to": bob.pk},
        )

        record.refresh_from_db()
        assert (record.notes, record.tags, record.assigned_to) == ("Call in May.", ["vip"], bob)

    def test_leave_a_line_in_the_activity_log(self, desk: Client, bob: User) -> None:
        record = property_record(notes="Old.")

        desk.post(admin_url(record), {"notes": "New.", "tags": "", "assigned_to": ""})

        line = ActivityLog.objects.filter(entity_id=record.pk).latest("pk")
        assert line.changes == {"notes": ["Old.", "New."]}
        assert line.actor == bob.email

    def test_leave_none_when_nothing_changed(self, desk: Client) -> None:
        record = property_record(notes="Old.", tags=["vip"])
        before = ActivityLog.objects.count()

        desk.post(admin_url(record), {"notes": "Old.", "tags": "vip", "assigned_to": ""})

        assert ActivityLog.objects.count() == before

    def test_can_be_assigned_to_staff_alone(self, desk: Client) -> None:
        record = property_record()

        answer = desk.post(admin_url(record), {"notes": "", "assigned_to": UserFactory().pk})

        assert "Select a valid choice" in answer.content.decode()

    def test_do_not_take_a_synced_column_back_to_what_the_page_showed(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record = property_record(title="Old Hall")
        save = PropertyRecord.save

        def sync_meanwhile(row: PropertyRecord, **options: Any) -> None:
            PropertyRecord.objects.filter(pk=row.pk).update(title="New Hall")
            save(row, **options)

        monkeypatch.setattr(PropertyRecord, "save", sync_meanwhile)
        desk.post(admin_url(record), {"notes": "Call.", "tags": "", "assigned_to": ""})

        assert stored(record)["title"] == "New Hall"


class TestTags:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("", []),
            ("vip", ["vip"]),
            (" VIP ,slow   payer,, vip ", ["vip", "slow payer"]),
            ("café, 🏰", ["café", "🏰"]),
        ],
    )
    def test_are_typed_with_commas(self, desk: Client, typed: str, kept: list[str]) -> None:
        record = property_record()

        desk.post(admin_url(record), {"notes": "", "tags": typed, "assigned_to": ""})

        assert stored(record)["tags"] == kept

    @pytest.mark.parametrize("typed", ["x" * 41, ",".join(map(str, range(21))), "a\x00b"])
    def test_that_are_too_much_are_refused_and_kept(self, desk: Client, typed: str) -> None:
        record = property_record()

        answer = desk.post(admin_url(record), {"notes": "", "tags": typed, "assigned_to": ""})

        assert answer.context["errors"]
        assert stored(record)["tags"] == []

    @pytest.mark.parametrize("tag", ["vip", "VIP", "café", "100%", "a_b", 'say "hi"', "🏰"])
    def test_find_their_records(self, desk: Client, tag: str) -> None:
        record = property_record(tags=[tag.lower(), "other"])
        property_record(tags=["vips", "cafés", "100", "axb"])

        listed = desk.get(reverse("admin:crm_propertyrecord_changelist"), {"tag": tag})

        assert list(listed.context["cl"].result_list) == [record]


class TestMirroredColumns:
    @pytest.mark.parametrize("make", [contact, property_record, enquiry_record, membership_record])
    def test_are_not_taken_from_a_form(self, desk: Client, make: Any) -> None:
        record = make()
        before = stored(record)
        forged = {name: "forged" for name in before if name not in ("tags", "notes")}

        desk.post(admin_url(record), forged | {"notes": "", "tags": "", "assigned_to": ""})

        assert stored(record) == before

    @pytest.mark.parametrize("make", [property_record, enquiry_record, membership_record])
    def test_go_with_records_that_nobody_deletes(self, desk: Client, make: Any) -> None:
        record = make()

        answer = desk.post(page(record, "delete"), {"post": "yes"})

        assert answer.status_code == 403

    def test_link_to_the_house_on_the_site(self, desk: Client) -> None:
        record = property_record(live=True, title="Larkfield Hall")

        assert 'href="/houses/larkfield-hall/"' in desk.get(admin_url(record)).content.decode()

    def test_say_when_the_house_is_gone(self, desk: Client) -> None:
        record = property_record()
        record.property.delete()

        assert "Deleted there" in desk.get(admin_url(record)).content.decode()


class TestHeldBackEnquiries:
    def test_say_why_on_the_list_and_on_their_own_page(self, desk: Client) -> None:
        record = enquiry_record(quarantine_reason="house not live")

        pages = [reverse("admin:crm_enquiryrecord_changelist"), admin_url(record)]
        shown = [desk.get(address).content.decode() for address in pages]

        assert all("Held back: house not live" in one for one in shown)

    def test_say_so_on_the_owners_page(self, desk: Client) -> None:
        record = enquiry_record(quarantine_reason="house not live")

        page = desk.get(admin_url(record.owner)).content.decode()

        assert "Held back: house not live" in page

    @pytest.mark.parametrize(("answer", "names"), [("yes", {"Held"}), ("no", {"Seen", "Spam"})])
    def test_have_a_filter_of_their_own(self, desk: Client, answer: str, names: set[str]) -> None:
        enquiry_record(guest_name="Held", quarantine_reason="house not live")
        enquiry_record(guest_name="Spam", quarantine_reason="house not live", status="spam")
        enquiry_record(guest_name="Seen")

        listed = desk.get(reverse("admin:crm_enquiryrecord_changelist"), {"held_back": answer})

        assert {record.guest_name for record in listed.context["cl"].result_list} == names


@pytest.mark.parametrize(
    "make", [ActivityFactory, PaymentFactory, SubscriptionProblemFactory, SyncFailureFactory]
)
class TestHistoryAndMoney:
    def test_are_not_edited_by_a_superuser(self, desk: Client, make: Any) -> None:
        row = make()
        before = stored(row)

        answer = desk.post(page(row, "change"), {"title": "Forged", "net_pence": "1"})

        assert answer.status_code == 403
        assert stored(row) == before

    def test_are_not_deleted_by_a_superuser(self, desk: Client, make: Any) -> None:
        row = make()

        answer = desk.post(page(row, "delete"), {"post": "yes"})

        assert answer.status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()

    def test_are_not_deleted_from_the_list(self, desk: Client, make: Any) -> None:
        row = make()
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}

        desk.post(reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_changelist"), chosen)

        assert type(row).objects.filter(pk=row.pk).exists()


class TestTheActivityLog:
    def test_shows_before_and_after_in_words(self, desk: Client) -> None:
        line = ActivityFactory(
            entity_type="properties",
            changes={
                "listing_status": ["pending_approval", "live"],
                "price_pence": [120_000, 180_050],
                "created_at": [None, "2026-07-01T23:30:00Z"],
                "withdrawn_column": [None, "2026-99-99"],
            },
        )

        shown = desk.get(admin_url(line)).content.decode()

        for words in ("Pending approval", "£1,800.50", "2 Jul 2026, 00:30", "2026-99-99"):
            assert words in shown


class TestThePriceList:
    def test_is_typed_in_pounds_and_kept_in_pence(self, desk: Client) -> None:
        plan = PlanFactory()
        typed = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}

        desk.post(admin_url(plan), typed | {"net_pence": "649.99", "vat_basis_points": "20"})

        assert Plan.objects.get(pk=plan.pk).net_pence == 64_999

    @pytest.mark.parametrize(("typed", "kept"), [("20", 2000), ("17.5", 1750), ("0", 0)])
    def test_vat_is_typed_in_per_cent(self, desk: Client, typed: str, kept: int) -> None:
        plan = PlanFactory(tier__code="silver")
        form = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}

        desk.post(admin_url(plan), form | {"net_pence": "650", "vat_basis_points": typed})

        assert Plan.objects.get(pk=plan.pk).vat_basis_points == kept
        assert f'value="{kept / 100:.2f}"' in desk.get(admin_url(plan)).content.decode()

    @pytest.mark.parametrize("typed", ["2000", "100.01", "-1", "0.001"])
    def test_refuses_what_is_no_vat_rate(self, desk: Client, typed: str) -> None:
        plan = PlanFactory()
        form = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}

        answer = desk.post(admin_url(plan), form | {"net_pence": "1", "vat_basis_points": typed})

        assert answer.status_code == 200
        assert Plan.objects.get(pk=plan.pk).vat_basis_points == 2000

    def test_a_second_price_on_sale_is_refused_in_words(self, desk: Client) -> None:
        plan = PlanFactory()
        form = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}
        place = reverse("admin:billing_plan_add")

        answer = desk.post(place, form | {"net_pence": "700", "vat_basis_points": "20"})

        shown = answer.content.decode()
        assert "Silver has another yearly price on sale." in shown
        assert "Constraint" not in shown

    @pytest.mark.parametrize("forged", ["9" * 21, "-" + "9" * 21, "x"])
    def test_a_forged_tier_is_refused_in_words(self, desk: Client, forged: str) -> None:
        form = {"tier": forged, "cycle": "monthly", "currency": "gbp", "active": "on"}
        place = reverse("admin:billing_plan_add")

        answer = desk.post(place, form | {"net_pence": "700", "vat_basis_points": "20"})

        assert answer.status_code == 200
        assert "Select a valid choice" in answer.content.decode()

    def test_a_price_of_nothing_is_refused_in_words(self, desk: Client) -> None:
        plan = PlanFactory()
        form = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}

        answer = desk.post(admin_url(plan), form | {"net_pence": "0", "vat_basis_points": "20"})

        shown = answer.content.decode()
        assert "A price is more than nothing." in shown
        assert "Constraint" not in shown

    @pytest.mark.parametrize("price", ["", "-1", "0", "1.001", "NaN", "1e400", "abc"])
    def test_refuses_what_is_no_price(self, desk: Client, price: str) -> None:
        plan = PlanFactory()
        typed = {"tier": plan.tier_id, "cycle": plan.cycle, "currency": "gbp", "active": "on"}

        answer = desk.post(admin_url(plan), typed | {"net_pence": price, "vat_basis_points": "20"})

        assert answer.status_code == 200
        assert Plan.objects.get(pk=plan.pk).net_pence == plan.net_pence

    def test_says_which_tier_brings_which_feature(self, desk: Client) -> None:
        tier, feature = TierFactory(), FeatureFactory(text="A video")
        typed = {"code": tier.code, "name": "Silver", "display_name": "Silver", "rank": tier.rank}

        desk.post(admin_url(tier), typed | {"features": [feature.pk]})

        assert list(tier.features.all()) == [feature]

    def test_is_read_only_for_other_staff(self, client: Client, dora: User) -> None:
        client.force_login(dora)

        assert client.post(admin_url(PlanFactory()), {"net_pence": "1"}).status_code == 403


class TestUsers:
    def test_staff_cannot_make_themselves_superusers(self, client: Client, dora: User) -> None:
        dora.user_permissions.add(Permission.objects.get(codename="change_user"))
        client.force_login(dora)

        client.post(admin_url(dora), {"email": dora.email, "is_superuser": "on", "is_staff": "on"})

        dora.refresh_from_db()
        assert not dora.is_superuser

    def test_an_owners_phone_is_corrected_at_the_source(self, desk: Client) -> None:
        owner = OwnerFactory()

        desk.post(admin_url(owner), {"phone": "01632 960999", "country": "United Kingdom"})

        assert stored(owner.user.crm_record)["phone"] == "01632 960999"


def test_payments_of_one_owner_are_listed(desk: Client) -> None:
    payment = PaymentFactory()
    PaymentFactory()

    listed = desk.get(reverse("admin:billing_payment_changelist"), {"owner": payment.owner_id})

    assert list(listed.context["cl"].result_list) == [payment]
    assert Payment.objects.count() == 2
