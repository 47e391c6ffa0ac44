"""What a merchant teaches the search: synonyms and steered queries; and how often each query is asked."""

import pgtrigger
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.changes.triggers import Named, projected

LONGEST = 200  # characters of a query, as a search reads it
COUNTED = 60  # … and of one that is counted: who asks for more tells something of themselves


class Taught(models.Model):
    """Of a table that every search asks ("synonyms"): another version with each change; none: it is empty.

    A random one, as a number might come twice: after a failover, for other words.
    """

    what = models.CharField(primary_key=True, max_length=16)
    version = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.what} {self.version}"


class Synonym(models.Model):
    """Words that mean the same: "laptop, notebook". With `finds`, they find those too, and not the other way.

    Terms stand as they were written, between commas: catalog/search/synonyms.py takes them apart.
    """

    words = models.CharField(_("words"), max_length=300)
    finds = models.CharField(_("also find, one way"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)  # "en" is "en-gb" too; "": all
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ("words", "id")
        indexes = (
            models.Index(fields=("words", "id"), name="synonym_words"),
            models.Index(fields=("language",), name="synonym_language"),
            models.Index(fields=("-changed_at",), name="synonym_changed"),
        )
        triggers = [
            *projected(shown=["words", "finds", "language"], listed=["language"]),
            Named(
                name="taught",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func="""
                    IF TG_OP = 'TRUNCATE' THEN
                        DELETE FROM catalog_taught WHERE what = 'synonyms';
                    ELSE
                        INSERT INTO catalog_taught (what, version) VALUES ('synonyms', gen_random_uuid())
                        ON CONFLICT (what) DO UPDATE SET version = EXCLUDED.version;
                    END IF;
                    RETURN NULL;""",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.words} → {self.finds}" if self.finds else self.words


class SteeredQuery(models.Model):
    """A query of which the merchant says what stands where; for one market, or for all that have no own."""

    query = models.CharField(_("what is searched for"), max_length=LONGEST)
    folded = models.CharField(max_length=LONGEST, editable=False)  # as catalog/search/steering.py asks for it
    market = models.CharField(_("market"), max_length=8, blank=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("steered query")
        verbose_name_plural = _("steered queries")
        ordering = ("folded", "market")
        constraints = (
            models.UniqueConstraint(
                fields=("folded", "market"),
                name="steered_once",
                violation_error_message=_("This query is steered there already."),
            ),
        )
        indexes = (
            models.Index(fields=("market",), name="steered_market"),
            models.Index(fields=("query",), name="steered_query"),
            models.Index(fields=("-changed_at",), name="steered_changed"),
        )
        triggers = projected(shown=["folded", "market"], listed=["market"])

    def __str__(self) -> str:
        return f"“{self.query}”"


class Pin(models.Model):
    """Where a product stands in a steered query; `position` orders those that come first."""

    class Kind(models.TextChoices):
        FIRST = "first", _("at the top")
        HIGHER = "higher", _("higher")
        LOWER = "lower", _("lower")
        HIDDEN = "hidden", _("not at all")

    steered = models.ForeignKey(
        SteeredQuery, models.CASCADE, db_index=False, related_name="pins", verbose_name=_("steered query")
    )
    product = models.ForeignKey(
        "catalog.Product", models.CASCADE, related_name="pins", verbose_name=_("product")
    )
    kind = models.CharField(_("where"), max_length=6, choices=Kind, default=Kind.FIRST)
    position = models.PositiveSmallIntegerField(
        _("position"),
        default=0,
        help_text=_("Of those at the top the lowest comes first; equal ones as they were added."),
    )

    class Meta:
        verbose_name = _("pinned product")
        verbose_name_plural = _("pinned products")
        ordering = ("steered_id", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("steered", "product"),
                name="pin_once",
                violation_error_message=_("This product is pinned here already."),
            ),
        )
        indexes = (models.Index(fields=("steered", "position", "id"), name="pin_order"),)
        triggers = projected(shown=["steered", "product", "kind", "position"], listed=["steered", "product"])

    def __str__(self) -> str:
        return f"{self.product}: {self.get_kind_display()}"


class QueryCount(models.Model):
    """How often a query was searched for in a market on a day, by nobody in particular.

    `zero`: of these, how many found nothing that has all of its words. Written by catalog/search/counting.py.
    """

    market = models.CharField(_("market"), max_length=8)
    query = models.CharField(_("query"), max_length=COUNTED)  # folded
    day = models.DateField(_("day"))
    shown = models.CharField(max_length=COUNTED)  # as it was typed last, with its accents
    searches = models.PositiveIntegerField(_("searches"), default=0)
    zero = models.PositiveIntegerField(_("found nothing"), default=0)

    class Meta:
        verbose_name = _("searched query")
        verbose_name_plural = _("searched queries")
        constraints = (
            models.UniqueConstraint(fields=("market", "query", "day"), name="querycount_once"),
            models.CheckConstraint(condition=Q(zero__lte=F("searches")), name="querycount_zero"),
        )
        indexes = (
            models.Index(  # whatever the collation: what begins with the letters that are typed
                "market",
                OpClass("query", name="varchar_pattern_ops"),
                "day",
                name="querycount_prefix",
                include=("searches", "zero"),
            ),
            models.Index(fields=("day", "market"), name="querycount_day"),
            models.Index(fields=("day",), condition=Q(zero__gt=0), name="querycount_in_vain"),
        )

    def __str__(self) -> str:
        return f"{self.query} ({self.market}, {self.day})"


class CountedBatch(models.Model):
    """A minute's searches that have been added to QueryCount: whoever was killed adds none of them twice."""

    token = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.token


class Comparison(models.Model):
    """A night's look at the most frequent searches of a week, or names, asked of the database and the engine.

    `one_sided`: found by one and not by the other. `alike`: of the first ten on average; null: the engine
    answered none. Written by catalog/search/comparing.py.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    queries = models.PositiveSmallIntegerField()
    answered = models.PositiveSmallIntegerField()  # by the database
    compared = models.PositiveSmallIntegerField()  # answered by both
    one_sided = models.PositiveSmallIntegerField()
    alike = models.DecimalField(max_digits=4, decimal_places=1, null=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.answered} of {self.queries}"
