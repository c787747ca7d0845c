"""Whatever is done to the sources, in any order, the records settle to what an oracle expects."""

import json
import os
from contextlib import contextmanager
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from accounts.actor import acting_as
from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership, MembershipStatus
from billing.tests.factories import MembershipFactory
from crm.backfill import batches, sync_batch
from crm.check import compare, repair
from crm.mirror import ENTITIES, MIRRORS
from crm.mirror.statement import SyncStatement
from crm.models import ActivityLog, Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from crm.tests.mirror import oracle
from listings.choices import EnquiryStatus, ListingStatus
from listings.models import Enquiry, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

RECORDS = (Contact, PropertyRecord, EnquiryRecord, MembershipRecord)
WRITER = "bob@example.com"

addresses = st.sampled_from([f"person{number}@example.com" for number in range(5)])
texts = st.sampled_from(["", "x", "Ann", "Ann van Berg", "O'Neil %s", "Ünï 🏠", 'a\\b"c'])
some_row = st.integers(0, 3)
house_edits = st.one_of(
    st.tuples(st.sampled_from(["description", "town"]), texts),
    st.tuples(st.just("title"), texts.filter(bool)),
    st.tuples(st.just("bedrooms"), st.integers(1, 9)),
    st.tuples(st.sampled_from(["weekend_price_pence"]), st.sampled_from([0, 1, 2**31 - 1])),
    st.tuples(
        st.just("status"), st.sampled_from(sorted(set(ListingStatus) - {ListingStatus.REJECTED}))
    ),
)
enquiry_edits = st.one_of(
    st.tuples(st.sampled_from(["message", "guest_phone"]), texts),
    st.tuples(st.just("guest_name"), texts.filter(bool)),
    st.tuples(st.just("guest_email"), addresses),
    st.tuples(st.just("check_in"), st.none() | st.dates()),
    st.tuples(
        st.just("status"), st.sampled_from(sorted(set(EnquiryStatus) - {EnquiryStatus.LOST}))
    ),
)
membership_edits = st.one_of(
    st.tuples(st.just("net_pence"), st.sampled_from([0, 1, 65_000])),
    st.tuples(st.just("next_payment_date"), st.none() | st.dates()),
    st.tuples(st.just("status"), st.sampled_from(list(MembershipStatus))),
)
owner_edits = st.tuples(st.sampled_from(["phone", "company", "city"]), texts)
EDITS = {Property: house_edits, Enquiry: enquiry_edits, Membership: membership_edits}
edits = st.one_of(*(st.tuples(st.just(model), edit) for model, edit in EDITS.items()))


def pick(model, number):
    rows = list(model.objects.order_by("pk"))
    return rows[number % len(rows)] if rows else None


