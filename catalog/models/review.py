"""Review: what a buyer says."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import projected


class Review(models.Model):
    """One to five stars, and some words; shown once it is published."""

    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, db_index=False, related_name="reviews", verbose_name=_("product")
    )
    name = models.CharField(_("name"), max_length=80)
    rating = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    title = models.CharField(_("title"), max_length=160, blank=True)
    body = models.TextField(_("text"), blank=True)
    is_published = models.BooleanField(_("published"), default=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    external_id = models.CharField(  # of an imported one: whom a second import finds again
        _("identity at its source"), max_length=80, null=True, blank=True, unique=True, editable=False
    )

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=5), name="review_one_to_five"
            ),
        )
        indexes = (
            models.Index(fields=("product", "is_published", "-created_at"), name="review_of_product"),
            models.Index(fields=("-created_at", "-id"), name="review_newest"),
            models.Index(fields=("is_published",), name="review_published"),
            models.Index(fields=("rating",), name="review_rating"),
        )
        triggers = projected(
            shown=["product", "name", "rating", "title", "body", "is_published", "created_at"],
            listed=["product"],
        )

    def __str__(self) -> str:
        return f"{self.rating} – {self.product}"

    @property
    def written_at(self) -> datetime | None:
        """None of an imported one: no file that we read says when; `created_at` is when it was imported."""
        return None if self.external_id else self.created_at
