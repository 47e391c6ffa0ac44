"""What people search for, on the desk: most often, and in vain; each with what to do about it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from catalog.admin.search_steered import address
from catalog.models import QueryCount, SteeredQuery
from catalog.search import client, comparing, demand
from catalog.search.demand import Wanted
from shop import markets, replicas
from shop.desk import dashboard
from shop.desk.cells import grouped, number, pill
from shop.desk.filters import market_name
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable

SPANS = (7, 30)  # days
LISTED = 25
MOST = 100  # that the desk's first page counts


@admin.register(QueryCount)
class SearchesTable(Unchangeable, Table):
    """A list of queries: its rows, each a query's of one day, are added up."""

    section = Section.GOODS
    place = 7
    entry_name = gettext_lazy("Searches")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """?days=7 or 30, ?market= one or all."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        days = next((span for span in SPANS if request.GET.get("days") == str(span)), SPANS[-1])
        code = next((one.code for one in markets.all() if one.code == request.GET.get("market")), "")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What people search for"),
            **replicas.read(lambda: self._found(request, days, code), needs=[]),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/catalog/querycount/searches.html", context)

    def _found(self, request: HttpRequest, days: int, code: str) -> dict[str, Any]:
        searches, zero = demand.whole(days, code)
        lists = [of(days, LISTED, code) for of in (demand.missing, demand.most)]
        asked = {one.query for found in lists for one in found}
        steered = {(row.folded, row.market): row.pk for row in SteeredQuery.objects.filter(folded__in=asked)}
        can = {
            "synonym": request.user.has_perm("catalog.add_synonym"),
            "steer": request.user.has_perm("catalog.add_steeredquery"),
            "steered": request.user.has_perm("catalog.view_steeredquery"),
        }
        missing, frequent = ([_row(one, can, steered) for one in found] for found in lists)
        return {
            "ways": [
                {"days": span, "is_here": span == days, "query": urlencode(_asked(span, code))}
                for span in SPANS
            ],
            "markets": [
                {"name": name, "is_here": code == one, "query": urlencode(_asked(days, one))}
                for one, name in (("", _("Every market")), *((one.code, one.name) for one in markets.all()))
            ],
            "is_of_all": not code and len(markets.all()) > 1,
            "searches": grouped(searches),
            "zero": grouped(zero),
            "share": f"{100 * zero / searches:.0f}" if searches else "0",
            "compared": _compared(),
            "missing": missing,
            "frequent": frequent,
        }


@dashboard.figure(45)
def unfound(request: HttpRequest) -> dashboard.Figure | None:
    """Queries of the last week that found nothing, again and again; of one alone nothing is said."""
    if not request.user.has_perm("catalog.view_querycount"):
        return None
    found = demand.missing(SPANS[0], MOST)
    count = sum(one.zero >= demand.FEW for one in found)
    url = f"{reverse('admin:catalog_querycount_changelist')}?days={SPANS[0]}"
    names = ngettext_lazy("search finds nothing", "searches find nothing")
    return dashboard.Figure(names % count, count, url, "low") if count else None


@dashboard.figure(46)
def unanswered(request: HttpRequest) -> dashboard.Figure | None:
    """Frequent searches that would show an error if the search engine were away."""
    if not request.user.has_perm("catalog.view_querycount"):
        return None
    last = comparing.last()
    count = last.queries - last.answered if last else 0
    names = ngettext_lazy("search fails without its engine", "searches fail without their engine")
    url = reverse("admin:catalog_querycount_changelist")
    return dashboard.Figure(names % count, count, url, "bad") if count else None


def _compared() -> dict[str, Any] | None:
    """How the database did last night what the engine does all day."""
    last = comparing.last()
    if last is None or not client.is_configured():
        return None
    told = {
        "queries": grouped(last.queries),
        "answered": grouped(last.answered),
        "day": date_format(timezone.localtime(last.at), "DATE_FORMAT"),
    }
    said = [
        _(
            "Tried on %(day)s: without the search engine, the database answered %(answered)s of the"
            " %(queries)s searches that were tried."
        )
        % told
    ]
    if last.alike is not None:
        said.append(_("Of its first ten goods %s were the engine’s, too.") % localize(last.alike))
    if last.one_sided:
        said.append(
            ngettext(
                "%s search finds something in one of them only.",
                "%s searches find something in one of them only.",
                last.one_sided,
            )
            % grouped(last.one_sided)
        )
    is_well = last.answered == last.queries
    mark = (
        pill("good", _("The database can stand in"))
        if is_well
        else pill("bad", _("Some searches would fail"))
    )
    return {"mark": mark, "said": " ".join(said)}


def _asked(days: int, market: str) -> dict[str, str]:
    return {"days": str(days), **({"market": market} if market else {})}


def _row(one: Wanted, can: dict[str, bool], steered: dict[tuple[str, str], int]) -> dict[str, Any]:
    """A query with what can be done about it: links that lead to a form filled in."""
    held = steered.get((one.query, one.market)) or steered.get((one.query, ""))
    ways = []
    if can["synonym"]:
        spoken = markets.get_or_default(one.market).language.split("-")[0]
        query = urlencode({"words": one.shown, "language": spoken})
        ways.append((_("Add a synonym"), f"{reverse('admin:catalog_synonym_add')}?{query}"))
    if held and can["steered"]:
        ways.append((_("Steered"), reverse("admin:catalog_steeredquery_change", args=[held])))
    elif can["steer"]:
        query = urlencode({"query": one.shown, "market": one.market})
        ways.append((_("Steer it"), f"{reverse('admin:catalog_steeredquery_add')}?{query}"))
    ways.append((_("See the result"), address(one.market, one.shown)))
    return {
        "shown": one.shown,
        "market": market_name(one.market),
        "searches": number(one.searches),
        "zero": number(one.zero) if one.zero else "–",
        "ways": ways,
    }
