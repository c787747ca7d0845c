"""What typed text may hold. A line break in a single line would end up in a mail's header."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

BREAKS = {"\n", "\r", "\t"}
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def refuse_control_characters(text: str) -> None:
    if any(unicodedata.category(character) in UNPRINTABLE for character in text):
        raise ValidationError("Use one line of ordinary text.", code="control_characters")


def refuse_control_characters_in_lines(text: str) -> None:
    """Allow line breaks and tabs; for fields that run over several lines."""
    refuse_control_characters("".join(character for character in text if character not in BREAKS))


class PlainTextMixin:
    """A form whose every text field refuses control characters."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = [*field.validators, _refusal(field)]


def _refusal(field: forms.CharField) -> object:
    several_lines = isinstance(field.widget, forms.Textarea)
    return refuse_control_characters_in_lines if several_lines else refuse_control_characters
