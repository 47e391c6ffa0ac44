"""Product, its Variants (what is sold) and Images, and its links to other products."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from catalog.models.card import Availability
from catalog.models.former import remembered
from shop.changes.triggers import projected


class Mat(models.TextChoices):
    """The quiet ground that the storefront paints under a cut-out: static/css/tokens.css has its colours."""

    SAND = "sand", _("sand")
    ROSE = "rose", _("rose")
    SAGE = "sage", _("sage")
    MIST = "mist", _("mist")
    PLUM = "plum", _("plum")


class Product(models.Model):
    """What a page shows; what is bought is one of its variants."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=220, unique=True)
    kind = models.CharField(_("kind"), max_length=80, blank=True, help_text=_("Print, Notebook …"))
    series = models.CharField(_("series"), max_length=120, blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)  # HTML, cleaned where it enters
    care = models.TextField(_("care"), blank=True)
    tax_class = models.ForeignKey(
        "catalog.TaxClass", models.PROTECT, related_name="products", verbose_name=_("tax class")
    )
    is_published = models.BooleanField(_("published"), default=False)
    published_at = models.DateTimeField(_("published on"), db_default=Now())
    popularity = models.PositiveIntegerField(_("popularity"), default=0)
    external_id = models.CharField(  # "shopify:ocean-blue-shirt": whom an import updates
        _("identity at its source"), max_length=300, null=True, blank=True, unique=True
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name",)
        indexes = (
            models.Index(fields=("name",), name="product_name"),
            models.Index(fields=("is_published", "-published_at"), name="product_published"),
            models.Index(fields=("kind",), name="product_kind"),
            models.Index(fields=("-updated_at",), name="product_updated"),
            models.Index(fields=("-popularity",), name="product_popularity"),
        )
        triggers = [
            *projected(
                shown=[
                    "name",
                    "slug",
                    "kind",
                    "series",
                    "brand",
                    "summary",
                    "description",
                    "care",
                    "tax_class",
                    "is_published",
                    "published_at",
                    "popularity",
                ],
                listed=["slug", "is_published"],
            ),
            *remembered("product"),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """What is sold: one combination of options. Without a SKU, the product and the options identify it."""

    product = models.ForeignKey(
        Product, models.CASCADE, db_index=False, related_name="variants", verbose_name=_("product")
    )
    sku = models.CharField(_("SKU"), max_length=64, null=True, blank=True)  # noqa: DJ001 (unique where given)
    barcode = models.CharField(_("barcode"), max_length=64, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    weight_grams = models.PositiveIntegerField(_("weight in grams"), default=0)
    is_active = models.BooleanField(_("for sale"), default=True)
    availability = models.CharField(  # recounted from the stock, never set by hand
        _("availability"), max_length=3, choices=Availability, default=Availability.OUT, editable=False
    )
    external_id = models.CharField(
        _("identity at its source"), max_length=600, null=True, blank=True, unique=True
    )

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ("product_id", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("sku",),
                condition=~models.Q(sku="") & models.Q(sku__isnull=False),
                name="sku_unique",
                violation_error_message=_("Another variant has this SKU already."),
            ),
        )
        indexes = (
            models.Index(fields=("barcode",), condition=~models.Q(barcode=""), name="variant_barcode"),
            models.Index(fields=("product", "position"), name="variant_order"),
            models.Index(fields=("availability",), name="variant_availability"),
            models.Index(fields=("is_active",), name="variant_active"),
        )
        triggers = projected(
            shown=["product", "sku", "barcode", "position", "is_active", "availability"], listed=["product"]
        )

    def __str__(self) -> str:
        return self.sku or f"{self.product} #{self.pk}"


class Image(models.Model):
    """A picture: the original and its renditions. It shows a product, one of its variants, or content."""

    product = models.ForeignKey(
        Product,
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="images",
        verbose_name=_("product"),
    )
    variant = models.ForeignKey(
        Variant,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="images",
        verbose_name=_("shows this variant"),
    )
    original = models.ImageField(_("original"), upload_to="originals", max_length=255, blank=True)
    alt = models.CharField(_("text for those who do not see it"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    mat = models.CharField(
        _("mat"),
        max_length=8,
        choices=Mat,
        blank=True,
        help_text=_("The ground under a picture with a transparent background; chosen by itself if empty."),
    )
    width = models.PositiveIntegerField(_("width"), default=0, editable=False)
    height = models.PositiveIntegerField(_("height"), default=0, editable=False)
    # {"of": original, "src": …, "srcset": {"avif": …, "webp": …, "jpeg": …}, "mat": "sand", "white": ""}:
    # what pages print, avif only where it is smaller; `of` tells renditions of a picture that was replaced,
    # `mat` lies under it unless the merchant chose another one, and is empty for an opaque picture; `white`
    # is of a photograph before white: "all" around, or "most", as one side cuts it off
    renditions = models.JSONField(_("renditions"), default=dict, blank=True, editable=False)
    # how our own code draws it (demo goods); empty for an upload
    drawing = models.JSONField(_("drawing"), default=dict, blank=True, editable=False)
    # what an import made it of: "digest of the file:its address"; no page shows it
    source = models.CharField(max_length=330, blank=True, default="", db_default="", editable=False)
    shows = models.JSONField(  # {"frame": "oak"}: option values that this picture shows
        _("shows options"), default=dict, blank=True
    )

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ("product_id", "position", "id")
        indexes = (
            models.Index(fields=("product", "position"), name="image_order"),
            # Who shows a value that is called otherwise now. Thousands are asked for at once while an import
            # writes pictures: a list of what is not in the index yet would be read for each of them.
            GinIndex(fields=("shows",), condition=~models.Q(shows={}), name="image_shows", fastupdate=False),
        )
        triggers = projected(
            shown=[
                "product",
                "variant",
                "original",
                "alt",
                "position",
                "width",
                "height",
                "renditions",
                "mat",
                "shows",
            ],
            listed=["product"],
        )

    def __str__(self) -> str:
        return self.alt or self.original.name or f"#{self.pk}"

    @property
    def ground(self) -> str:
        """The mat under it: the merchant's choice, else its renditions'; none under an opaque picture."""
        given = self.renditions.get("mat")
        return "" if given == "" else self.mat or given or ""

    @property
    def picture(self) -> dict[str, Any]:
        """What templates print: a Picture; `src` is None until the worker has made the renditions."""
        return {
            "alt": self.alt,
            "width": self.width,
            "height": self.height,
            "src": self.renditions.get("src"),
            "srcset": self.renditions.get("srcset", {}),
            "mat": self.ground,
            "white": self.renditions.get("white", ""),
        }


class ProductLink(models.Model):
    """A merchant's word that two products go together."""

    class Kind(models.TextChoices):
        COMPANION = "companion", _("goes with it")
        ALTERNATIVE = "alternative", _("instead of it")

    product = models.ForeignKey(
        Product, models.CASCADE, db_index=False, related_name="links", verbose_name=_("product")
    )
    other = models.ForeignKey(
        Product, models.CASCADE, related_name="linked_from", verbose_name=_("other product")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.COMPANION)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ("product_id", "kind", "position")
        constraints = (
            models.UniqueConstraint(fields=("product", "other", "kind"), name="link_once"),
            models.CheckConstraint(condition=~models.Q(product=models.F("other")), name="link_not_itself"),
        )
        triggers = projected(shown=["product", "other", "kind", "position"], listed=["product", "other"])

    def __str__(self) -> str:
        return f"{self.product} → {self.other}"
