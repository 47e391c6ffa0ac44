"""declare(): says in a PDF's metadata that the XML inside is a Factur-X invoice, as PDF/A-3 wants it said.

The typesetter attaches the file and knows no such words. They are appended as an incremental update: a new
version of the one object that holds the metadata, so that nothing else of the file is touched.
"""

import re

NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PROPERTIES = {
    "DocumentFileName": ("factur-x.xml", "The name of the embedded XML document"),
    "DocumentType": ("INVOICE", "The type of the hybrid document"),
    "Version": ("1.0", "The version of the standard applying to the embedded XML document"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)\s*%%EOF\s*$", re.DOTALL)
_METADATA = re.compile(rb"/Metadata (\d+) 0 R")
_BAG = b"<pdfaExtension:schemas><rdf:Bag>"
_END = b"</rdf:Description></rdf:RDF>"


class Unreadable(ValueError):
    """The typesetter writes its files in another way by now."""


def declare(pdf: bytes) -> bytes:
    """The same PDF, with those words."""
    found, root = _TRAILER.search(pdf), _METADATA.search(pdf)
    if found is None or root is None:
        raise Unreadable("there is no trailer, or no metadata")
    number = root[1]
    packet = _packet(pdf, number)
    head = b"%b 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n" % (number, len(packet))
    new = pdf.rstrip(b"\n") + b"\n"
    table = len(new) + len(head) + len(packet) + len(b"\nendstream\nendobj\n")
    return b"".join(
        (
            *(new, head, packet, b"\nendstream\nendobj\n"),
            b"xref\n%b 1\n%010d 00000 n \n" % (number, len(new)),
            b"trailer\n<<%b/Prev %b>>\nstartxref\n%d\n%%%%EOF\n" % (found[1], found[2], table),
        )
    )


def _packet(pdf: bytes, number: bytes) -> bytes:
    begins = pdf.find(b"\n%b 0 obj" % number)
    begins = pdf.find(b"<?xpacket begin", begins)
    ends = pdf.find(b"<?xpacket end", begins)
    packet = pdf[begins : pdf.find(b"?>", ends) + 2]
    if begins < 0 or ends < 0 or packet.count(_BAG) != 1 or packet.count(_END) != 1:
        raise Unreadable("the metadata looks otherwise")
    return packet.replace(_BAG, _BAG + _schema()).replace(_END, _values() + _END)


def _schema() -> bytes:
    rows = "".join(
        '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>external</pdfaProperty:category>'
        f"<pdfaProperty:description>{about}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
        for name, (_value, about) in PROPERTIES.items()
    )
    return (
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{rows}</rdf:Seq></pdfaSchema:property></rdf:li>"
    ).encode()


def _values() -> bytes:
    rows = "".join(
        f'<fx:{name} xmlns:fx="{NAMESPACE}">{value}</fx:{name}>'
        for name, (value, _about) in PROPERTIES.items()
    )
    return rows.encode()
