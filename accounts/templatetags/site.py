from django import forms, template

register = template.Library()

# What django-allauth calls its fields, and what we do.
OUR_WORDS = {
    "Email": "E-mail",
    "Login": "E-mail",
    "Remember Me": "Keep me logged in on this computer",
    "Password (again)": "Password again",
    "Current Password": "Your password now",
    "New Password": "New password",
    "New Password (again)": "New password again",
}


@register.filter
def pounds(pence: int | None) -> str:
    """Show whole pence as £1,200, or as £1,200.50 where there are odd pence."""
    if pence is None:
        return ""
    sign = "-" if pence < 0 else ""
    whole, odd = divmod(abs(pence), 100)
    return f"{sign}£{whole:,}.{odd:02d}" if odd else f"{sign}£{whole:,}"


@register.filter
def labels(values: list[str], choices: list[tuple[str, str]]) -> list[str]:
    """Turn stored choice values into the words on screen; values since withdrawn are left out."""
    known = dict(choices)
    return [known[value] for value in values if value in known]


@register.filter
def in_our_words(label: str) -> str:
    """Name a field alike beside it and in the list of errors."""
    return OUR_WORDS.get(label, label)


@register.filter
def without_placeholder(field: forms.BoundField) -> forms.BoundField:
    """Show the label alone: allauth's fields repeat it as a placeholder."""
    field.field.widget.attrs.pop("placeholder", None)
    return field
