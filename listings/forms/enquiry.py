from datetime import date, timedelta

from django import forms

from accounts.models import Owner, User, normalise_email
from accounts.text_input import PlainTextMixin
from listings.choices import AddOn
from listings.forms.fields import LongTextField
from listings.models import Enquiry, Property

FURTHEST_AHEAD = timedelta(days=3 * 365)


class DayField(forms.DateField):
    def __init__(self, **kwargs: object) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": "Enter a date such as 27/06/2027."},
            **kwargs,
        )


class EnquiryForm(PlainTextMixin, forms.ModelForm):
    """A guest's enquiry about one house."""

    check_in = DayField(label="Arrival", required=False)
    check_out = DayField(label="Departure", required=False)
    add_ons = forms.MultipleChoiceField(
        label="Extras to ask about",
        choices=AddOn,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    message = LongTextField(label="Your message", rows=5, max_length=4000)
    # People do not see this field; programs that fill in every field give themselves away.
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    class Meta:
        model = Enquiry
        fields = [
            "guest_name",
            "guest_email",
            "guest_phone",
            "check_in",
            "check_out",
            "group_size",
            "occasion",
            "add_ons",
            "message",
            "marketing_consent",
        ]
        labels = {
            "group_size": "Guests",
            "marketing_consent": "E-mail me now and then about houses and offers",
        }
        widgets = {
            "guest_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "guest_email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "guest_phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "occasion": forms.TextInput(attrs={"placeholder": "Birthday, wedding, reunion …"}),
        }

    def __init__(self, *args: object, house: Property, today: date, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.house, self.today = house, today
        self.fields["group_size"] = forms.IntegerField(
            label="Guests",
            min_value=1,
            max_value=house.sleeps_max,
            error_messages={"max_value": f"This house sleeps up to {house.sleeps_max}."},
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        )
        for name in ("check_in", "check_out"):
            self.fields[name].widget.attrs["min"] = today.isoformat()
            self.fields[name].widget.attrs["max"] = (today + FURTHEST_AHEAD).isoformat()

    @property
    def trapped(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    def clean_guest_email(self) -> str:
        return normalise_email(self.cleaned_data["guest_email"])

    def clean_check_in(self) -> date | None:
        arrival = self.cleaned_data["check_in"]
        if arrival and arrival < self.today:
            raise forms.ValidationError("The arrival cannot be in the past.")
        if arrival and arrival > self.today + FURTHEST_AHEAD:
            raise forms.ValidationError("Choose an arrival within the next three years.")
        return arrival

    def clean_check_out(self) -> date | None:
        departure = self.cleaned_data["check_out"]
        if departure and departure > self.today + FURTHEST_AHEAD:
            raise forms.ValidationError("Choose a departure within the next three years.")
        return departure

    def clean(self) -> None:
        super().clean()
        arrival, departure = (self.cleaned_data.get(name) for name in ("check_in", "check_out"))
        if arrival and departure and departure <= arrival:
            self.add_error("check_out", "The departure must be after the arrival.")
        if departure and not arrival and "check_in" not in self.errors:
            self.add_error("check_in", "Enter the arrival too, or leave both dates empty.")
        if arrival and not departure and "check_out" not in self.errors:
            self.add_error("check_out", "Enter the departure too, or leave both dates empty.")


def known_about(user: User) -> dict[str, str]:
    """Return what the form can fill in for a signed-in person."""
    if not user.is_authenticated:
        return {}
    phone = Owner.objects.filter(user=user).values_list("phone", flat=True).first()
    return {
        "guest_name": user.get_full_name(),
        "guest_email": user.email,
        "guest_phone": phone or "",
    }
