"""The mirror: records of the CRM that equal their source rows, whatever wrote those.

`MIRRORS` holds the declarations by name, `ENTITIES` those of each entity in an order in which
each comes after what it refers to.
"""

from crm.mirror.base import MIRRORS, Mirror
from crm.mirror.enquiries import Enquiries
from crm.mirror.guests import Guests
from crm.mirror.memberships import Memberships
from crm.mirror.owners import Owners
from crm.mirror.properties import Properties
from crm.mirror.rows import Outcome
from crm.models.activity import Entity

ENTITIES: dict[Entity, tuple[Mirror, ...]] = {
    Entity.CONTACTS: (MIRRORS[Owners.name], MIRRORS[Guests.name]),
    Entity.PROPERTIES: (MIRRORS[Properties.name],),
    Entity.ENQUIRIES: (MIRRORS[Enquiries.name],),
    Entity.MEMBERSHIPS: (MIRRORS[Memberships.name],),
}

__all__ = ["ENTITIES", "MIRRORS", "Mirror", "Outcome"]
