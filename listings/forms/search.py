from django import forms

from accounts.text_input import PlainTextMixin


class SearchForm(PlainTextMixin, forms.Form):
    """What guests search by; a junk value gets an error and no influence."""

    q = forms.CharField(
        label="Where",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "A county, town or house"}),
    )
    guests = forms.IntegerField(
        label="Guests",
        min_value=1,
        max_value=500,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "Any"}),
    )
