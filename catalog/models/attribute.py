"""Attributes and their values: what shoppers filter by and what variants differ in."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected


class Attribute(models.Model):
    """Colour, size, frame …; its code is the name of a query parameter."""

    class Kind(models.TextChoices):
        CHOICE = "choice", _("text")
        SWATCH = "swatch", _("swatch")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CHOICE)
    is_facet = models.BooleanField(_("shoppers can filter by it"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ("position", "name")
        indexes = (
            models.Index(fields=("position", "name"), name="attribute_order"),
            models.Index(fields=("is_facet",), name="attribute_facet"),
        )
        triggers = projected(shown=["code", "name", "kind", "is_facet", "position"], listed=["code"])

    def __str__(self) -> str:
        return self.name


class AttributeValue(models.Model):
    """Red, 30 × 40 cm, oak …"""

    attribute = models.ForeignKey(
        Attribute, models.CASCADE, db_index=False, related_name="values", verbose_name=_("attribute")
    )
    slug = models.SlugField(_("slug"), max_length=120)
    label = models.CharField(_("label"), max_length=120)
    swatch = models.CharField(
        _("swatch"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")],
        help_text=_("a colour such as #b93a1c"),
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("attribute value")
        verbose_name_plural = _("attribute values")
        ordering = ("attribute_id", "position", "label")
        constraints = (models.UniqueConstraint(fields=("attribute", "slug"), name="value_slug_unique"),)
        triggers = projected(shown=["slug", "label", "swatch", "position"], listed=["attribute", "slug"])

    def __str__(self) -> str:
        return f"{self.attribute}: {self.label}"


class ProductValue(models.Model):
    """A product has a value."""

    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, db_index=False, related_name="product_values"
    )
    value = models.ForeignKey(AttributeValue, models.CASCADE, related_name="product_values")

    class Meta:
        verbose_name = _("attribute of a product")
        verbose_name_plural = _("attributes of a product")
        constraints = (models.UniqueConstraint(fields=("product", "value"), name="productvalue_once"),)
        triggers = projected(shown=["product", "value"], listed=["product", "value"])

    def __str__(self) -> str:
        return str(self.value)


class VariantOption(models.Model):
    """What a variant is in one respect; `position` orders the options (1: size, 2: frame)."""

    variant = models.ForeignKey("catalog.Variant", models.CASCADE, db_index=False, related_name="options")
    value = models.ForeignKey(AttributeValue, models.PROTECT, related_name="variant_options")
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ("variant_id", "position")
        constraints = (
            models.UniqueConstraint(fields=("variant", "value"), name="option_value_once"),
            models.UniqueConstraint(fields=("variant", "position"), name="option_position_once"),
        )
        triggers = projected(shown=["variant", "value", "position"], listed=["variant", "value"])

    def __str__(self) -> str:
        return str(self.value)
