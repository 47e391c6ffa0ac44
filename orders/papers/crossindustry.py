"""xml(): the invoice for programs, a Cross Industry Invoice after EN 16931 (Factur-X).

The norm wants nets: each line's is what orders.papers.shares made of it, and the page shows the same one. A
price with more decimals than a cent is told for as many pieces as it is exact for (BT-149), so that quantity
× price − allowance is the line's net to the cent. Discounts are allowances of their lines, delivery a charge.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from django.utils import translation
from django.utils.translation import gettext as _

from orders.models import Invoice
from orders.papers import layout
from orders.papers.content import Content
from shop import places
from shop.money import Money

GUIDELINE = "urn:cen.eu:en16931:2017"
NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
TYPES = {Invoice.Kind.INVOICE: "380", Invoice.Kind.CREDIT_NOTE: "381"}
# Why no tax is charged, for programs: lists of the European Commission.
EXEMPTIONS = {"AE": "VATEX-EU-AE", "G": "VATEX-EU-G", "K": "VATEX-EU-IC"}
PIECE = "H87"  # UNECE recommendation 20
FREIGHT = "FC"  # UNTDID 7161
for _prefix, _uri in NAMES.items():
    ET.register_namespace(_prefix, _uri)


def is_wanted(told: Content) -> bool:
    """Whether the seller needs one: in the Union, and with the VAT number that the norm asks for."""
    return told["seller"]["country"] in places.EU and bool(told["seller"]["vat_number"])


def xml(invoice: Invoice) -> str | None:
    """The document; None for a seller that needs none."""
    if not is_wanted(invoice.content):
        return None
    with translation.override(invoice.content["language"]):
        return _Document(invoice).written()


class _Document:
    def __init__(self, invoice: Invoice) -> None:
        self.invoice, self.told = invoice, invoice.content
        self.is_credit = invoice.kind == Invoice.Kind.CREDIT_NOTE
        self.quantum = Money.zero(invoice.currency).quantum
        # Delivery is a charge, unless nothing else is credited: there is no invoice without a line.
        self.has_lines = bool(self.told["lines"])

    def written(self) -> str:
        root = Element(_name("rsm:CrossIndustryInvoice"))
        context = _add(root, "rsm:ExchangedDocumentContext")
        _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", GUIDELINE)
        self.head(_add(root, "rsm:ExchangedDocument"))
        trade = _add(root, "rsm:SupplyChainTradeTransaction")
        for place, line in enumerate(self.lines(), 1):
            self.line(_add(trade, "ram:IncludedSupplyChainTradeLineItem"), place, line)
        self.agreement(_add(trade, "ram:ApplicableHeaderTradeAgreement"))
        self.shipment(_add(trade, "ram:ApplicableHeaderTradeDelivery"))
        self.settlement(_add(trade, "ram:ApplicableHeaderTradeSettlement"))
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")

    def head(self, node: Element) -> None:
        _add(node, "ram:ID", self.invoice.label)
        _add(node, "ram:TypeCode", TYPES[Invoice.Kind(self.invoice.kind)])
        _day(_add(node, "ram:IssueDateTime"), self.invoice.issued_on)
        for note in [*layout.note_texts(self.told), self.told.get("reason", "")]:
            if note:
                _add(_add(node, "ram:IncludedNote"), "ram:Content", note)

    # --- Lines -----------------------------------------------------------------------------------------

    def lines(self) -> list[Content]:
        if self.has_lines:
            return list(self.told["lines"])
        row = self.told["delivery"]
        return [{**row, "name": self.freight(), "options": "", "sku": "", "quantity": 1, "discount": "0.00"}]

    def line(self, node: Element, place: int, line: Content) -> None:
        _add(_add(node, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(place))
        product = _add(node, "ram:SpecifiedTradeProduct")
        if line["sku"]:
            _add(product, "ram:SellerAssignedID", line["sku"])
        _add(product, "ram:Name", layout.line_name(self.invoice, line))
        if line["options"]:
            _add(product, "ram:Description", line["options"])
        net, quantity = Decimal(line["net"]), line["quantity"] or 1
        allowance = self.allowance(line)
        price, pieces = self.price(net + allowance, quantity)
        each = _add(_add(node, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
        _add(each, "ram:ChargeAmount", str(price))
        _add(each, "ram:BasisQuantity", str(pieces), unitCode=PIECE)
        delivered = _add(node, "ram:SpecifiedLineTradeDelivery")
        _add(delivered, "ram:BilledQuantity", str(quantity), unitCode=PIECE)
        settled = _add(node, "ram:SpecifiedLineTradeSettlement")
        self.category(_add(settled, "ram:ApplicableTradeTax"), line)
        if allowance:
            self.reduction(settled, allowance)
        summed = _add(settled, "ram:SpecifiedTradeSettlementLineMonetarySummation")
        _add(summed, "ram:LineTotalAmount", line["net"])

    def allowance(self, line: Content) -> Decimal:
        """The line's discount without its tax."""
        discount = Decimal(line["discount"])
        if self.told["prices_include_tax"]:
            discount = (discount / (1 + Decimal(line["rate"]))).quantize(self.quantum, ROUND_HALF_UP)
        return discount

    def price(self, net: Decimal, quantity: int) -> tuple[Decimal, int]:
        """What so many pieces cost, exactly: one if a piece costs whole cents."""
        each = net / quantity
        return (each.quantize(self.quantum), 1) if each == each.quantize(self.quantum) else (net, quantity)

    def reduction(self, node: Element, amount: Decimal) -> None:
        less = _add(node, "ram:SpecifiedTradeAllowanceCharge")
        _add(_add(less, "ram:ChargeIndicator"), "udt:Indicator", "false")
        _add(less, "ram:ActualAmount", str(amount))
        _add(less, "ram:Reason", _("Discount"))

    # --- Who -------------------------------------------------------------------------------------------

    def agreement(self, node: Element) -> None:
        seller, buyer = self.told["seller"], self.told["buyer"]
        party = _add(node, "ram:SellerTradeParty")
        _add(party, "ram:Name", seller["name"])
        if seller["register"]:
            _add(_add(party, "ram:SpecifiedLegalOrganization"), "ram:ID", seller["register"])
        self.contact(party, seller)
        _address(party, {**seller, "region": ""})
        _add(_add(party, "ram:SpecifiedTaxRegistration"), "ram:ID", seller["vat_number"], schemeID="VA")
        party = _add(node, "ram:BuyerTradeParty")
        _add(party, "ram:Name", buyer["company"] or buyer["name"])
        if buyer["company"]:
            _add(_add(party, "ram:DefinedTradeContact"), "ram:PersonName", buyer["name"])
        _address(party, buyer)
        if buyer["vat_number"]:
            _add(_add(party, "ram:SpecifiedTaxRegistration"), "ram:ID", buyer["vat_number"], schemeID="VA")
        _add(_add(node, "ram:SellerOrderReferencedDocument"), "ram:IssuerAssignedID", self.told["order"])

    def contact(self, party: Element, seller: Content) -> None:
        if not (seller["email"] or seller["phone"]):
            return
        contact = _add(party, "ram:DefinedTradeContact")
        _add(contact, "ram:PersonName", seller["managers"] or seller["name"])
        if seller["phone"]:
            number = _add(contact, "ram:TelephoneUniversalCommunication")
            _add(number, "ram:CompleteNumber", seller["phone"])
        if seller["email"]:
            _add(_add(contact, "ram:EmailURIUniversalCommunication"), "ram:URIID", seller["email"])

    def shipment(self, node: Element) -> None:
        party = _add(node, "ram:ShipToTradeParty")
        _add(party, "ram:Name", self.told["buyer"]["name"])
        _address(party, self.told["buyer"])

    # --- What it comes to ------------------------------------------------------------------------------

    def settlement(self, node: Element) -> None:
        told = self.told
        _add(node, "ram:InvoiceCurrencyCode", told["currency"])
        for row in told["taxes"]:
            self.rate(_add(node, "ram:ApplicableTradeTax"), row)
        if any(row["category"] == "K" for row in told["taxes"]):
            self.period(_add(node, "ram:BillingSpecifiedPeriod"))
        brought = self.charge(node)
        if self.is_credit:
            terms = _add(node, "ram:SpecifiedTradePaymentTerms")
            _add(terms, "ram:Description", _("The amount goes back the way it was paid."))
        sums = _add(node, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
        due = told["total"] if self.is_credit or not told["paid_on"] else "0.00"
        _add(sums, "ram:LineTotalAmount", str(Decimal(told["net"]) - brought))
        _add(sums, "ram:ChargeTotalAmount", str(brought))
        _add(sums, "ram:AllowanceTotalAmount", "0.00")
        _add(sums, "ram:TaxBasisTotalAmount", told["net"])
        _add(sums, "ram:TaxTotalAmount", told["tax"], currencyID=told["currency"])
        _add(sums, "ram:GrandTotalAmount", told["total"])
        _add(sums, "ram:TotalPrepaidAmount", str(Decimal(told["total"]) - Decimal(due)))
        _add(sums, "ram:DuePayableAmount", due)
        if self.is_credit:
            corrected = _add(node, "ram:InvoiceReferencedDocument")
            _add(corrected, "ram:IssuerAssignedID", told["corrects"]["label"])
            issued_on = date.fromisoformat(told["corrects"]["issued_on"])
            _day(_add(corrected, "ram:FormattedIssueDateTime"), issued_on, "qdt")

    def rate(self, node: Element, row: Content) -> None:
        _add(node, "ram:CalculatedAmount", row["tax"])
        _add(node, "ram:TypeCode", "VAT")
        if row["category"] in EXEMPTIONS:
            _add(node, "ram:ExemptionReason", " ".join(layout.note_texts(self.told)))
        _add(node, "ram:BasisAmount", row["net"])
        _add(node, "ram:CategoryCode", row["category"])
        if row["category"] in EXEMPTIONS:
            _add(node, "ram:ExemptionReasonCode", EXEMPTIONS[row["category"]])
        _add(node, "ram:RateApplicablePercent", _percent(row))

    def period(self, node: Element) -> None:
        """When goods for another member state are brought: the norm wants a day or a period (BR-IC-11).

        An invoice is issued when it is paid, before anything is sent, and never changed. A day of delivery
        (BT-72) would be made up; the days that the order promises are true (BT-73, BT-74), and where it
        promises none, that nothing is brought before it was paid.
        """
        told = self.told
        begins = told["promised_from"] or told["paid_on"] or told["ordered_on"]
        _day(_add(node, "ram:StartDateTime"), date.fromisoformat(begins))
        if told["promised_from"] and told["promised_until"]:
            _day(_add(node, "ram:EndDateTime"), date.fromisoformat(told["promised_until"]))

    def charge(self, node: Element) -> Decimal:
        """Delivery, where it costs something; its net."""
        row = self.told["delivery"]
        if not row or not self.has_lines or not Decimal(row["charged"]):
            return Decimal("0.00")
        more = _add(node, "ram:SpecifiedTradeAllowanceCharge")
        _add(_add(more, "ram:ChargeIndicator"), "udt:Indicator", "true")
        _add(more, "ram:ActualAmount", row["net"])
        _add(more, "ram:ReasonCode", FREIGHT)
        _add(more, "ram:Reason", self.freight())
        self.category(_add(more, "ram:CategoryTradeTax"), row)
        return Decimal(row["net"])

    def freight(self) -> str:
        return f"{_('Delivery')}: {self.told['delivery']['name']}".rstrip(": ")

    def category(self, node: Element, row: Content) -> None:
        _add(node, "ram:TypeCode", "VAT")
        _add(node, "ram:CategoryCode", row["category"])
        _add(node, "ram:RateApplicablePercent", _percent(row))


def _address(party: Element, parts: Content) -> None:
    node = _add(party, "ram:PostalTradeAddress")
    rows = {
        "PostcodeCode": parts["postcode"],
        "LineOne": parts["line1"],
        "LineTwo": parts["line2"],
        "CityName": parts["city"],
        "CountryID": parts["country"],
        "CountrySubDivisionName": parts["region"],
    }
    for name, value in rows.items():
        if value:
            _add(node, f"ram:{name}", value)


def _day(node: Element, day: date, prefix: str = "udt") -> None:
    _add(node, f"{prefix}:DateTimeString", day.strftime("%Y%m%d"), format="102")


def _percent(row: Content) -> str:
    return format((Decimal(row["rate"]) * 100).normalize(), "f")


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    node = ET.SubElement(parent, _name(name), attributes)
    if text is not None:
        node.text = "".join(filter(_is_written, text)) or "–"  # the norm wants no empty element
    return node


def _is_written(sign: str) -> bool:
    """XML has no control characters but these three, no lone surrogates and two more gaps."""
    is_plain = sign >= " " and not "\ud800" <= sign <= "\udfff" and sign not in "\ufffe\uffff"
    return is_plain or sign in "\t\n\r"


def _name(name: str) -> str:
    prefix, _colon, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"