class Business(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()
        self.unseen = False  # whether something was written past the signals
        self.notes: set[str] = set()  # all that staff wrote, each unlike the others
        self.actor = acting_as(WRITER, "shell")
        self.actor.__enter__()

    def teardown(self):
        try:
            self.settle()
        finally:
            self.actor.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    @initialize()
    def open_for_business(self):
        """Two owners, a house, and two who ask about it: an owner and a stranger."""
        for number in range(2):
            OwnerFactory(user__email=f"person{number}@example.com")
        house = PropertyFactory(owner=User.objects.first().owner)
        for number in (0, 2):
            EnquiryFactory(property=house, guest_email=f"person{number}@example.com")
        for number in range(3):
            self.staff_write_notes(number, Contact)

    # --- What people do ---------------------------------------------------------------------------

    @rule(address=addresses, first=texts)
    def sign_up(self, address, first):
        if not User.objects.filter(email=address).exists():
            OwnerFactory(user__email=address, user__first_name=first)

    @rule(address=addresses)
    def sign_up_without_confirming(self, address):
        if not User.objects.filter(email=address).exists():
            user = UserFactory(email=address)
            EmailAddress.objects.create(user=user, email=address, primary=True)
            OwnerFactory(user=user)

    @rule(number=some_row)
    def confirm_address(self, number):
        if waiting := pick(EmailAddress, number):
            waiting.set_verified()

    @rule(number=some_row, edit=owner_edits)
    def edit_owner(self, number, edit):
        if user := pick(User, number):
            setattr(user.owner, *edit)
            user.owner.save()

    @rule(number=some_row, address=addresses)
    def change_address(self, number, address):
        user = pick(User, number)
        if user and not User.objects.filter(email=address).exists():
            user.email = address.upper()
            user.save()

    @rule(number=some_row)
    def leave(self, number):
        user = pick(User, number)
        if user and not user.owner.properties.exists():
            user.delete()

    @rule(number=some_row)
    def list_house(self, number):
        if user := pick(User, number):
            PropertyFactory(owner=user.owner)

    @rule(number=some_row, address=addresses, name=texts.filter(bool))
    def enquire(self, number, address, name):
        if house := pick(Property, number):
            EnquiryFactory(property=house, guest_email=address, guest_name=name)

    @rule(number=some_row, house=some_row)
    def buy(self, number, house):
        if user := pick(User, number):
            bought_for = pick(Property, house)
            taken = Membership.objects.filter(property=bought_for).exists()
            MembershipFactory(owner=user.owner, property=None if taken else bought_for)

    @rule(number=some_row, edit=edits)
    def edit(self, number, edit):
        model, (name, value) = edit
        if row := pick(model, number):
            setattr(row, name, value)
            row.save()

    @rule(number=some_row, model=st.sampled_from([Enquiry, Membership, Property]))
    def delete(self, number, model):
        if row := pick(model, number):
            row.delete()

    @rule(number=some_row, model=st.sampled_from(RECORDS))
    def staff_write_notes(self, number, model):
        rows = list(model.objects.order_by("pk"))
        if rows:
            row, note = rows[number % len(rows)], f"note {len(self.notes)}."
            row.notes += note
            row.save(update_fields=["notes"])
            self.notes.add(note)

    # --- What no signal sees, and what goes wrong -------------------------------------------------

    @rule(number=some_row, edit=edits)
    def update_past_signals(self, number, edit):
        model, (name, value) = edit
        if row := pick(model, number):
            model.objects.filter(pk=row.pk).update(**{name: value})
            self.unseen = True

    @rule(edit=edits)
    def bulk_update(self, edit):
        model, (name, value) = edit
        rows = list(model.objects.all())
        for row in rows:
            setattr(row, name, value)
        model.objects.bulk_update(rows, [name])
        self.unseen = True

    @rule(number=some_row, address=addresses)
    def bulk_create(self, number, address):
        if house := pick(Property, number):
            Enquiry.objects.bulk_create(
                EnquiryFactory.build_batch(
                    2, property=house, owner=house.owner, guest_email=address
                )
            )
            self.unseen = True

    @rule(number=some_row)
    def raw_delete(self, number):
        if row := pick(Enquiry, number):
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM listings_enquiry WHERE id = %s", [row.pk])
            self.unseen = True

    @rule(number=some_row)
    def delete_record(self, number):
        record = PropertyRecord.objects.filter(notes="").order_by("pk").first()
        if record:
            PropertyRecord.objects.filter(pk=record.pk).delete()
            self.unseen = True

    @rule(number=some_row, edit=edits)
    def roll_back(self, number, edit):
        model, (name, value) = edit
        if row := pick(model, number):
            with transaction.atomic():
                setattr(row, name, value)
                row.save()
                transaction.set_rollback(True)

    @rule(number=some_row, edit=edits)
    def save_while_the_crm_is_broken(self, number, edit):
        model, (name, value) = edit
        if row := pick(model, number):
            with broken_crm():
                setattr(row, name, value)
                row.save()
            self.unseen = True

    # --- Settling ---------------------------------------------------------------------------------

    @rule()
    def backfill(self):
        for mirrors in ENTITIES.values():
            for mirror in mirrors:
                for keys in batches(mirror, 2):
                    assert not sync_batch(mirror, keys, now=timezone.now()).failed

    @rule()
    def settle(self):
        if self.unseen:
            for entity in ENTITIES:
                repair(entity, now=timezone.now())
            self.unseen = False
        self.compare_with_oracle()
        for entity in ENTITIES:
            assert compare(entity).differences == 0
        written = "".join(record.notes for model in RECORDS for record in model.objects.all())
        assert [note for note in self.notes if note not in written] == []
        self.replay_history()

    def compare_with_oracle(self):
        contacts = {each.email: each for each in Contact.objects.filter(source_deleted_at=None)}
        assert_equal(contacts, oracle.expected_contacts())
        for record, link, expected in (
            (PropertyRecord, "property", oracle.expected_properties()),
            (EnquiryRecord, "enquiry", oracle.expected_enquiries()),
            (MembershipRecord, "membership", oracle.expected_memberships()),
        ):
            rows = record.objects.filter(source_deleted_at=None)
            assert_equal({getattr(row, f"{link}_id"): row for row in rows}, expected)

    def replay_history(self):
        """The log of a record, played from empty, gives the record."""
        for model in RECORDS:
            columns = MIRRORS["owners" if model is Contact else _mirror_of(model)].columns
            for record in model.objects.filter(source_deleted_at=None):
                log = ActivityLog.objects.filter(entity_id=record.pk).order_by("pk")
                assert {entry.actor for entry in log} == {WRITER}
                replayed = {}
                for entry in log:
                    replayed |= {name: pair[1] for name, pair in entry.changes.items()}
                for column in columns:
                    now = getattr(record, model._meta.get_field(column).attname)
                    assert comparable(replayed.get(column)) == comparable(now), (record, column)


def _mirror_of(model):
    return {mirror.record: name for name, mirror in MIRRORS.items()}[model]


def assert_equal(records, expected):
    assert set(records) == set(expected)
    for key, columns in expected.items():
        found = {name: known_as(getattr(records[key], name)) for name in columns}
        assert found == columns, key


def known_as(value):
    if isinstance(value, Contact):
        return value.email
    if isinstance(value, PropertyRecord):
        return value.property_id
    return value.pk if isinstance(value, User) else value


def comparable(value):
    """One spelling for a value, whether it comes from a column or from JSON."""
    moment = parse_datetime(value) if isinstance(value, str) and len(value) > 18 else None
    plain = json.loads(json.dumps(moment or value, cls=DjangoJSONEncoder))
    return plain


@contextmanager
def broken_crm():
    """Every write of a record fails inside the database, as with a missing column."""
    with (
        mock.patch.object(SyncStatement, "_upsert", "INSERT INTO crm_nowhere VALUES (1)"),
        mock.patch.object(SyncStatement, "_in_one", "SELECT nothing FROM crm_nowhere"),
    ):
        yield


@pytest.mark.django_db
def test_any_history_settles_to_what_the_oracle_expects():
    run_state_machine_as_test(
        Business,
        settings=settings(
            # As many as a commit can wait for; MIRROR_EXAMPLES=2000 is for a night.
            max_examples=int(os.environ.get("MIRROR_EXAMPLES", "30")),
            stateful_step_count=15,
            derandomize="MIRROR_EXAMPLES" not in os.environ,
            phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
