"""Keyset pages: a cursor names a row, so rows that come and go shift nobody's place.

REST framework's own CursorPagination counts rows with the same value by an offset, loses rows
whose value is null, and answers a malformed cursor's position with a 500.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

from django.core import signing
from django.db.models import F as Column
from django.db.models import Field, Model, OrderBy, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
CURSOR_SALT = "crm.api.cursor"


@dataclass(frozen=True)
class Order:
    """By one column, then by key in the same direction; rows without a value stand last."""

    field: Field
    descending: bool
    nulls_first: bool = False

    @classmethod
    def of(cls, rows: QuerySet) -> Self:
        """Read the order that the view's filters have put on the queryset."""
        name = rows.query.order_by[0]
        return cls(rows.model._meta.get_field(name.lstrip("-")), name.startswith("-"))

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.field.name}"

    def reversed(self) -> Self:
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)

    def clauses(self) -> list[OrderBy]:
        nulls: dict[str, bool] = {}
        if self.field.null:
            nulls = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        return [
            OrderBy(Column(self.field.name), descending=self.descending, **nulls),
            OrderBy(Column("pk"), descending=self.descending),
        ]

    def beyond(self, value: Any, key: str) -> Q:
        """What comes after the row with this value and key."""
        name, step = self.field.name, "lt" if self.descending else "gt"
        empty, later_key = Q(**{f"{name}__isnull": True}), Q(**{f"pk__{step}": key})
        if value is None:
            return empty & later_key | ~empty if self.nulls_first else empty & later_key
        # The first condition is there for the index; the second alone would say it all.
        rest = Q(**{f"{name}__{step}e": value}) & (Q(**{f"{name}__{step}": value}) | later_key)
        return rest | empty if self.field.null and not self.nulls_first else rest


@dataclass(frozen=True)
class Cursor:
    """A place in an order: just beyond one row, looking on or back."""

    order: str
    back: bool
    value: str | None
    key: str

    @classmethod
    def at(cls, row: Model, order: Order, *, back: bool) -> Self:
        empty = getattr(row, order.field.attname) is None
        value = None if empty else order.field.value_to_string(row)
        return cls(str(order), back, value, str(row.pk))

    @classmethod
    def read(cls, text: str, order: Order) -> Self:
        # Signed, so what is inside was written by `text` below and needs no further checking.
        try:
            cursor = cls(*signing.loads(text, salt=CURSOR_SALT))
        except signing.BadSignature as error:
            raise ValidationError({"cursor": ["This cursor is not one of ours."]}) from error
        if cursor.order != str(order):
            raise ValidationError({"cursor": ["This cursor belongs to another ordering."]})
        return cursor

    def text(self) -> str:
        return signing.dumps([self.order, self.back, self.value, self.key], salt=CURSOR_SALT)


class CursorPages(BasePagination):
    def paginate_queryset(
        self, queryset: QuerySet, request: Request, view: APIView | None = None
    ) -> list[Model]:
        size = page_size(request)
        self.url = request.build_absolute_uri()
        self.order = Order.of(queryset)
        text = request.query_params.get("cursor")
        self.cursor = Cursor.read(text, self.order) if text else None
        rows = list(self.rows_from_cursor(queryset)[: size + 1])
        self.more, self.page = len(rows) > size, rows[:size]
        if self.back:
            self.page.reverse()
        return self.page

    @property
    def back(self) -> bool:
        return bool(self.cursor and self.cursor.back)

    def rows_from_cursor(self, rows: QuerySet) -> QuerySet:
        order = self.order.reversed() if self.back else self.order
        if self.cursor:
            kept = self.cursor.value
            value = None if kept is None else self.order.field.to_python(kept)
            rows = rows.filter(order.beyond(value, self.cursor.key))
        return rows.order_by(*order.clauses())

    def next_link(self) -> str | None:
        return self.link(-1, back=False) if self.page and (self.more or self.back) else None

    def previous_link(self) -> str | None:
        if not self.page or not self.cursor:
            return None
        return self.link(0, back=True) if self.more or not self.back else None

    def link(self, position: int, *, back: bool) -> str:
        cursor = Cursor.at(self.page[position], self.order, back=back)
        return replace_query_param(remove_query_param(self.url, "cursor"), "cursor", cursor.text())

    def get_paginated_response(self, data: list[dict]) -> Response:
        links = {"next": self.next_link(), "previous": self.previous_link()}
        return Response({**links, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Follow `next` and `previous` instead of making one.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "description": f"Rows in a page: {PAGE_SIZE}, and {MAX_PAGE_SIZE} at most.",
                "schema": {"type": "integer", "minimum": 1, "default": PAGE_SIZE},
            },
        ]


def page_size(request: Request) -> int:
    text = request.query_params.get("page_size") or str(PAGE_SIZE)
    # No int() before the length is known: Python refuses numbers of thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text)):
        raise ValidationError({"page_size": [f"Give a whole number from 1 to {MAX_PAGE_SIZE}."]})
    return min(int(text), MAX_PAGE_SIZE)
