"""Why stock does not move."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _


class OutOfStock(Exception):
    """Some variants have less than was asked for; `available` says how much each has."""

    def __init__(self, available: Mapping[int, int]) -> None:
        self.available = dict(available)
        self.variant_ids = tuple(sorted(available))
        super().__init__(_("Not enough in stock."))


class Scattered(Exception):
    """It is there, but in several buckets, or in some that others hold."""


class NotReserved(Exception):
    """More was to be released or shipped than is reserved."""

    def __init__(self, variant_ids: Iterable[int]) -> None:
        self.variant_ids = tuple(sorted(variant_ids))
        super().__init__(_("That many are not reserved."))


class BelowReserved(Exception):
    """A count below what is promised to orders."""

    def __init__(self, variant_id: int, wanted: int, reserved: int) -> None:
        self.variant_id, self.wanted, self.reserved = variant_id, wanted, reserved
        super().__init__(
            _("The stock cannot become %(wanted)d: %(reserved)d of it are reserved for orders.")
            % {"wanted": wanted, "reserved": reserved}
        )
