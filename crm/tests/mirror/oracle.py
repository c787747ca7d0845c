"""What the records must say, worked out from the sources a second time and in another way.

It shares nothing with the production mapping: plain loops over plain rows, in the words of the
business. `read` fetches the rows; everything else is a pure function of them.
"""

from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress

from accounts.models import Owner, User
from billing.models import Membership, Tier
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord
from listings.models import Enquiry, Photo, Property

SOURCES = {
    "users": User,
    "addresses": EmailAddress,
    "owners": Owner,
    "houses": Property,
    "photos": Photo,
    "enquiries": Enquiry,
    "memberships": Membership,
    "tiers": Tier,
}
RECORDS = {
    "contacts": Contact,
    "properties": PropertyRecord,
    "enquiries": EnquiryRecord,
    "memberships": MembershipRecord,
}
LINKS = {"properties": "property_id", "enquiries": "enquiry_id", "memberships": "membership_id"}
# Staff's own, and never touched by the mirror; all else in a record mirrors a source.
OWN = {"notes", "tags", "assigned_to_id", "do_not_contact", "metadata"}

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def read(models: dict[str, Any]) -> Tables:
    """Return all rows of these models, oldest first."""
    return {
        name: list(model._base_manager.order_by("pk").values()) for name, model in models.items()
    }


@dataclass
class Differences:
    """By the key of the source; a surplus record has none, and goes by its own id."""

    missing: set = field(default_factory=set)
    adopting: set = field(default_factory=set)  # of those, owners who get a contact that is there
    changed: dict = field(default_factory=dict)  # {key: {column: (in the record, expected)}}
    orphaned: set = field(default_factory=set)

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(getattr(self, name)) for name in ("missing", "changed", "orphaned")}

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.orphaned)


def differences(sources: Tables, records: Tables) -> dict[str, Differences]:
    """Say of each entity how its records differ from what `expected` says."""
    wanted = expected(sources, records)
    found = {
        entity: _compare(wanted[entity], _records_by_key(entity, wanted[entity], records[entity]))
        for entity in RECORDS
    }
    who = final_contacts(wanted["contacts"], sources, records["contacts"])
    contacts = found["contacts"]
    contacts.adopting = {person for person in contacts.missing if who[person] != person}
    return found


def _compare(wanted: dict[Any, Row], found: dict[Any, Row]) -> Differences:
    result = Differences(missing=wanted.keys() - found.keys())
    for key, columns in wanted.items():
        if record := found.get(key):
            pairs = {name: (record[name], value) for name, value in columns.items()}
            if changes := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}:
                result.changed[key] = changes
    # Whose address is somebody's is no orphan, but somebody's to be.
    people = {columns.get("email") for columns in wanted.values()} - {None}
    result.orphaned = {
        record["id"]
        for key, record in found.items()
        if key not in wanted and _claims_a_source(record) and record.get("email") not in people
    }
    return result


def _records_by_key(entity: str, wanted: dict[Any, Row], records: list[Row]) -> dict[Any, Row]:
    """Name each record by the source that it stands for, or by its own id if there is none."""
    if entity == "contacts":
        return {_person(contact, wanted): contact for contact in records}
    return {record[LINKS[entity]] or record["id"]: record for record in records}


def _person(contact: Row, wanted: dict[Any, Row]) -> Any:
    """An owner is known by the account; anybody else by the address."""
    names = ("user", contact["user_id"]), ("address", contact["email"])
    return next((name for name in names if name in wanted), contact["id"])


def _claims_a_source(record: Row) -> bool:
    """Staff may add a contact by hand: it is nobody's mirror until somebody has its address."""
    roles = [record[name] for name in ("user_id", "is_owner", "is_guest") if name in record]
    return not record["source_deleted_at"] and (any(roles) or not roles)


# --- What should be there -------------------------------------------------------------------------


def expected(sources: Tables, records: Tables) -> dict[str, dict[Any, Row]]:
    """Return the columns of every record by the key of its source, as they are to be in the end."""
    people = expected_contacts(sources)
    who = final_contacts(people, sources, records["contacts"])
    user_of_owner = {row["id"]: row["user_id"] for row in sources["owners"]}
    record_of_house = {row["property_id"]: row["id"] for row in records["properties"]}

    def owner(row: Row) -> Any:
        return who.get(("user", user_of_owner.get(row["owner_id"])))

    def guest(row: Row) -> Any:
        return who[row["guest_email"]]

    def house(row: Row) -> Any:
        """A house that lost its record gets back the one it had, or one by the same id."""
        number = row["property_id"]
        by_number = md5(f"properties:{number}".encode()).hexdigest()
        return record_of_house.get(number, UUID(by_number)) if number else None

    return {
        "contacts": people,
        "properties": {
            row["id"]: _house(row, sources) | {"owner_id": owner(row)} for row in sources["houses"]
        },
        "enquiries": {
            row["id"]: _enquiry(row)
            | {"owner_id": owner(row), "contact_id": guest(row), "property_id": house(row)}
            for row in sources["enquiries"]
        },
        "memberships": {
            row["id"]: _membership(row, sources)
            | {"contact_id": owner(row), "property_id": house(row)}
            for row in sources["memberships"]
        },
    }


