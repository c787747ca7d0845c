from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.admin_base import DeskAdmin
from accounts.admin_columns import link, moment, status_label, two_lines
from crm.admin.filters import (
    ContactFilter,
    CreatedFilter,
    DirectionFilter,
    InteractionTypeFilter,
)
from crm.models import Contact, EnquiryRecord, Interaction, PropertyRecord

MOST_OPTIONS = 50
# A status change is recorded by the system, never claimed by hand.
TYPED_BY_HAND = [
    choice for choice in Interaction.Type.choices if choice[0] != Interaction.Type.STATUS_CHANGE
]


class InteractionForm(forms.ModelForm):
    """Holds that something was said, and that the house and the enquiry are the contact's own."""

    class Meta:
        model = Interaction
        fields = [
            "contact",
            "type",
            "direction",
            "subject",
            "content",
            "related_property",
            "related_enquiry",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "type" in self.fields:
            self.fields["type"].choices = TYPED_BY_HAND

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("subject") and not data.get("content"):
            raise ValidationError("Write a subject or say what happened.")
        contact = data.get("contact") or self.instance.contact
        house, enquiry = data.get("related_property"), data.get("related_enquiry")
        if house and house.owner_id != contact.pk and not _asked_about(contact, house):
            self.add_error("related_property", "This house has nothing to do with the contact.")
        if enquiry and contact.pk not in (enquiry.owner_id, enquiry.contact_id):
            self.add_error("related_enquiry", "This enquiry has nothing to do with the contact.")
        return data


class NewInteractionForm(InteractionForm):
    """On the contact's own page: the contact is given, the choices are its own."""

    related_property = forms.ModelChoiceField(
        PropertyRecord.objects.none(),
        required=False,
        label="About the house",
        empty_label="–",
        widget=UnfoldAdminSelectWidget,
    )
    related_enquiry = forms.ModelChoiceField(
        EnquiryRecord.objects.none(),
        required=False,
        label="About the enquiry",
        empty_label="–",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.contact = contact
        self.fields["related_property"].queryset = houses_about(contact)
        self.fields["related_enquiry"].queryset = enquiries_about(contact)


class NewInteractionFormSet(PaginationInlineFormSet):
    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "contact": self.instance}


class NewInteractionInline(StackedInline):
    """One empty form for a call, a message or a note; older ones stand in the story."""

    model = Interaction
    form = NewInteractionForm
    formset = NewInteractionFormSet
    template = "admin/crm/contact/new_interaction.html"
    fields = ("type", "direction", "related_property", "related_enquiry", "subject", "content")
    extra = 1
    max_num = 1
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Interaction)
class InteractionAdmin(DeskAdmin):
    """What was said is added and kept; only a superuser takes an entry away."""

    form = InteractionForm
    related = ("contact", "related_property", "related_enquiry")
    autocomplete_fields = ("contact", "related_property", "related_enquiry")
    list_display = ("what", "kind", "way", "whose", "about", "when")
    list_filter = (InteractionTypeFilter, DirectionFilter, CreatedFilter, ContactFilter)
    search_fields = ("subject", "content", "contact__email", "contact__last_name")
    search_help_text = "Subject, content, e-mail or surname"
    ordering = ("-created_at", "-id")
    fields = InteractionForm.Meta.fields
    empty_title = "No interactions yet"
    empty_text = "Write down calls, messages and notes here or on a contact's page."

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def save_model(
        self, request: HttpRequest, obj: Interaction, form: forms.ModelForm, change: bool
    ) -> None:
        remember_who_wrote(obj)
        super().save_model(request, obj, form, change)

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="What", ordering="subject")
    def what(self, interaction: Interaction) -> SafeString:
        return two_lines(interaction, interaction.content[:90])

    @display(description="Type", ordering="type")
    def kind(self, interaction: Interaction) -> SafeString:
        return status_label(interaction, "type")

    @display(description="Direction", ordering="direction")
    def way(self, interaction: Interaction) -> str:
        return interaction.get_direction_display()

    @display(description="Contact", ordering="contact__last_name")
    def whose(self, interaction: Interaction) -> SafeString | str:
        return link(interaction.contact)

    @display(description="About")
    def about(self, interaction: Interaction) -> SafeString | str:
        return link(interaction.related_property or interaction.related_enquiry)

    @display(description="When", ordering="created_at")
    def when(self, interaction: Interaction) -> str:
        return moment(interaction.created_at)


def houses_about(contact: Contact) -> QuerySet[PropertyRecord]:
    """The contact's own houses and those it asked about; the newest, if they are very many."""
    asked_about = EnquiryRecord.objects.filter(contact=contact).values("property")
    related = PropertyRecord.objects.filter(Q(owner=contact) | Q(pk__in=asked_about))
    return PropertyRecord.objects.filter(pk__in=related[:MOST_OPTIONS].values("pk"))


def enquiries_about(contact: Contact) -> QuerySet[EnquiryRecord]:
    related = EnquiryRecord.objects.filter(Q(owner=contact) | Q(contact=contact))
    return EnquiryRecord.objects.filter(pk__in=related[:MOST_OPTIONS].values("pk"))


def _asked_about(contact: Contact, house: PropertyRecord) -> bool:
    return EnquiryRecord.objects.filter(contact=contact, property=house).exists()


def remember_who_wrote(interaction: Interaction) -> None:
    inbound = interaction.direction == Interaction.Direction.INBOUND
    initiator = Interaction.Initiator
    interaction.initiated_by = initiator.CONTACT if inbound else initiator.ADMIN
