"""Category: the tree; Listing: a product's place in it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node

from catalog.models.former import remembered
from shop.changes.triggers import projected


class Category(MP_Node):
    """A node of the tree; siblings keep the order that the merchant gave them."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=140, unique=True)
    description = models.CharField(_("one line about it"), max_length=300, blank=True)
    image = models.ForeignKey(
        "catalog.Image",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("picture"),
    )
    is_published = models.BooleanField(_("published"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        triggers = [
            *projected(
                shown=["name", "slug", "description", "image", "is_published", "path", "depth"],
                listed=["slug", "path", "is_published"],
            ),
            *remembered("category"),
        ]

    def __str__(self) -> str:
        return self.name


class Listing(models.Model):
    """A product stands in a category; its primary one gives the breadcrumb."""

    category = models.ForeignKey(
        Category, models.CASCADE, db_index=False, related_name="listings", verbose_name=_("category")
    )
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="listings", verbose_name=_("product")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    is_primary = models.BooleanField(_("its home"), default=False)

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ("product_id", "-is_primary", "position")
        constraints = (
            models.UniqueConstraint(fields=("category", "product"), name="listing_once"),
            models.UniqueConstraint(
                fields=("product",), condition=models.Q(is_primary=True), name="listing_one_home"
            ),
        )
        triggers = projected(
            shown=["category", "product", "position", "is_primary"], listed=["category", "product"]
        )

    def __str__(self) -> str:
        return f"{self.product} in {self.category}"