def final_contacts(people: dict[Any, Row], sources: Tables, contacts: list[Row]) -> dict[Any, Any]:
    """Return the id of each person's contact, by the person and by the address.

    Where a contact is still to be made, nobody knows its id: the person's name stands for it.
    """
    accounts = {owner["user_id"] for owner in sources["owners"]}
    of_user = {contact["user_id"]: contact["id"] for contact in contacts}
    of_nobody = {
        contact["email"]: contact["id"]
        for contact in contacts
        if contact["user_id"] not in accounts
    }
    free = {
        contact["email"]: contact["id"]
        for contact in contacts
        if ("user", contact["user_id"]) not in people
    }
    final = {}
    for person, columns in people.items():
        kind, name = person
        if kind == "user":
            final[person] = of_user.get(name) or of_nobody.get(columns["email"]) or person
        else:
            final[person] = free.get(name) or person
        final[columns["email"]] = final[person]
    return final


def expected_contacts(sources: Tables) -> dict[Any, Row]:
    """One for each known owner, and one for each other address that somebody has asked from."""
    guests: dict[str, Row] = {}
    for enquiry in sorted(sources["enquiries"], key=lambda row: (row["created_at"], row["id"])):
        earlier = guests.get(enquiry["guest_email"], {})
        guests[enquiry["guest_email"]] = _guest(enquiry, earlier.get("phone", ""))
    unconfirmed = {
        (address["user_id"], address["email"])
        for address in sources["addresses"]
        if not address["verified"]
    }
    users = {user["id"]: user for user in sources["users"]}
    people: dict[Any, Row] = {}
    for owner in sources["owners"]:
        user = users[owner["user_id"]]
        if user["email"] in guests and (user["id"], user["email"]) in unconfirmed:
            continue  # it may be a stranger
        people["user", user["id"]] = _owner(owner, user, is_guest=user["email"] in guests)
    taken = {columns["email"] for columns in people.values()}
    return people | {
        ("address", address): columns for address, columns in guests.items() if address not in taken
    }


def _owner(owner: Row, user: Row, *, is_guest: bool) -> Row:
    return {
        "user_id": user["id"],
        "first_name": user["first_name"],
        "last_name": user["last_name"],
        "email": user["email"],
        "phone": owner["phone"],
        "company_name": owner["company"],
        "address": owner["address"],
        "city": owner["city"],
        "state": owner["state"],
        "zip_code": owner["zip_code"],
        "country": owner["country"],
        "is_owner": True,
        "is_guest": is_guest,
        "signup_date": owner["signup_date"],
        "last_activity_date": user["last_login"] or owner["signup_date"],
        "source_deleted_at": None,
    }


def _guest(enquiry: Row, phone_before: str) -> Row:
    first, _, last = enquiry["guest_name"].partition(" ")
    nothing = ("company_name", "address", "city", "state", "zip_code", "country")
    return dict.fromkeys(nothing, "") | {
        "user_id": None,
        "first_name": first,
        "last_name": last.strip(" "),
        "email": enquiry["guest_email"],
        "phone": enquiry["guest_phone"] or phone_before,
        "is_owner": False,
        "is_guest": True,
        "signup_date": None,
        "last_activity_date": enquiry["created_at"],
        "source_deleted_at": None,
    }


def _house(house: Row, sources: Tables) -> Row:
    photos = [photo for photo in sources["photos"] if photo["property_id"] == house["id"]]
    first_photo = min(photos, key=lambda photo: (photo["position"], photo["id"]), default=None)
    codes = {tier["id"]: tier["code"] for tier in sources["tiers"]}
    tiers = [
        codes[membership["tier_id"]]
        for membership in sources["memberships"]
        if membership["property_id"] == house["id"]
        and membership["status"] in ("active", "expiring_soon", "past_due")
    ]
    return {
        "property_id": house["id"],
        "title": house["title"],
        "location": ", ".join(part for part in (house["town"], house["county"]) if part),
        "description": house["description"],
        "bedrooms": house["bedrooms"],
        "bathrooms": house["bathrooms"],
        "guests": house["sleeps_max"],
        "listing_status": house["status"],
        "rejection_reason": house["rejection_reason"],
        "slug": house["slug"],
        "main_image": first_photo["image"] if first_photo else "",
        "plan_tier": tiers[0] if tiers else "",
        "price_pence": house["weekend_price_pence"],
        "created_at": house["created_at"],
        "source_deleted_at": None,
    }


def _enquiry(enquiry: Row) -> Row:
    return {
        "enquiry_id": enquiry["id"],
        "status": enquiry["status"],
        "message": enquiry["message"],
        "guest_name": enquiry["guest_name"],
        "guest_email": enquiry["guest_email"],
        "guest_phone": enquiry["guest_phone"],
        "check_in": enquiry["check_in"],
        "check_out": enquiry["check_out"],
        "group_size": enquiry["group_size"],
        "first_response_at": enquiry["first_response_at"],
        "created_at": enquiry["created_at"],
        "source_deleted_at": None,
    }


def _membership(membership: Row, sources: Tables) -> Row:
    tier = next(tier for tier in sources["tiers"] if tier["id"] == membership["tier_id"])
    return {
        "membership_id": membership["id"],
        "plan_tier": tier["code"],
        "billing_cycle": membership["billing_cycle"],
        "plan_price_pence": membership["net_pence"],
        "start_date": membership["start_date"],
        "end_date": membership["end_date"],
        "renewal_date": membership["renewal_date"],
        "cancelled_date": membership["cancelled_date"],
        "status": membership["status"],
        "stripe_customer_id": membership["stripe_customer_id"],
        "stripe_subscription_id": membership["stripe_subscription_id"],
        "last_payment_date": membership["last_payment_date"],
        "last_payment_amount_pence": membership["last_payment_amount_pence"],
        "next_payment_date": membership["next_payment_date"],
        "auto_renew": membership["auto_renew"],
        "payment_failure_count": membership["payment_failure_count"],
        "created_at": membership["created_at"],
        "updated_at": membership["updated_at"],
        "source_deleted_at": None,
    }
