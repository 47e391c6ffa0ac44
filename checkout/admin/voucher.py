"""Vouchers: one code, or thousands drawn by chance; how often each was used; all for a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.importing.report import plain
from checkout import codes, uses
from checkout.models import Promotion, Voucher
from shop.desk.cells import amount, grouped, moment, number, pill
from shop.desk.filters import ValueFilter
from shop.desk.fixes import fixes, reword
from shop.desk.rows import Known, RowForm
from shop.desk.site import Section
from shop.desk.tables import Table

MOST = 10_000  # codes at a time
LIMITS = {
    "limit": gettext_lazy("By all customers together. Empty: as often as anybody likes."),
    "limit_each": gettext_lazy("By one account, or by one e-mail address however it is written."),
}


def _by_code(promotion: Promotion) -> Promotion:
    if not promotion.needs_code:
        raise ValidationError(
            _("“%s” comes by itself. Tick “only with a voucher's code” there first, or choose another.")
            % promotion
        )
    return promotion


def _wanted(asked: QueryDict) -> str:
    """The promotion that an address names, as a list's filter or as a form's field; "" for none."""
    said = asked.get("promotion") or asked.get("promotion__pk") or ""
    return said if said.isdecimal() and len(said) < 19 else ""


class VoucherForm(RowForm):
    """One code."""

    class Meta:
        model = Voucher
        fields = ("code", "promotion", "limit", "limit_each", "batch", "is_active")
        help_texts: ClassVar = {
            **LIMITS,
            "code": gettext_lazy(
                "Capitals, spaces and hyphens do not matter, and 0 and O, 1, I and L are the same to it."
            ),
            "batch": gettext_lazy("To find it again: newsletter of June …"),
        }

    def clean_promotion(self) -> Promotion:
        """One that waits for a code."""
        return _by_code(self.cleaned_data["promotion"])


class BatchForm(forms.Form):
    """Many codes of one promotion."""

    promotion = forms.ModelChoiceField(
        Promotion.objects.all(),
        label=gettext_lazy("Promotion"),
        widget=Known(Voucher._meta.get_field("promotion"), admin.site),
    )
    count = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=MOST, initial=100)
    begins = forms.CharField(
        label=gettext_lazy("They begin with"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Letters and digits: SPRING gives SPRING-7KQ4M-XW9PD."),
    )
    batch = forms.CharField(
        label=gettext_lazy("Batch"), max_length=80, help_text=gettext_lazy("To find them again.")
    )
    limit = forms.IntegerField(
        label=gettext_lazy("Uses of each code at most"), min_value=1, initial=1, required=False
    )
    limit_each = forms.IntegerField(
        label=gettext_lazy("Uses by one customer"), min_value=1, max_value=32_767, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name, text in LIMITS.items():
            self.fields[name].help_text = text
        for field in self.fields.values():
            reword(field)

    def clean_promotion(self) -> Promotion:
        """One that waits for a code."""
        return _by_code(self.cleaned_data["promotion"])

    def clean_begins(self) -> str:
        """As it can be typed anywhere."""
        prefix: str = self.cleaned_data["begins"].strip().upper()
        if not ((prefix.isascii() and prefix.isalnum()) or not prefix):
            raise ValidationError(_("Use letters A to Z and digits."))
        return prefix


def make(promotion: Promotion, count: int, *, prefix: str = "", **fields: Any) -> int:
    """So many new codes; one that is there already is drawn again."""
    with transaction.atomic():
        missing = count
        while missing:
            drawn = {codes.folded(code): code for code in (codes.drawn(prefix) for _n in range(missing))}
            taken = set(Voucher.objects.filter(folded__in=drawn).values_list("folded", flat=True))
            fresh = {folded: code for folded, code in drawn.items() if folded not in taken}
            Voucher.objects.bulk_create(
                (
                    Voucher(promotion=promotion, code=code, folded=folded, **fields)
                    for folded, code in fresh.items()
                ),
                batch_size=1_000,
            )
            missing -= len(fresh)
    return count


class BatchFilter(ValueFilter):
    """Those that were made together."""

    title = gettext_lazy("batch")
    parameter_name = "batch"


@admin.register(Voucher)
class VoucherTable(Table):
    """Codes, the latest first."""

    section = Section.PRICES
    place = 5
    form = VoucherForm
    change_list_template = "admin/checkout/voucher/change_list.html"
    list_display = ("code", "promotion", "batch", "uses", "limited", "each", "revenue", "state", "made")
    sortable_by = ("code", "made")
    list_filter = ("is_active", BatchFilter)
    list_select_related = ("promotion",)
    search_fields = ("code", "batch")
    search_help_text = gettext_lazy("Search by code or batch")
    ordering = ("-id",)
    autocomplete_fields = ("promotion",)
    actions = ("export",)
    fields = (("code", "promotion"), ("limit", "limit_each"), ("batch", "is_active"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.batch_view)
        return [path("batch/", view, name="checkout_voucher_batch"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole code is found however it is written."""
        exact = queryset.filter(folded=codes.folded(search_term)) if search_term.strip() else queryset.none()
        return (
            (exact, False) if exact.exists() else super().get_search_results(request, queryset, search_term)
        )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "promotion__pk" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Of the promotion whose codes one comes from."""
        listed = QueryDict(request.GET.get("_changelist_filters", ""))
        return {"promotion": _wanted(request.GET) or _wanted(listed)}

    def empty(self, request: HttpRequest, found: Any) -> dict[str, str]:
        """The first one of a promotion's codes is that promotion's; or many are made at once."""
        told = super().empty(request, found)
        if told["url"].startswith("?") or not self.has_add_permission(request):
            return told
        wanted = _wanted(request.GET)
        asked = f"?promotion={wanted}" if wanted else ""
        return {
            **told,
            "url": told["url"] + asked,
            "also": _("Make many vouchers"),
            "also_url": reverse("admin:checkout_voucher_batch") + asked,
        }

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the figures of the rows that are shown, asked for at once."""
        may = {"can_make": self.has_add_permission(request)}
        answer = super().changelist_view(request, {**may, **(extra_context or {})})
        shown = answer.context_data if isinstance(answer, TemplateResponse) else None
        if (found := (shown or {}).get("cl")) is not None:
            figures = uses.of_vouchers([row.pk for row in found.result_list])
            for row in found.result_list:
                row.figures = figures[row.pk]
        return answer

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("checkout.export_voucher")

    @admin.action(description=gettext_lazy("Export vouchers as CSV"), permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet[Voucher]) -> StreamingHttpResponse:
        """For a mailing, or a printer."""
        rows = sheet(queryset.order_by("pk").select_related("promotion").iterator(chunk_size=1_000))
        answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
        day = timezone.localdate().isoformat()
        answer["Content-Disposition"] = f'attachment; filename="vouchers-{day}.csv"'
        return answer

    def batch_view(self, request: HttpRequest) -> HttpResponse:
        """Many at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            form = BatchForm(request.POST)
            if form.is_valid():
                return self._make(request, dict(form.cleaned_data))
        else:
            form = BatchForm(initial={"promotion": _wanted(request.GET)})
        rows: tuple[Any, ...] = (("promotion", "count"), ("begins", "batch"), ("limit", "limit_each"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Make many vouchers"),
            "has_view_permission": self.has_view_permission(request),
            "arranged": AdminForm(form, [(None, {"fields": rows})], {}),  # type: ignore[arg-type,dict-item]
            "fixes": fixes(form),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/checkout/voucher/batch.html", context)

    def _make(self, request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
        count = make(said.pop("promotion"), said.pop("count"), prefix=said.pop("begins"), **said)
        text = ngettext("%(count)s voucher made", "%(count)s vouchers made", count)
        self.message_user(request, text % {"count": grouped(count)})
        url = reverse("admin:checkout_voucher_changelist")
        return HttpResponseRedirect(f"{url}?{urlencode({'batch': said['batch']})}")

    # --- What is shown ---------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("used"))
    def uses(self, voucher: Any) -> Any:
        return number(voucher.figures.orders)

    @admin.display(description=gettext_lazy("at most"))
    def limited(self, voucher: Voucher) -> Any:
        return "–" if voucher.limit is None else number(voucher.limit)

    @admin.display(description=gettext_lazy("by one"))
    def each(self, voucher: Voucher) -> Any:
        return "–" if voucher.limit_each is None else number(voucher.limit_each)

    @admin.display(description=gettext_lazy("revenue"))
    def revenue(self, voucher: Any) -> Any:
        found = voucher.figures.revenue
        return amount(found[0]) if len(found) == 1 else " · ".join(m.format() for m in found) or amount(None)

    @admin.display(description=gettext_lazy("state"))
    def state(self, voucher: Any) -> Any:
        if not voucher.is_active:
            return pill("quiet", _("switched off"))
        if voucher.limit is not None and voucher.used >= voucher.limit:
            return pill("quiet", _("used up"))
        return pill("good", _("can be used"))

    @admin.display(description=gettext_lazy("made"), ordering="id")
    def made(self, voucher: Voucher) -> Any:
        return moment(voucher.created_at)


def sheet(vouchers: Iterable[Voucher]) -> Iterator[str]:
    """Lines of CSV; what a spreadsheet would take for a formula begins with an apostrophe."""
    held = StringIO()
    writer = csv.writer(held)
    writer.writerow(("code", "promotion", "batch", "limit", "limit_each", "used", "active"))
    for one in vouchers:
        cells = (one.code, one.promotion.name, one.batch, one.limit, one.limit_each, one.used, one.is_active)
        writer.writerow(plain("" if cell is None else str(cell)) for cell in cells)
        yield held.getvalue()
        held.seek(0)
        held.truncate()
    yield held.getvalue()
