from django import template
from django.apps import apps
from django.utils.safestring import SafeString

from accounts.admin_columns import label
from crm.models import BulkWrite, SyncCheck
from crm.proof import verdict

register = template.Library()


@register.simple_tag
def status_label(value: str, text: str) -> SafeString:
    return label(text, value)


@register.filter
def took(duration: float) -> str:
    return verdict.seconds(duration)


@register.filter
def found(check: SyncCheck) -> int:
    return verdict.found(check)


@register.filter
def mended(check: SyncCheck) -> int:
    return verdict.mended(check)


@register.simple_tag
def bulk_write(write: BulkWrite) -> str:
    """Say what was written: “200 properties updated: title”."""
    try:
        names = apps.get_model(write.model)._meta
    except (LookupError, ValueError):  # a model that the code no longer has
        rows = f"rows of {write.model}"
    else:
        rows = names.verbose_name if write.rows == 1 else names.verbose_name_plural
    done = "created" if write.method == "bulk_create" else "updated"
    columns = ", ".join(str(column).replace("_", " ") for column in write.columns)
    return f"{write.rows:,} {rows} {done}{': ' if columns else ''}{columns}"
