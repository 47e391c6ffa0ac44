"""Plan: what the merchant says about files that do not say it themselves."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.models import Category, TaxClass


@dataclass(frozen=True)
class Plan:
    """`publish` None: as the file says. `recount`: known variants' stock too. `keep` False: a dry run."""

    currency: str
    includes_tax: bool
    tax_class: TaxClass
    category: Category | None = None
    publish: bool | None = None
    recount: bool = False
    keep: bool = True  # pictures of a dry run are checked and not stored


def usual_tax_class() -> TaxClass | None:
    """What goods are taxed as if nobody says otherwise: the standard class, or the only one."""
    standard = TaxClass.objects.filter(code="standard").first()
    if standard is None and TaxClass.objects.count() == 1:
        return TaxClass.objects.get()
    return standard


def first_tax_class() -> TaxClass:
    """That of a shop which has none yet; its rates come with the files, or from the merchant."""
    return TaxClass.objects.get_or_create(code="standard", defaults={"name": _("Standard")})[0]
