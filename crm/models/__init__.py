from crm.models.activity import ActivityLog, ActivityType, Entity
from crm.models.contact import Contact
from crm.models.interaction import Interaction
from crm.models.records import EnquiryRecord, MembershipRecord, PropertyRecord
from crm.models.sync import SyncCheck, SyncFailure

__all__ = [
    "ActivityLog",
    "ActivityType",
    "Contact",
    "Entity",
    "EnquiryRecord",
    "Interaction",
    "MembershipRecord",
    "PropertyRecord",
    "SyncCheck",
    "SyncFailure",
]
