from django import template
from django.utils.safestring import SafeString

from accounts.admin_columns import label

register = template.Library()


@register.simple_tag
def status_label(value: str, text: str) -> SafeString:
    return label(text, value)
