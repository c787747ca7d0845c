"""Sees every step of the state machine, and holds the records to what has been said about them.

The log must tell of each change of a mirrored column, from the value that stood there; nothing but
staff may change staff's own columns; and what is joined must keep what both had.
"""

from datetime import UTC, datetime
from typing import Any

from accounts.models import normalise_email
from crm.models import ActivityLog, ActivityType, Interaction
from crm.tests.mirror.oracle import OWN, RECORDS, Row, Tables

# How staff's columns start.
UNTOUCHED: Row = {
    "notes": "",
    "tags": [],
    "assigned_to_id": None,
    "do_not_contact": False,
    "metadata": {},
}


class Witness:
    def __init__(self) -> None:
        self.seen: dict[Any, Row] = {}  # records as they stood after the last step
        self.replayed: dict[str, Row] = {}  # mirrored columns, by the log alone
        self.own: dict[str, Row] = {}  # staff's columns, by what staff did
        self.became: dict[str, str] = {}  # a contact that was absorbed, and by which one
        self.interactions: dict[Any, str] = {}  # and whose they are
        self.last_entry = 0

    # --- What is not the mirror's doing -----------------------------------------------------------

    def staff_wrote(self, record: Any, **values: Any) -> None:
        self.own[str(record.pk)] |= values

    def staff_spoke(self, interaction: Interaction) -> None:
        self.interactions[interaction.pk] = str(interaction.contact_id)

    def records_were_edited(self, records: Tables) -> None:
        """Take the records as they stand now: somebody wrote to them past the mirror."""
        rows = {str(row["id"]): row for row in _all(records)}
        for gone in self.replayed.keys() - rows.keys():
            del self.replayed[gone], self.own[gone]
        for name, row in rows.items():
            self.replayed[name] = _mirrored(row)
            self.own[name] = _own(row)
        self.seen = {row["id"]: row for row in rows.values()}
        self.interactions = {
            pk: str(contact) for pk, contact in Interaction.objects.values_list("pk", "contact_id")
        }

    # --- After each step --------------------------------------------------------------------------

    def look(self, records: Tables, *, actors: set[str]) -> None:
        for entry in ActivityLog.objects.filter(pk__gt=self.last_entry).order_by("pk"):
            assert entry.actor in actors, entry
            assert entry.origin, entry
            self._apply(entry)
            self.last_entry = entry.pk
        rows = {row["id"]: row for row in _all(records)}
        self._compare(rows)
        self.seen = rows
        self._compare_interactions()
        emails = [contact["email"] for contact in records["contacts"]]
        assert len({normalise_email(email) for email in emails}) == len(emails)

    def _apply(self, entry: ActivityLog) -> None:
        name = str(entry.entity_id)
        is_known = name in self.replayed and entry.activity_type != ActivityType.CREATED
        state = self.replayed.setdefault(name, {})
        for column, (before, after) in entry.changes.items():
            if column == "absorbed":
                self._absorb(before["id"], name)
            else:
                assert not is_known or state[column] == _plain(before), (entry, column)
                state[column] = _plain(after)

    def _absorb(self, absorbed: str, into: str) -> None:
        del self.replayed[absorbed]
        mine = self.own.setdefault(into, UNTOUCHED.copy())
        other = self.own.pop(absorbed, UNTOUCHED)
        self.became[absorbed] = into
        mine["notes"] = "\n\n".join(filter(None, [mine["notes"], other["notes"]]))
        mine["tags"] = mine["tags"] + [tag for tag in other["tags"] if tag not in mine["tags"]]
        mine["assigned_to_id"] = mine["assigned_to_id"] or other["assigned_to_id"]
        mine["do_not_contact"] = mine["do_not_contact"] or other["do_not_contact"]
        mine["metadata"] = other["metadata"] | mine["metadata"]

    def _compare(self, rows: dict[Any, Row]) -> None:
        for pk, row in rows.items():
            if row != self.seen.get(pk):
                logged = self.replayed.get(str(pk), {})
                assert _unlike(_mirrored(row), logged) == {}, "not as logged"
                untouched = {name: UNTOUCHED[name] for name in OWN & row.keys()}
                own = self.own.setdefault(str(pk), untouched)
                assert _unlike(_own(row), own) == {}, "not as staff left it"
        assert {str(pk) for pk in rows} == set(self.replayed), "Records came or went unsaid"

    def _compare_interactions(self) -> None:
        for pk, contact in self.interactions.items():
            while contact in self.became:
                contact = self.became[contact]
            self.interactions[pk] = contact
        found = dict(Interaction.objects.values_list("pk", "contact_id"))
        assert {pk: str(contact) for pk, contact in found.items()} == self.interactions


def _all(records: Tables) -> list[Row]:
    return [row for entity in RECORDS for row in records[entity]]


def _own(row: Row) -> Row:
    return {name: value for name, value in row.items() if name in OWN}


def _unlike(found: Row, wanted: Row) -> dict[str, tuple[Any, Any]]:
    return {
        name: (found.get(name), wanted.get(name))
        for name in found.keys() | wanted.keys()
        if found.get(name) != wanted.get(name)
    }


def _mirrored(row: Row) -> Row:
    return {
        name.removesuffix("_id") if name not in TEXT_IDS else name: _plain(value)
        for name, value in row.items()
        if name != "id" and name not in OWN
    }


TEXT_IDS = {"stripe_customer_id", "stripe_subscription_id"}


def _plain(value: Any) -> Any:
    """One spelling for a value, whether it comes from a column or from JSON."""
    if isinstance(value, str) and value[10:11] == "T" and value[:4].isdigit():
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
