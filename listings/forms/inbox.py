from django import forms

from accounts.models import Owner
from accounts.text_input import PlainTextMixin
from listings.choices import EnquiryStatus
from listings.models import Enquiry, Property

SHOWN_TO_OWNERS = [choice for choice in EnquiryStatus.choices if choice[0] != EnquiryStatus.SPAM]


class InboxFilter(forms.Form):
    status = forms.ChoiceField(required=False, choices=[("", "Every status"), *SHOWN_TO_OWNERS])
    house = forms.ModelChoiceField(
        queryset=Property.objects.none(), required=False, empty_label="Every house"
    )

    def __init__(self, *args: object, owner: Owner, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["house"].queryset = Property.objects.for_owner(owner)


class LostForm(PlainTextMixin, forms.Form):
    reason = forms.CharField(
        label="Why it came to nothing",
        max_length=Enquiry._meta.get_field("lost_reason").max_length,
        widget=forms.TextInput(attrs={"placeholder": "Dates taken, too dear, no answer …"}),
    )
