"""Block: a part of the home page; Page: delivery, returns, imprint …"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.former import remembered
from shop.changes.triggers import projected


class Block(models.Model):
    """One part of the home page of a market (or of every market, where `market` is empty)."""

    class Kind(models.TextChoices):
        HERO = "hero", _("opening")
        RANGE = "range", _("the range: categories as tiles")
        CARDS = "cards", _("goods")
        STORY = "story", _("story")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    market = models.CharField(_("market"), max_length=8, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    eyebrow = models.CharField(_("line above the title"), max_length=80, blank=True)
    title = models.CharField(_("title"), max_length=160, blank=True)
    text = models.TextField(_("text"), blank=True)
    image = models.ForeignKey(
        "catalog.Image",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="blocks",
        verbose_name=_("picture"),
    )
    # [{"label": "See the new prints", "path": "/c/posters/?sort=new", "primary": true}]: paths, no market
    links = models.JSONField(_("links"), default=list, blank=True)
    facts = models.JSONField(_("figures"), default=list, blank=True)  # [{"figure": "200 g", "label": "…"}]
    # which goods a row shows: {"slugs": […]} or {"category": slug, "sort": "new", "max_price": …, "count": 4}
    goods = models.JSONField(_("which goods"), default=dict, blank=True)
    is_published = models.BooleanField(_("published"), default=True)

    class Meta:
        verbose_name = _("home page block")
        verbose_name_plural = _("home page")
        ordering = ("position", "id")
        indexes = (
            models.Index(fields=("is_published", "position"), name="block_order"),
            models.Index(fields=("kind",), name="block_kind"),
            models.Index(fields=("position", "id"), name="block_position"),
        )
        triggers = projected(
            shown=[
                "kind",
                "market",
                "position",
                "eyebrow",
                "title",
                "text",
                "image",
                "links",
                "facts",
                "goods",
                "is_published",
            ]
        )

    def __str__(self) -> str:
        return self.title or self.get_kind_display()


class Page(models.Model):
    """A page of text; `group` says in which part of the footer it stands."""

    class Group(models.TextChoices):
        HELP = "help", _("help")
        LEGAL = "legal", _("legal")

    title = models.CharField(_("title"), max_length=160)
    slug = models.SlugField(_("slug"), max_length=160, unique=True)
    body = models.TextField(_("text"), blank=True)  # HTML, cleaned where it enters
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    group = models.CharField(_("where in the footer"), max_length=8, choices=Group, default=Group.HELP)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_published = models.BooleanField(_("published"), default=True)

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ("group", "position")
        indexes = (
            models.Index(fields=("is_published", "group", "position"), name="page_order"),
            models.Index(fields=("group", "position"), name="page_group"),
        )
        triggers = (
            *projected(
                shown=["title", "slug", "body", "summary", "group", "position", "is_published"],
                listed=["slug", "is_published"],
            ),
            *remembered("page"),
        )

    def __str__(self) -> str:
        return self.title
