"""Magento's tables of rules, of the cart and of the catalogue → records, each with its line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.importing.magento.cells import BadRow, flag, number, plain, required
from catalog.importing.magento.dates import Dates
from catalog.importing.records import Place, Reading
from catalog.importing.table import Row, Table, Unreadable, open_table
from checkout import codes
from checkout.importing.conditions import Goods, NotHere, minimum, of_goods, tree

KINDS = {"by_percent": "percent", "by_fixed": "each", "cart_fixed": "amount", "buy_x_get_y": "bonus"}
NEEDED = ("name", "simple_action", "discount_amount", "conditions_serialized")
FILES = ("sales_rules.csv", "catalog_rules.csv")
USUAL_TURN = 10


@dataclass(frozen=True)
class PromotionRecord:
    """A rule as a promotion: goods by the slugs of categories and by SKU; `code` if it waits for one."""

    place: Place
    source: str
    name: str
    note: str
    kind: str
    goods: Goods
    percent: Decimal | None = None
    amount: Decimal | None = None
    buy: int | None = None
    free: int | None = None
    minimum: Decimal = Decimal(0)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True
    priority: int = USUAL_TURN
    is_last: bool = False
    code: str = ""
    limit: int | None = None
    limit_each: int | None = None


@dataclass
class Rules:
    """What the files hold; problems and counts as in every import."""

    records: list[PromotionRecord] = field(default_factory=list)
    reading: Reading = field(default_factory=lambda: Reading("magento"))


def read(paths: Sequence[Path]) -> Rules:
    """Every rule of these files, or of a folder's; Unreadable if there is none to read."""
    rules, known = Rules(), dict[str, Place]()
    for path in _files(paths):
        table = open_table(path, rules.reading)
        if missing := [column for column in NEEDED if column not in table.header]:
            raise Unreadable(
                _("%(file)s: these columns are missing: %(columns)s.")
                % {"file": path.name, "columns": ", ".join(missing)}
            )
        for record in _records(table, rules.reading):
            if (twin := known.get(record.source)) is not None:
                rules.reading.error(record.place, _("The same name as %s.") % twin, record.name)
                continue
            known[record.source] = record.place
            rules.records.append(record)
            rules.reading.count(table.name, rules=1)
    return rules


def _files(paths: Sequence[Path]) -> list[Path]:
    found = list[Path]()
    for path in paths:
        if path.is_dir():
            found += sorted(file for name in FILES for file in path.rglob(name))
        elif path.exists():
            found.append(path)
        else:
            raise Unreadable(_("There is no %s.") % path)
    if not found:
        raise Unreadable(_("There is neither %s there.") % _(" nor ").join(FILES))
    return found


def _records(table: Table, reading: Reading) -> Iterator[PromotionRecord]:
    rows = list(table.rows(reading, whole=True))
    dates = Dates(rows)
    for row in rows:
        try:
            yield _record(row, reading, dates, is_of_cart="coupon_type" in table.header)
        except NotHere as error:
            text = _("It was left out: this shop does not know %s.")
            reading.error(row.place, text % error, plain(row["name"])[:80])
        except BadRow as error:
            reading.error(row.place, str(error), plain(row["name"])[:80])


def _record(row: Row, reading: Reading, dates: Dates, *, is_of_cart: bool) -> PromotionRecord:
    name = plain(required(row, "name", 120))
    kind = KINDS.get(row["simple_action"].casefold())
    given = number(row["discount_amount"] or "0", "discount_amount").quantize(Decimal("0.01"))
    frees = row["simple_free_shipping"] not in {"", "0"}
    if frees and given:
        raise NotHere(_("free delivery and a discount in one rule: make two of it"))
    if kind is None and not frees:
        raise NotHere(_("the action “%s”") % row["simple_action"])
    if number(row["discount_qty"] or "0", "discount_qty"):
        raise NotHere(_("a greatest number of pieces (discount_qty)"))
    least, goods = _goods(row, reading, name, is_of_cart=is_of_cart)
    if flag(row["apply_to_shipping"], False):
        reading.warn(row.place, _("Delivery is not reduced with the goods here."), name)
    code = row["coupon_code"] if row["coupon_type"] not in {"", "1"} else ""
    if row["coupon_type"] not in {"", "1"} and len(codes.folded(code)) < 3:
        raise NotHere(_("a voucher without one code of three letters or more"))
    is_bonus = kind == "bonus" and not frees
    buy, free = (
        (int(number(row["discount_step"] or "0", "discount_step")), int(given)) if is_bonus else (0, 0)
    )
    if is_bonus and not (0 < buy < 1_000 and 0 < free < 1_000 and free == given):
        raise BadRow(_("discount_step and discount_amount say how many to buy and how many are free."))
    if (not frees and not is_bonus and not given > 0) or (kind == "percent" and given > 100):
        raise BadRow(_("discount_amount: %s takes nothing off, or more than all.") % given)
    return PromotionRecord(
        place=row.place,
        source=f"magento:{'cart' if is_of_cart else 'catalog'}:{name}",
        name=name,
        note=plain(row["description"])[:300],
        kind="delivery" if frees else str(kind),
        goods=goods,
        percent=given if kind == "percent" and not frees else None,
        amount=given if kind in {"each", "amount"} and not frees else None,
        buy=buy or None,
        free=free or None,
        minimum=least,
        starts_at=_moment(row, dates, "from_date"),
        ends_at=_moment(row, dates, "to_date", ends=True),
        is_active=flag(row["is_active"], True),
        priority=int(number(row["sort_order"] or str(USUAL_TURN), "sort_order", 32_767)),
        is_last=flag(row["stop_rules_processing"], False),
        code=plain(code)[: codes.MOST],
        limit=int(number(row["uses_per_coupon"] or "0", "uses_per_coupon")) or None,
        limit_each=int(number(row["uses_per_customer"] or "0", "uses_per_customer", 32_767)) or None,
    )


def _goods(row: Row, reading: Reading, name: str, *, is_of_cart: bool) -> tuple[Decimal, Goods]:
    """From how much on, and for which goods."""
    if not is_of_cart:
        text = _("It is taken off in the cart: pages of goods show the price without it.")
        reading.warn(row.place, text, name)
        return Decimal(0), of_goods(tree(row["conditions_serialized"]))
    least, lying = minimum(tree(row["conditions_serialized"]))
    goods = of_goods(tree(row["actions_serialized"]))
    if not lying.is_chosen and not lying.without and lying.takes_reduced:
        return least, goods  # "something lies in the cart": of a cart with goods that is no condition
    if goods != Goods.all():
        raise NotHere(_("goods that are reduced because others lie in the cart"))
    reading.warn(row.place, _("It is read as being about the goods that must lie in the cart."), name)
    return least, lying


def _moment(row: Row, dates: Dates, column: str, *, ends: bool = False) -> datetime | None:
    if not row[column]:
        return None
    found = dates.moment(row[column], ends=ends)
    if found is None:
        raise BadRow(_("%(column)s: “%(text)s” is no date.") % {"column": column, "text": row[column][:40]})
    return found
