"""The rows as JSON. Money is whole pence; people and houses inside a row are small objects."""

from rest_framework import serializers

from accounts.models import User
from crm.models import Contact, EnquiryRecord, MembershipRecord, PropertyRecord

CRM_OWNED = ["notes", "tags", "assigned_to", "source_deleted_at"]


class PersonSerializer(serializers.ModelSerializer[Contact]):
    """A contact, inside another row."""

    class Meta:
        model = Contact
        fields = ["id", "name", "email"]


class StaffSerializer(serializers.ModelSerializer[User]):
    """The member of staff a row is assigned to."""

    name = serializers.CharField(source="get_full_name")

    class Meta:
        model = User
        fields = ["id", "name", "email"]


class HouseSerializer(serializers.ModelSerializer[PropertyRecord]):
    """A property, inside another row."""

    class Meta:
        model = PropertyRecord
        fields = ["id", "title"]


class RecordSerializer(serializers.ModelSerializer):
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    assigned_to = StaffSerializer(read_only=True, allow_null=True)


class ContactSerializer(RecordSerializer):
    metadata = serializers.DictField(read_only=True)

    class Meta:
        model = Contact
        fields = [
            "id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "company_name",
            "address",
            "city",
            "state",
            "zip_code",
            "country",
            "is_owner",
            "is_guest",
            "signup_date",
            "last_activity_date",
            "do_not_contact",
            "metadata",
            *CRM_OWNED,
        ]


class PropertySerializer(RecordSerializer):
    owner = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = PropertyRecord
        fields = [
            "id",
            "owner",
            "title",
            "location",
            "description",
            "bedrooms",
            "bathrooms",
            "guests",
            "listing_status",
            "rejection_reason",
            "slug",
            "main_image",
            "plan_tier",
            "price_pence",
            "created_at",
            *CRM_OWNED,
        ]


class EnquirySerializer(RecordSerializer):
    owner = PersonSerializer(read_only=True, allow_null=True)
    contact = PersonSerializer(read_only=True, allow_null=True)
    property = HouseSerializer(read_only=True, allow_null=True)

    class Meta:
        model = EnquiryRecord
        fields = [
            "id",
            "owner",
            "contact",
            "property",
            "status",
            "message",
            "guest_name",
            "guest_email",
            "guest_phone",
            "check_in",
            "check_out",
            "group_size",
            "first_response_at",
            "created_at",
            *CRM_OWNED,
        ]


class MembershipSerializer(RecordSerializer):
    contact = PersonSerializer(read_only=True, allow_null=True)
    property = HouseSerializer(read_only=True, allow_null=True)

    class Meta:
        model = MembershipRecord
        fields = [
            "id",
            "contact",
            "property",
            "plan_tier",
            "billing_cycle",
            "plan_price_pence",
            "start_date",
            "end_date",
            "renewal_date",
            "cancelled_date",
            "status",
            "stripe_customer_id",
            "stripe_subscription_id",
            "last_payment_date",
            "last_payment_amount_pence",
            "next_payment_date",
            "auto_renew",
            "payment_failure_count",
            "created_at",
            "updated_at",
            *CRM_OWNED,
        ]
