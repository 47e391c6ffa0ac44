"""Promotions: what they give, for which goods, when, and beside which others."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.admin.variant import CURRENCIES
from checkout import uses
from checkout.models import Promotion, PromotionAmount
from shop.desk.cells import amount, grouped, moment, number, pill
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Rows, Table
from shop.money import Money

Kind = Promotion.Kind
WITH_AMOUNT = {Kind.AMOUNT, Kind.EACH}


class PromotionForm(RowForm):
    """A promotion; what its kind needs is asked for."""

    class Meta:
        model = Promotion
        fields = (
            *("name", "is_active", "note", "kind", "percent", "buy", "free", "scope", "categories"),
            *("products", "without", "takes_reduced", "starts_at", "ends_at", "needs_code", "priority"),
            *("is_for_first_order", "stacking"),
        )
        help_texts: ClassVar = {
            "name": gettext_lazy("Shoppers read it in the cart, in the mail and on the invoice."),
            "kind": gettext_lazy("Amounts, and from how much on it counts, stand below, by currency."),
            "percent": gettext_lazy("For “per cent off”: 20 is a fifth."),
            "buy": gettext_lazy("For “buy some, get some free”: 3 …"),
            "free": gettext_lazy(
                "… and 1 free: of every four pieces, alike or not, the cheapest costs nothing."
            ),
            "categories": gettext_lazy("With all that stand below them."),
            "without": gettext_lazy("Their goods are left as they are, wherever else they stand."),
            "takes_reduced": gettext_lazy("Untick it, and goods with a sale price are left as they are."),
            "needs_code": gettext_lazy("Else it comes by itself to every cart that it fits."),
            "is_for_first_order": gettext_lazy(
                "Whoever has ordered before does not get it, whether logged in or by the same e-mail address."
                " Cancelled orders do not count."
            ),
            "priority": gettext_lazy(
                "The smallest number has its turn first; of equal ones a voucher's, then the oldest. Each"
                " takes its per cent of what those before it have left."
            ),
            "stacking": gettext_lazy(
                "“Alone” counts only where nothing was given before it. After “alone” and “as the last” no"
                " other counts. One that would give nothing keeps no other out."
            ),
        }

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        said = self.cleaned_data
        kind = said.get("kind")
        percent = said.get("percent")
        if kind == Kind.PERCENT and not (percent and 0 < percent <= 100):
            self.add_error("percent", _("Write how many per cent: more than 0, and 100 at most."))
        for name in ("buy", "free"):
            if kind == Kind.BONUS and not said.get(name):
                self.add_error(name, _("Write how many pieces: 1 or more."))
        if said.get("scope") == Promotion.Scope.CHOSEN and not (
            said.get("categories") or said.get("products")
        ):
            self.add_error("scope", _("Choose categories or products for it, or let it be for all goods."))
        begins, ends = said.get("starts_at"), said.get("ends_at")
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("It ends after it has begun: choose a later moment."))
        return data


class AmountForm(RowForm):
    """What it comes to in a currency that we sell in."""

    class Meta:
        model = PromotionAmount
        fields = ("currency", "amount", "minimum")
        widgets = {"currency": forms.Select(choices=[(code, code) for code in CURRENCIES])}


class AmountFormSet(BaseInlineFormSet):
    """An amount where the kind has one, and nowhere else."""

    def clean(self) -> None:
        super().clean()
        kind = self.instance.kind
        kept = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("currency") and form not in self.deleted_forms
        ]
        if kind in WITH_AMOUNT and not kept:
            raise ValidationError(_("Add a row for each currency, with the amount that is taken off."))
        for form in kept:
            given = form.cleaned_data.get("amount")
            if kind in WITH_AMOUNT and not given:
                form.add_error("amount", _("Write how much is taken off."))
            elif kind not in WITH_AMOUNT and given:
                form.add_error("amount", _("Leave it empty: this kind takes no amount off."))
        if any(form.errors for form in kept):
            raise ValidationError(_("Look at the amounts marked below, please."))


class AmountRows(Rows):
    """By currency: the amount, and from how much on. With any row, other currencies do not have it."""

    model = PromotionAmount
    form = AmountForm
    formset = AmountFormSet
    max_num = len(CURRENCIES)
    verbose_name_plural = gettext_lazy("Amount or minimum by currency (with any, other currencies lack it)")


STATES: Mapping[str, tuple[str, Any]] = {
    "running": ("good", gettext_lazy("running")),
    "planned": ("low", gettext_lazy("planned")),
    "over": ("quiet", gettext_lazy("over")),
    "off": ("quiet", gettext_lazy("switched off")),
}


def state_of(promotion: Promotion) -> str:
    """Whether it counts now."""
    now = timezone.now()
    if not promotion.is_active:
        return "off"
    if promotion.ends_at is not None and promotion.ends_at <= now:
        return "over"
    return "planned" if promotion.starts_at is not None and promotion.starts_at > now else "running"


@admin.register(Promotion)
class PromotionTable(Table):
    """What lowers carts, in the order in which it does."""

    section = Section.PRICES
    place = 4
    form = PromotionForm
    list_display = ("name", "gives", "comes", "state", "priority", "ends", "orders", "revenue")
    sortable_by = ("name", "comes", "priority")
    list_filter = ("is_active", "needs_code", "kind")
    search_fields = ("name", "note")
    ordering = ("priority", "id")
    autocomplete_fields = ("categories", "products", "without")
    inlines = (AmountRows,)
    readonly_fields = ("figures",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What it has brought stands on top, once there is something to say."""
        first: tuple[Any, ...] = (("name", "is_active"), "note")
        return (
            (None, {"fields": ("figures", *first) if obj else first}),
            (gettext_lazy("What it gives"), {"fields": ("kind", "percent", ("buy", "free"))}),
            (
                gettext_lazy("For which goods"),
                {"fields": ("scope", "categories", "products", "without", "takes_reduced")},
            ),
            (
                gettext_lazy("When"),
                {"fields": (("starts_at", "ends_at"), "needs_code", "is_for_first_order")},
            ),
            (gettext_lazy("Beside others"), {"fields": ("priority", "stacking")}),
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Goods are chosen here, and made elsewhere."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.many_to_many and field is not None:
            field.widget.can_add_related = False
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        return super().get_queryset(request).prefetch_related("amounts")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the figures of the rows that are shown, asked for at once."""
        answer = super().changelist_view(request, extra_context)
        shown = answer.context_data if isinstance(answer, TemplateResponse) else None
        if (found := (shown or {}).get("cl")) is not None:
            figures = uses.of_promotions([row.pk for row in found.result_list])
            for row in found.result_list:
                row.figures = figures[row.pk]
        return answer

    def response_add(
        self, request: HttpRequest, obj: Promotion, post_url_continue: Any = None
    ) -> HttpResponse:
        answer = super().response_add(request, obj, post_url_continue)
        self._ask_for_code(request, obj)
        return answer

    def response_change(self, request: HttpRequest, obj: Promotion) -> HttpResponse:
        answer = super().response_change(request, obj)
        self._ask_for_code(request, obj)
        return answer

    def _ask_for_code(self, request: HttpRequest, promotion: Promotion) -> None:
        """One that waits for a code, and has none, gives nobody anything."""
        if not promotion.needs_code or promotion.vouchers.exists():
            return
        text: Any = _("“%s” does nothing until it has a code.") % promotion
        if request.user.has_perm("checkout.add_voucher"):
            url = reverse("admin:checkout_voucher_add")
            text = format_html('{} <a href="{}?promotion={}">{}</a>', text, url, promotion.pk, _("Add one"))
        self.message_user(request, text, messages.WARNING)

    @admin.display(description=gettext_lazy("gives"))
    def gives(self, promotion: Promotion) -> str:
        return given(promotion)

    @admin.display(description=gettext_lazy("comes"), ordering="needs_code")
    def comes(self, promotion: Promotion) -> str:
        return _("with a code") if promotion.needs_code else _("by itself")

    @admin.display(description=gettext_lazy("state"))
    def state(self, promotion: Promotion) -> Any:
        return pill(*STATES[state_of(promotion)])

    @admin.display(description=gettext_lazy("until"))
    def ends(self, promotion: Promotion) -> Any:
        return moment(promotion.ends_at)

    @admin.display(description=gettext_lazy("orders"))
    def orders(self, promotion: Any) -> Any:
        return number(promotion.figures.orders)

    @admin.display(description=gettext_lazy("revenue"))
    def revenue(self, promotion: Any) -> Any:
        found = promotion.figures.revenue
        return format_html_join(SafeString("<br>"), "{}", ((amount(m),) for m in found)) or amount(None)

    @admin.display(description=gettext_lazy("so far"))
    def figures(self, promotion: Promotion) -> Any:
        """Orders, what they came to, what was taken off, and where its codes are."""
        return told(promotion)


def given(promotion: Promotion) -> str:
    """What it gives, in a word or two."""
    sums = [Money(row.amount, row.currency) for row in promotion.amounts.all() if row.amount]
    listed = " · ".join(sum.format(short=True) for sum in sums)
    if promotion.kind == Kind.PERCENT:
        return _("%(number)s %% off") % {
            "number": (promotion.percent or Decimal(0)).normalize().__format__("f")
        }
    if promotion.kind == Kind.BONUS:
        return _("%(buy)s + %(free)s free") % {"buy": promotion.buy, "free": promotion.free}
    if promotion.kind == Kind.DELIVERY:
        return _("free delivery")
    return _("%(amounts)s each") % {"amounts": listed} if promotion.kind == Kind.EACH else listed


def told(promotion: Promotion) -> Any:
    """The figures of one promotion as a line of links."""
    found = uses.of_promotions([promotion.pk])[promotion.pk]
    parts = [ngettext("%(count)s order", "%(count)s orders", found.orders) % {"count": grouped(found.orders)}]
    parts += [_("%(amount)s of revenue") % {"amount": money.format()} for money in found.revenue]
    parts += [_("%(amount)s taken off") % {"amount": money.format()} for money in found.off if money]
    links = [(reverse("admin:checkout_promotionuse_changelist"), _("Which orders"))] if found.orders else []
    if promotion.needs_code:
        links.append((reverse("admin:checkout_voucher_changelist"), _("Its codes")))
    hung = format_html_join(
        " · ", '<a href="{}?promotion__pk={}">{}</a>', ((url, promotion.pk, text) for url, text in links)
    )
    how = _(
        "Revenue is what those orders came to, with delivery and tax, less what was refunded. An order counts"
        " from its placing, until it is cancelled or expires."
    )
    return format_html(
        '<span class="lines">{}{}{}\n<span class="help">{}</span></span>',
        " · ".join(parts),
        "\n" if links else "",
        hung,
        how,
    )
