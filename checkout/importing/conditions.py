"""Magento's trees of conditions → what a promotion here can say, or the reason why it cannot.

A condition that is left out would give more away than the merchant meant. So whatever is not known here is
refused, and with it the rule.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

# Sample data write values as placeholders, without quotes: "value":%url_key=tees-women,url_key=tees-men%
_PLACEHOLDER = re.compile(r'(?<=":)%([^%"{}]*)%')
_IS, _IS_NOT = {"==", "()", "{}"}, {"!=", "!()", "!{}"}
_SUBTOTALS = {"base_subtotal", "base_subtotal_total_incl_tax"}  # before any promotion, as ours
CENT = Decimal("0.01")


class NotHere(Exception):
    """The condition has no counterpart; the text says which."""


@dataclass
class Goods:
    """What a rule is about: any of these, none of those."""

    categories: list[str]
    skus: list[str]
    without: list[str]
    takes_reduced: bool = True

    @classmethod
    def all(cls) -> "Goods":
        return cls([], [], [])

    @property
    def is_chosen(self) -> bool:
        return bool(self.categories or self.skus)


def tree(text: str) -> Mapping[str, Any]:
    """The cell as it was meant; nothing is a tree without conditions. NotHere if it is none."""
    if not text.strip():
        return {}
    quoted = _PLACEHOLDER.sub(lambda found: json.dumps(found[1]), text)
    try:
        found = json.loads(quoted)
    except (ValueError, RecursionError) as error:
        raise NotHere(_("its conditions cannot be read")) from error
    if not isinstance(found, dict):
        raise NotHere(_("its conditions cannot be read"))
    return found


def minimum(root: Mapping[str, Any]) -> tuple[Decimal, Goods]:
    """Of a cart's conditions: from how much on, and what must lie in it."""
    least, goods = Decimal(0), Goods.all()
    for node, holds in _leaves(root, is_product=False):
        kind, attribute = _kind(node), str(node.get("attribute") or "")
        if kind == "Address" and attribute in _SUBTOTALS and holds and node.get("operator") in {">=", ">"}:
            least = max(least, _amount(node) + (CENT if node["operator"] == ">" else 0))
        elif kind == "Found" and holds:
            if _is_set(goods):
                raise NotHere(_("two conditions about what lies in the cart"))
            goods = of_goods(node)
        else:
            raise NotHere(_("the condition “%s”") % (attribute or kind))
    return least, goods


def of_goods(root: Mapping[str, Any]) -> Goods:
    """Of goods' conditions: which of them are meant."""
    goods, positive = Goods.all(), set[str]()
    for node, holds in _leaves(root, is_product=True):
        attribute, operator = str(node.get("attribute") or ""), str(node.get("operator") or "")
        if operator not in _IS | _IS_NOT:
            raise NotHere(_("“%(attribute)s” compared by “%(operator)s”") % {**node, "attribute": attribute})
        is_in = (operator in _IS) == holds
        if attribute == "category_ids":
            (goods.categories if is_in else goods.without).extend(_values(node))
        elif attribute == "sku" and is_in and operator != "{}":
            goods.skus.extend(_values(node))
        elif attribute == "sale" and is_in != (str(node.get("value")) == "1"):
            goods.takes_reduced = False
            continue
        else:
            raise NotHere(_("the condition “%s”") % (attribute or _kind(node)))
        if is_in:
            if positive:
                raise NotHere(_("two conditions on one thing, both of which must hold"))
            positive.add(attribute)
    return goods


def _is_set(goods: Goods) -> bool:
    return goods != Goods.all()


def _leaves(
    node: Mapping[str, Any], *, is_product: bool, holds: bool = True
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The conditions below, each with whether it must hold or must not."""
    children = node.get("conditions") or []
    if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
        raise NotHere(_("its conditions cannot be read"))
    wants = (str(node.get("value", "1")) != "0") == holds
    # "Any of these holds" is "not: none of these holds": both sides of a negation are one thing only for one.
    if len(children) > 1 and (node.get("aggregator") != "all" or not holds):
        raise NotHere(_("“any of these”"))
    for child in children:
        if _kind(child) == "Combine":
            yield from _leaves(child, is_product=is_product, holds=wants)
        else:
            yield child, wants


def _kind(node: Mapping[str, Any]) -> str:
    r"""Found of Magento\SalesRule\Model\Rule\Condition\Product\Found."""
    return str(node.get("type") or "").rpartition("\\")[2]


def _values(node: Mapping[str, Any]) -> list[str]:
    """Its list: "url_key=tees-women,url_key=tees-men", "24-UG06, 24-UG07", or a list of them."""
    value = node.get("value")
    listed = [str(one) for one in value] if isinstance(value, list) else str(value or "").split(",")
    found = [one.strip().removeprefix("url_key=") for one in listed]
    if not any(found):
        raise NotHere(_("a condition without a value"))
    return [one for one in found if one]


def _amount(node: Mapping[str, Any]) -> Decimal:
    try:
        found = Decimal(str(node.get("value")))
    except InvalidOperation as error:
        raise NotHere(_("an amount that is none")) from error
    if not (found.is_finite() and 0 <= found < 10**9):
        raise NotHere(_("an amount that is none"))
    return found.quantize(CENT)
