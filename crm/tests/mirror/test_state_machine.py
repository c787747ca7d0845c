"""Whatever is done to the sources, in any order, the records settle to what an oracle expects."""

import os
import re
from collections import Counter
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.actor import acting_as
from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Membership, Tier
from billing.tests.factories import MembershipFactory
from crm.models import Contact, Entity, Interaction, SyncFailure
from crm.proof.check import ROUNDS, repair, run_check
from crm.proof.differences import differences
from crm.tests.mirror import oracle, past_signals
from crm.tests.mirror.conftest import WRITER
from crm.tests.mirror.dangling import dangling_references
from crm.tests.mirror.field_values import ADDRESSES, PICTURES, edits, edits_of, resolve
from crm.tests.mirror.oracle import OWN, RECORDS, SOURCES
from crm.tests.mirror.witness import Witness
from listings.models import Enquiry, Photo, Property
from listings.tests.factories import EnquiryFactory, PropertyFactory

COSTLY_STEPS = 2  # of those that compare everything, in one history
KINDS = ("missing", "changed", "orphaned")
WAYS_TO_EDIT = [past_signals.update, past_signals.bulk_update, past_signals.update_by_sql]
WAYS_TO_CREATE = [past_signals.bulk_create, past_signals.insert_by_sql]
WAYS_TO_DELETE = [past_signals.delete_unheard, past_signals.delete_by_sql]

addresses = st.sampled_from(ADDRESSES)
spellings = st.sampled_from([str.lower, str.title, " {} ".format])
typed_addresses = spellings.flatmap(lambda typed: addresses.map(typed))
names = st.sampled_from(["x", "Ann", "Ann van Berg", "O'Neil %s", "Ünï 🏠"])
some_row = st.integers(0, 3)
newcomers = st.sampled_from(["user", "address", "house", "photo", "enquiry", "membership"])
staff_values = {
    "notes": st.sampled_from(["", "Call before ten.", "Ü\n"]),
    "tags": st.sampled_from([[], ["vip"], ["vip", "Ü"]]),
    "assigned_to_id": st.booleans(),
    "do_not_contact": st.booleans(),
    "metadata": st.sampled_from([{}, {"from": "fair"}, {"from": None, "n": [1.5, "é"]}]),
}


def pick(model, number, **wanted):
    rows = list(model._base_manager.filter(**wanted).order_by("pk"))
    return rows[number % len(rows)] if rows and number is not None else None


# Some of the histories hold nothing but what signals tell of: there, no record may ever be behind.
unless_calm = precondition(lambda self: not self.is_calm)


