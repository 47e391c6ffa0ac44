"""An invoice as the words of its page, in its own language: finished texts for templates/invoices/."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.models import Invoice
from orders.papers.content import Content
from shop import places
from shop.jinja.words import date_filter, percent
from shop.money import Money

Words = dict[str, Any]


def words(invoice: Invoice) -> Words:
    """All that its page says."""
    with translation.override(invoice.content["language"]):
        return _Page(invoice).words()


def title(invoice: Invoice) -> str:
    """What kind of paper it is, in the language in use."""
    return _("Credit note") if invoice.kind == Invoice.Kind.CREDIT_NOTE else _("Invoice")


def missing() -> str:
    """What stands below if a sign is lacking, in the language in use."""
    return _("A sign that this page cannot show stands as ▯. The order’s page shows it as it was written.")


def note_texts(told: Content) -> list[str]:
    """What the law wants to be said of its tax, in the language in use."""
    found = []
    if "reverse_charge" in told["notes"]:
        found.append(_("Reverse charge: the recipient owes the tax (Article 196, Directive 2006/112/EC)."))
    categories = {row["category"] for row in told["taxes"]}
    if "K" in categories:
        found.append(_("Tax-free intra-Community supply (Article 138, Directive 2006/112/EC)."))
    if "G" in categories:
        found.append(_("Export from the European Union: free of tax (Article 146, Directive 2006/112/EC)."))
    return found


def line_name(invoice: Invoice, line: Content) -> str:
    """What was sold; where nothing in particular is credited, a part of the invoice."""
    if line["name"]:
        return str(line["name"])
    return _("Part of invoice %(label)s") % {"label": invoice.content["corrects"]["label"]}


class _Page:
    def __init__(self, invoice: Invoice) -> None:
        self.invoice, self.told = invoice, invoice.content
        self.includes_tax: bool = self.told["prices_include_tax"]
        self.is_credit = invoice.kind == Invoice.Kind.CREDIT_NOTE
        self.tax_name = _tax_name(self.told)
        self.is_reduced = any(Decimal(line["discount"]) for line in self.told["lines"])

    def words(self) -> Words:
        told = self.told
        return {
            "language": told["language"].partition("-")[0],
            "region": told["language"].partition("-")[2].upper(),
            "kind": title(self.invoice),
            "label": self.invoice.label,
            "issued": [self.invoice.issued_on.year, self.invoice.issued_on.month, self.invoice.issued_on.day],
            "shop": settings.SITE_NAME,
            "sender": " · ".join(address(told["seller"], has_country=False)),
            "recipient": told["buyer"]["lines"],
            "facts": [[name, text] for name, text in self.facts() if text],
            "item": _("Item"),
            "columns": self.columns(),
            "lines": [*map(self.line, told["lines"]), *self.delivery()],
            "sum": self.sum(),
            "reductions": self.reductions(),
            "sums": [[name, text] for name, text in self.sums()],
            "total": [_("Total credited") if self.is_credit else _("Total"), self.money("total")],
            "taxes": self.taxes(),
            "notes": [note for note in self.notes() if note],
            "missing": missing(),
            "foot": [column for column in self.foot() if column],
            "page": _("Page %(number)s of %(count)s"),
        }

    def facts(self) -> Iterator[tuple[str, str]]:
        told = self.told
        yield _("Number"), self.invoice.label
        yield _("Date"), _day(self.invoice.issued_on.isoformat())
        if self.is_credit:
            corrected = {"label": told["corrects"]["label"], "day": _day(told["corrects"]["issued_on"])}
            yield _("Corrects invoice"), _("%(label)s of %(day)s") % corrected
        ordered = {"label": told["order"], "day": _day(told["ordered_on"])}
        yield _("Order"), _("%(label)s of %(day)s") % ordered
        if not self.is_credit and told["paid_on"]:
            yield _("Paid"), _day(told["paid_on"])
        if not self.is_credit:
            yield _("Delivery"), _days(told["promised_from"], told["promised_until"])
        yield _("Your VAT number"), told["buyer"]["vat_number"]

    # --- The table: each row is pieces × each − discount = amount, and below each column stands its sum. ---

    def columns(self) -> list[Words]:
        """Behind what was sold. Where prices include the tax the net has a column of its own, as EN 16931
        counts it (BT-131); a discount has one where there is any."""
        named = {
            "quantity": _("Quantity"),
            "each": _("Each"),
            "discount": (_("Less") if self.is_credit else _("Discount")) if self.is_reduced else "",
            "rate": self.tax_name,
            "net": _("Net") if self.includes_tax else "",
            "amount": _("Amount"),
        }
        return [{"key": key, "name": name} for key, name in named.items() if name]

    def line(self, line: Content) -> Words:
        pieces, each = self.pieces(line)
        is_cut = not pieces and line["quantity"] > 1
        count = ngettext("%(num)d piece", "%(num)d pieces", line["quantity"]) % {"num": line["quantity"]}
        return {
            "name": line_name(self.invoice, line),
            "detail": " · ".join(filter(None, (line["options"], line["sku"], count if is_cut else ""))),
            "quantity": str(pieces or 1),
            "each": self.written(each),
            "discount": self.less(line["discount"]),
            "rate": percent(Decimal(line["rate"])),
            "net": self.written(line["net"]),
            "amount": self.written(line["charged"]),
        }

    def pieces(self, line: Content) -> tuple[int, str]:
        """How many at which price; (0, the amount) for one that is not made of whole cents each."""
        quantity: int = line["quantity"]
        if line["unit"]:
            return quantity, line["unit"]
        if quantity:
            each = Decimal(line["full"]) / quantity
            if each == each.quantize(Money.zero(self.told["currency"]).quantum):
                return quantity, str(each)
        return 0, line["full"]

    def delivery(self) -> Iterator[Words]:
        row = self.told["delivery"]
        if not row:
            return
        is_free = not Decimal(row["charged"])
        yield {
            "name": _("Delivery"),
            "detail": ", ".join(filter(None, (row["name"], row["carrier"]))),
            "quantity": "" if is_free else "1",
            "each": "" if is_free else self.written(row["charged"]),
            "discount": "",
            "rate": "" if is_free else percent(Decimal(row["rate"])),
            "net": "" if is_free else self.written(row["net"]),
            "amount": _("free") if is_free else self.written(row["charged"]),
        }

    def sum(self) -> Words | None:
        """The last row; a single one is its own sum."""
        told = self.told
        if len(told["lines"]) + bool(told["delivery"] and Decimal(told["delivery"]["charged"])) < 2:
            return None
        rows = [*told["lines"], *([told["delivery"]] if told["delivery"] else [])]
        discount = sum((Decimal(line["discount"]) for line in told["lines"]), Decimal(0))
        charged = sum((Decimal(row["charged"]) for row in rows), Decimal(0))
        return {
            "name": _("Sum"),
            "discount": self.less(str(discount)),
            "net": self.money("net"),
            "amount": self.written(str(charged)),
        }

    def reductions(self) -> str:
        """What the discounts are called, and what of their sum is whose."""
        found = []
        for row in self.told["discounts"]:
            named = f"{row['name']} ({row['code']})" if row["code"] not in {"", row["name"]} else row["name"]
            is_free = not Decimal(row["amount"])
            found.append(f"{named} {_('free delivery') if is_free else self.written(row['amount'])}")
        return _("Discount: %(names)s") % {"names": " · ".join(found)} if found else ""

    def less(self, amount: str) -> str:
        return f"\N{MINUS SIGN}{self.written(amount)}" if Decimal(amount) else ""

    def sums(self) -> Iterator[tuple[str, str]]:
        """Between the table and the total, where the tax comes on top."""
        if not self.includes_tax:
            yield _("Net"), self.money("net")
            yield self.tax_name, self.money("tax")

    def taxes(self) -> Words:
        """The table by rate."""
        rows = []
        for row in self.told["taxes"]:
            amounts = (row["net"], row["tax"], str(Decimal(row["net"]) + Decimal(row["tax"])))
            rows.append([percent(Decimal(row["rate"])), *map(self.written, amounts)])
        sums = [self.money("net"), self.money("tax"), self.money("total")]
        return {
            "columns": [self.tax_name, _("Net"), _("Tax"), _("Gross")],
            "rows": rows,
            "sums": [_("Sum"), *sums] if len(rows) > 1 else [],
        }

    def notes(self) -> Iterator[str]:
        told = self.told
        yield from note_texts(told)
        if self.is_credit:
            yield _("Reason: %(reason)s") % {"reason": told["reason"]} if told["reason"] else ""
            yield _("The amount goes back the way it was paid.")
        else:
            yield _("Paid in full, with thanks: nothing is left to be paid.") if told["paid_on"] else ""
        yield "" if self.is_credit else told["seller"]["closing"]

    def foot(self) -> Iterator[list[str]]:
        seller = self.told["seller"]
        yield address(seller)
        managers, register = seller["managers"], seller["register"]
        yield _some(seller["email"], seller["phone"], seller["website"]) + _some(
            managers and _("Represented by %s") % managers
        )
        numbers = (
            (_("VAT number %s"), seller["vat_number"]),
            (_("Tax number %s"), seller["tax_number"]),
            (_("IBAN %s"), seller["iban"]),
            (_("BIC %s"), seller["bic"]),
        )
        yield _some(register, *(text % value for text, value in numbers[:2] if value))
        yield _some(seller["bank"], *(text % value for text, value in numbers[2:] if value))

    def money(self, name: str) -> str:
        return self.written(self.told[name])

    def written(self, amount: str) -> str:
        return Money(Decimal(amount), self.told["currency"]).format(self.told["language"])


def _tax_name(told: Content) -> str:
    """Value added tax, where it is one."""
    country = told["seller"]["country"]
    return _("VAT") if country in places.EU or country in {"GB", "CH", "NO"} else _("Tax")


def address(party: Content, *, has_country: bool = True) -> list[str]:
    """Of who sells, line by line."""
    town = " ".join(filter(None, (party["postcode"], party["city"])))
    lines = _some(party["name"], party["line1"], party["line2"], town)
    return [*lines, country_name(party["country"])] if has_country else lines


def country_name(code: str) -> str:
    """In the language in use."""
    locale = Locale.parse(translation.get_language() or "en", sep="-")
    return str(locale.territories.get(code, code))


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso))


def day(on: date) -> str:
    """3 December 2026, as the language in use writes it."""
    # Translators: a date with its month in full, as babel (CLDR) writes patterns.
    return date_filter(on, pgettext("date pattern", "d MMMM y"))


def _days(first: str | None, last: str | None) -> str:
    if not first or not last:
        return ""
    # Translators: a date with its month shortened, as babel (CLDR) writes patterns.
    pattern = pgettext("date pattern", "d MMM y")
    days = [date_filter(date.fromisoformat(iso), pattern) for iso in (first, last)]
    return " – ".join(dict.fromkeys(days))


def _some(*texts: str) -> list[str]:
    return [text for text in texts if text]
