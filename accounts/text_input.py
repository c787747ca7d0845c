"""What typed text may hold. A line break in a single line would end up in a mail's header."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

BREAKS = {"\n", "\r", "\t"}
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
# Spaces, marks without a letter, characters of no width, and letters that are drawn as nothing.
UNSEEN = {*UNPRINTABLE, "Cf", "Me", "Mn", "Zs"}
BLANK_LETTERS = set("\u115f\u1160\u2800\u3164\uffa0")


def refuse_control_characters(text: str) -> None:
    if any(unicodedata.category(character) in UNPRINTABLE for character in text):
        raise ValidationError("Use one line of ordinary text.", code="control_characters")


def refuse_control_characters_in_lines(text: str) -> None:
    """Allow line breaks and tabs; for fields that run over several lines."""
    refuse_control_characters("".join(character for character in text if character not in BREAKS))


def refuse_nothing_but_unseen(text: str) -> None:
    """A name without a single visible character would leave a link that nobody can click."""
    if all(unicodedata.category(c) in UNSEEN or c in BLANK_LETTERS for c in text):
        raise ValidationError("Enter something that can be seen.", code="unseen")


class PlainTextMixin:
    """A form whose every text field refuses control characters and text that shows nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = [
                    *field.validators,
                    _refusal(field),
                    refuse_nothing_but_unseen,
                ]


def _refusal(field: forms.CharField) -> object:
    several_lines = isinstance(field.widget, forms.Textarea)
    return refuse_control_characters_in_lines if several_lines else refuse_control_characters
