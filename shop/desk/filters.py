"""Filters of the desk's lists that stay quick whatever their length."""

from typing import Any

from django.contrib import admin
from django.db import connection, models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop import markets
from shop.desk.cells import country

MOST_CHOICES = 60


def values_of(model: type[models.Model], column: str) -> list[str]:
    """The texts that a column holds, without the empty one; its index must begin with the column.

    Hops from one value to the next in the index: DISTINCT would read a million rows for a dozen words.
    """
    quote = connection.ops.quote_name
    table, name = quote(model._meta.db_table), quote(column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found AS ("  # noqa: S608 (both names are the model's own)
            f" (SELECT {name} AS value FROM {table} ORDER BY {name} LIMIT 1) UNION ALL"
            f" SELECT (SELECT t.{name} FROM {table} t WHERE t.{name} > found.value ORDER BY t.{name} LIMIT 1)"
            f" FROM found WHERE found.value IS NOT NULL"
            f") SELECT value FROM found WHERE value <> '' LIMIT %s",
            [MOST_CHOICES],
        )
        return [value for (value,) in cursor.fetchall()]


class ValueFilter(admin.SimpleListFilter):
    """Those with one value of the column that `parameter_name` names."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, self.shown(value)) for value in values_of(model_admin.model, self.parameter_name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset

    def shown(self, value: str) -> str:
        """What a person reads for it."""
        return value


class MarketFilter(ValueFilter):
    """Europe, United Kingdom …"""

    title = _("market")
    parameter_name = "market"

    def shown(self, value: str) -> str:
        return market_name(value)


class CountryFilter(ValueFilter):
    """Germany, Austria …"""

    title = _("country")
    parameter_name = "country"

    def shown(self, value: str) -> str:
        return country(value)


def market_name(code: str) -> str:
    """The market's name; its code if it has been given up since."""
    return next((market.name for market in markets.all() if market.code == code), code)
