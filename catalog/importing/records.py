"""What a reader makes of a file and the loader takes: products as plain data, and the problems met."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1 as editors do."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """Something a person should look at. An error left its row (or product) out, a warning did not."""

    level: Literal["error", "warning"]
    place: Place
    handle: str
    reason: str
    is_picture: bool = False  # one of the many that all say the same

    def __str__(self) -> str:
        return f"{self.place}: {self.level}: {self.reason}"


@dataclass(frozen=True)
class PictureRecord:
    """Where a picture lies."""

    place: Place
    address: str
    alt: str = ""
    position: int = 0


@dataclass(frozen=True)
class VariantRecord:
    """One thing that can be bought; `options` are (name, value) in the merchant's order."""

    place: Place
    external_id: str
    options: tuple[tuple[str, str], ...]
    price: Decimal
    list_price: Decimal | None = None  # what it costs without its sale
    sku: str = ""
    barcode: str = ""
    quantity: int = 0
    is_tracked: bool = True
    weight_grams: int = 0


@dataclass(frozen=True)
class ProductRecord:
    """A product with everything the file says about it."""

    place: Place
    external_id: str
    handle: str
    name: str
    description: str = ""  # HTML or plain text, as found
    kind: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    is_published: bool = True
    variants: tuple[VariantRecord, ...] = ()
    pictures: tuple[PictureRecord, ...] = ()


@dataclass
class Reading:
    """A file that has been read: its products, and what was wrong with it."""

    products: list[ProductRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def error(self, place: Place, reason: str, handle: str = "") -> None:
        """Notes what was left out, and why."""
        self.problems.append(Problem("error", place, handle, reason))

    def warn(self, place: Place, reason: str, handle: str = "") -> None:
        """Notes what was read otherwise than written."""
        self.problems.append(Problem("warning", place, handle, reason))

    def errors(self) -> Iterator[Problem]:
        """The errors alone."""
        return (problem for problem in self.problems if problem.level == "error")
