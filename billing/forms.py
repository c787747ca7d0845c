from django import forms

from accounts.models import Owner
from listings.models import Property


class HouseChoice(forms.Form):
    """Which of the owner's houses a plan is for; none is an answer too."""

    house = forms.ModelChoiceField(
        queryset=Property.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: object, owner: Owner, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["house"].queryset = Property.objects.for_owner(owner)