class Business(RuleBasedStateMachine):
    opening: Witness  # what there is when a history begins

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.stack.enter_context(acting_as(WRITER, "shell"))
        self.witness = deepcopy(self.opening)
        self.bob = User.objects.get(email=WRITER)
        self.actors = {WRITER}
        self.unseen = False  # whether something was written that no signal told of
        self.costly_steps = 0

    def teardown(self):
        with self.stack:
            self.settle()
            self.look()

    @initialize(is_calm=st.booleans())
    def choose(self, is_calm):
        self.is_calm = is_calm

    # --- What people do ---------------------------------------------------------------------------

    @rule(number=some_row, typed=spellings, name=names, confirmed=st.none() | st.booleans())
    def sign_up(self, number, typed, name, confirmed):
        """As in the site's form: first the login, then the owner, then the address to confirm."""
        taken = set(User.objects.values_list("email", flat=True))
        if free := [address for address in ADDRESSES if address not in taken]:
            user = UserFactory(email=typed(free[number % len(free)]), first_name=name)
            OwnerFactory(user=user)
            if confirmed is not None:
                EmailAddress.objects.create(
                    user=user, email=user.email, primary=True, verified=confirmed
                )

    @rule(number=some_row)
    def confirm_address(self, number):
        if waiting := pick(EmailAddress, number, verified=False):
            with self.unless_refused():
                waiting.set_verified()

    @rule(number=some_row, address=typed_addresses)
    def change_address(self, number, address):
        if user := pick(User, number, is_staff=False):
            with self.unless_refused():
                user.email = address
                user.save()

    @rule(number=some_row, way=st.sampled_from(["save", "save at once", "update"]))
    def swap_addresses(self, number, way):
        one, other = pick(User, number, is_staff=False), pick(User, number + 1, is_staff=False)
        if one is None or one == other:
            return
        moves = (one, "moving@example.com"), (other, one.email), (one, other.email)
        with transaction.atomic() if way == "save at once" else ExitStack():
            for user, address in moves:
                if way == "update":
                    User.objects.filter(pk=user.pk).update(email=address)
                    self.unseen = True
                else:
                    User(**{**_columns(user), "email": address}).save()

    @rule(number=some_row, address=typed_addresses, name=names, phone=st.sampled_from(["", "01"]))
    def enquire(self, number, address, name, phone):
        house = pick(Property, number)
        EnquiryFactory(
            property=house,
            owner=house and house.owner,
            guest_email=address,
            guest_name=name,
            guest_phone=phone,
            lost_reason="Dear",
        )

    @rule(kind=newcomers, number=some_row, other=some_row)
    def create(self, kind, number, other):
        if row := self.newcomer(kind, number, other):
            with self.unless_refused():
                row.save()

    @rule(edit=edits, number=some_row, only_it=st.booleans())
    def edit(self, edit, number, only_it):
        self.write(edit, number, only_it)

    @rule(model=st.sampled_from(list(SOURCES.values())), number=some_row)
    def delete(self, model, number):
        if row := self.source_row(model, number):
            with self.unless_refused():
                row.delete()

    @rule(
        number=some_row,
        entity=st.sampled_from(list(RECORDS)),
        column=st.sampled_from(sorted(OWN)),
        data=st.data(),
    )
    def staff_edit(self, number, entity, column, data):
        if entity == "contacts" or column not in ("metadata", "do_not_contact"):
            value = data.draw(staff_values[column])
            if column == "assigned_to_id":
                value = self.bob.pk if value else None
            self.staff_write(number, entity, column, value)

    def staff_write(self, number, entity, column, value):
        if record := pick(RECORDS[entity], number):
            setattr(record, column, value)
            record.save(update_fields=[column.removesuffix("_id")])
            self.witness.staff_wrote(record, **{column: value})

    @rule(number=some_row)
    def staff_speak(self, number):
        if contact := pick(Contact, number):
            self.witness.staff_spoke(Interaction.objects.create(contact=contact, subject="Call"))

    @unless_calm
    @rule(address=addresses)
    def staff_meet_somebody(self, address):
        if not Contact.objects.filter(email=address).exists():
            Contact.objects.create(email=address, first_name="Met", notes="At the fair")
            self.unseen = True  # if it is the address of somebody whose contact is missing
            self.records_were_edited()

    # --- What no signal tells of ------------------------------------------------------------------

    @unless_calm
    @rule(edit=edits, number=some_row, way=st.sampled_from(WAYS_TO_EDIT))
    def edit_past_signals(self, edit, number, way):
        model, (field, value) = edit
        if row := self.source_row(model, number):
            with self.unless_refused():
                way(row, field, resolve(field, value))
                self.unseen = True

    @unless_calm
    @rule(kind=newcomers, number=some_row, other=some_row, way=st.sampled_from(WAYS_TO_CREATE))
    def create_past_signals(self, kind, number, other, way):
        if row := self.newcomer(kind, number, other):
            with self.unless_refused():
                way(row)
                self.unseen = True

    @unless_calm
    @rule(
        model=st.sampled_from(list(SOURCES.values())),
        number=some_row,
        way=st.sampled_from(WAYS_TO_DELETE),
    )
    def delete_past_signals(self, model, number, way):
        if row := self.source_row(model, number):
            with self.unless_refused():
                way(row)
                self.unseen = True

    # --- What goes wrong --------------------------------------------------------------------------

    @rule(edit=edits, number=some_row, with_outer=st.booleans())
    def edit_and_roll_back(self, edit, number, with_outer):
        with past_signals.rolled_back(with_outer=with_outer):
            unseen = self.unseen
            self.write(edit, number)
            self.unseen = unseen

    @unless_calm
    @rule(edit=edits, number=some_row, away=st.sampled_from(past_signals.AWAY))
    def edit_while_the_crm_is_broken(self, edit, number, away):
        with self.broken_crm(away):
            self.write(edit, number)

    @unless_calm
    @rule(kind=newcomers, number=some_row, other=some_row, away=st.sampled_from(past_signals.AWAY))
    def create_while_the_crm_is_broken(self, kind, number, other, away):
        if row := self.newcomer(kind, number, other):
            with self.broken_crm(away), self.unless_refused():
                row.save()
                assert type(row).objects.filter(pk=row.pk).exists()

    @unless_calm
    @rule(
        model=st.sampled_from([Enquiry, Membership, Photo, Property]),
        number=some_row,
        away=st.sampled_from(past_signals.AWAY),
    )
    def delete_while_the_crm_is_broken(self, model, number, away):
        if row := pick(model, number):
            with self.broken_crm(away):
                row.delete()

    # --- What is done to the records by hand ------------------------------------------------------

    @unless_calm
    @rule(entity=st.sampled_from(list(RECORDS)), number=some_row, data=st.data())
    def edit_record_by_hand(self, entity, number, data):
        field, value = data.draw(edits_of(RECORDS[entity]))
        record = pick(RECORDS[entity], number)
        if record and field.attname not in OWN:
            with self.unless_refused():
                past_signals.update_by_sql(record, field, resolve(field, value))
                self.unseen = True
                self.records_were_edited()

    @unless_calm
    @rule(entity=st.sampled_from(list(RECORDS)), number=some_row, by_sql=st.booleans())
    def delete_record_by_hand(self, entity, number, by_sql):
        if record := pick(RECORDS[entity], number):
            with self.unless_refused():
                past_signals.delete_by_sql(record) if by_sql else record.delete()
                self.unseen = True
                self.records_were_edited()

    @unless_calm
    @rule(entity=st.sampled_from(list(RECORDS)), number=some_row, link=st.none() | st.just(10**6))
    def insert_record_by_hand(self, entity, number, link):
        """A copy of a record, of no source or of one that is not there."""
        if record := pick(RECORDS[entity], number):
            record.pk = None
            record.pk = record._meta.pk.get_default()
            name = {"contacts": "user_id", **oracle.LINKS}[entity]
            setattr(record, name, link)
            record.source_deleted_at = None
            if entity == "contacts":
                record.email = f"{record.pk}@example.com"
            with self.unless_refused():
                past_signals.insert_by_sql(record)
                self.unseen = True
                self.records_were_edited()

    # --- Proving and mending ----------------------------------------------------------------------

    @precondition(lambda self: self.costly_steps < COSTLY_STEPS)
    @rule(what=st.sampled_from(["check", "dry_run", "retry", "repair", "repair_again", "backfill"]))
    def prove_or_mend(self, what):
        self.costly_steps += 1
        getattr(self, what)()

    def check(self):
        """Every difference is found and none is made up, whatever was done before."""
        found = run_check(now=timezone.now()).entities
        wanted = self.differences()
        counted = {entity: {kind: each[kind] for kind in KINDS} for entity, each in found.items()}
        assert counted == {entity: each.counts for entity, each in wanted.items()}, wanted
        for entity, each in wanted.items():
            named = [(key, kind) for kind in KINDS for key in getattr(each, kind)]
            assert Counter(map(named_as, differences(Entity(entity)))) == Counter(named), each

    def dry_run(self):
        before = oracle.read(RECORDS)
        wanted = self.differences()

        told = self.command("crm_backfill", "--dry-run")

        for entity, created, updated in re.findall(r"(\w+) +created (\d+), updated (\d+)", told):
            found = wanted[entity]
            assert int(created) == len(found.missing - found.adopting), found
            assert int(updated) == len(found.changed.keys() | found.adopting), found
        assert oracle.read(RECORDS) == before

    def retry(self):
        self.command("crm_retry", "--all")
        assert not SyncFailure.objects.open().exists()

    def repair(self):
        self.command("crm_check", "--repair")
        assert not SyncFailure.objects.open().exists()
        self.all_is_well()

    def settle(self):
        """As `repair`, without the counting, which costs most of it."""
        with acting_as("system:crm_check", "worker"):
            for _ in range(ROUNDS):
                if standing(self.differences()):
                    for entity in Entity:
                        repair(entity, now=timezone.now())
        self.actors.add("system:crm_check")
        self.all_is_well()

    def all_is_well(self):
        assert standing(self.differences()) == {}
        assert dangling_references() == {}
        assert not Contact.objects.standing().filter(email__endswith=".invalid").exists()
        self.unseen = False

    def repair_again(self):
        self.repair()
        self.look()
        before = oracle.read(RECORDS), self.witness.last_entry

        self.repair()
        self.look()

        assert (oracle.read(RECORDS), self.witness.last_entry) == before

    def backfill(self):
        self.command("crm_backfill", "--batch-size=2")
        for entity, found in self.differences().items():
            assert not found.missing | found.changed.keys(), (entity, found)

    # --- What holds after each step ---------------------------------------------------------------

    @invariant()
    def look(self):
        records = oracle.read(RECORDS)
        self.witness.look(records, actors=self.actors)
        self.actors = {WRITER}
        if not self.unseen:
            assert standing(oracle.differences(oracle.read(SOURCES), records)) == {}
        assert not self.is_calm or not SyncFailure.objects.exists()

    # --- How ------------------------------------------------------------------------------------

    def differences(self):
        return oracle.differences(oracle.read(SOURCES), oracle.read(RECORDS))

    def records_were_edited(self):
        self.witness.records_were_edited(oracle.read(RECORDS))

    def command(self, *words):
        self.actors.add(f"system:{words[0]}")
        out = StringIO()
        call_command(*words, stdout=out, stderr=out)
        return out.getvalue()

    def write(self, edit, number, only_it=False):
        model, (field, value) = edit
        row = self.source_row(model, number)
        if row is None:
            return
        with self.unless_refused():
            setattr(row, field.attname, resolve(field, value))
            row.save(update_fields=[field.name] if only_it else None)
            self.unseen |= (model, field.name) in past_signals.LEFT_TO_THE_CHECK

    def source_row(self, model, number):
        if model is User:
            return pick(model, number, is_staff=False)
        return pick(model, number)

    def newcomer(self, kind, number, other):
        """Build a row of this kind and save none but what it cannot be without."""
        owner, house = pick(Owner, number), pick(Property, other)
        if kind in ("address", "house") and owner is None:
            return None
        if kind == "photo" and house is None:
            return None
        return {
            "user": lambda: UserFactory.build(email=ADDRESSES[other]),
            "address": lambda: EmailAddress(user=owner.user, email=ADDRESSES[other]),
            "house": lambda: PropertyFactory.build(owner=owner, slug=f"house-{timezone.now():%f}"),
            "photo": lambda: Photo(
                property=house, image=PICTURES[number % 3], width=1, height=1, position=other
            ),
            "enquiry": lambda: EnquiryFactory.build(
                property=house, owner=owner, guest_email=ADDRESSES[other]
            ),
            "membership": lambda: MembershipFactory.build(
                owner=owner, property=house, tier=pick(Tier, other)
            ),
        }[kind]()

    @contextmanager
    def broken_crm(self, away):
        """What could not be written is written down, if there is anything to write it down in."""
        was_well, self.unseen = not standing(self.differences()), False
        with past_signals.away(*away):
            yield
        if was_well and not self.unseen and away != ("crm_sync_failures",):
            failed = SyncFailure.objects.open().exists()
            assert failed or not standing(self.differences())
        self.unseen = True

    @contextmanager
    def unless_refused(self):
        """The database may refuse a write; then nothing at all is to have happened."""
        try:
            with transaction.atomic():
                yield
        except (IntegrityError, ProtectedError) as refusal:
            event(type(refusal).__name__)


def standing(differences):
    return {entity: found for entity, found in differences.items() if found}


def named_as(difference):
    """Name a difference as the oracle does."""
    people = {"owners": "user", "guests": "address"}
    key = difference.key
    if difference.is_orphan:
        key = difference.record_id
    elif difference.mirror in people:
        key = people[difference.mirror], key
    return key, difference.kind.value


def _columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.fixture
def business(opening, monkeypatch):
    monkeypatch.setattr(Business, "opening", opening, raising=False)


@pytest.mark.django_db
@pytest.mark.usefixtures("business")
def test_any_history_settles_to_what_the_oracle_expects():
    run_state_machine_as_test(
        Business,
        settings=settings(
            # As many as a commit can wait for; MIRROR_EXAMPLES=2000 is for a night.
            max_examples=int(os.environ.get("MIRROR_EXAMPLES", "25")),
            stateful_step_count=20,
            derandomize="MIRROR_EXAMPLES" not in os.environ,
            # Shrinking takes minutes.
            phases=[Phase.generate, *([Phase.shrink] if "MIRROR_SHRINK" in os.environ else [])],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
