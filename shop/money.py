"""Money: an amount with its currency, one rounding rule, and allocation that loses no cent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, total_ordering
from typing import Any

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.db import models
from django.utils import translation

MOST_DIGITS = 2  # of a price, in the database


def digits(currency: str) -> int:
    """Decimals of its smallest unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


@total_ordering
@dataclass(frozen=True)
class Money:
    """`amount` in units of `currency` (ISO 4217), e.g. Money(Decimal("38.00"), "EUR")."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(Decimal(0), currency)

    @classmethod
    def sum(cls, moneys: Iterable["Money"], currency: str) -> "Money":
        """The sum, zero of `currency` for none."""
        total = cls.zero(currency)
        for money in moneys:
            total += money
        return total

    @classmethod
    def from_minor(cls, units: int, currency: str) -> "Money":
        """So many of the currency's smallest unit: 3800 cents, 38 yen."""
        return cls(Decimal(units).scaleb(-digits(currency)), currency)

    @property
    def minor(self) -> int:
        """How many of the currency's smallest unit; ValueError for a part of one."""
        units = self.amount.scaleb(digits(self.currency))
        if units != units.to_integral_value():
            raise ValueError(f"{self.amount} {self.currency} is no whole number of its smallest unit")
        return int(units)

    @property
    def quantum(self) -> Decimal:
        """The smallest unit of the currency: 0.01 for EUR, 1 for JPY."""
        return Decimal(1).scaleb(-digits(self.currency))

    def _same(self, other: "Money") -> Decimal:
        if not isinstance(other, Money):
            raise TypeError(f"Money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def rounded(self) -> "Money":
        """To the currency's smallest unit, halves away from zero (commercial rounding)."""
        return Money(self.amount.quantize(self.quantum, ROUND_HALF_UP), self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        """Parts in proportion to `weights`, to this amount exactly (largest remainder, ties to the first).

        The amount must be rounded. All weights zero shares equally. ValueError for no or negative weights.
        """
        if not weights or any(weight < 0 for weight in weights):
            raise ValueError("weights must be non-negative, and at least one")
        units = self.minor
        shares = [Decimal(weight) for weight in weights]
        if not any(shares):
            shares = [Decimal(1)] * len(shares)
        whole, sign = sum(shares), (1 if units >= 0 else -1)
        exact = [abs(units) * share / whole for share in shares]
        parts = [int(part) for part in exact]
        by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
        for index in by_remainder[: abs(units) - sum(parts)]:
            parts[index] += 1
        return [Money(sign * part * self.quantum, self.currency) for part in parts]

    def format(self, language: str | None = None, *, short: bool = False) -> str:
        """As people of that language write it; `short` leaves out cents that are zero: €38."""
        return _written(self.amount, self.currency, language or translation.get_language() or "en", short)

    def __str__(self) -> str:
        return self.format()


@lru_cache(maxsize=10_000)
def _written(amount: Decimal, currency: str, language: str, short: bool) -> str:
    """Prices come again: a page of cards says the same few dozen, and babel takes its time."""
    locale = Locale.parse(language, sep="-")
    if short and amount == amount.to_integral_value():
        pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(amount, currency, pattern, locale=locale, currency_digits=False)
    return format_currency(amount, currency, locale=locale)


class MoneyField(models.DecimalField):
    """An amount beside a `currency` column: up to 9,999,999,999.99.

    A currency with more decimals than MOST_DIGITS is refused where markets are declared: shop/markets.py.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 12)
        kwargs.setdefault("decimal_places", MOST_DIGITS)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        """Amounts are not negative; the constraints say so too, and know no field to say it at."""
        return super().formfield(**{"min_value": 0, **kwargs})


class CurrencyField(models.CharField):
    """An ISO 4217 code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 3
        super().__init__(*args, **kwargs)


def currency_is_code(name: str, field: str = "currency") -> models.CheckConstraint:
    """The constraint that a currency column holds three capitals."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__regex": "^[A-Z]{3}$"}), name=name)
