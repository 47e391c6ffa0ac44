"""Feeds on the desk: who is told what, whether it arrives, and sending it again."""

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from orders import feed
from orders.admin.deliveries import state_of
from orders.models import FeedDelivery, FeedEndpoint
from shop.desk import dashboard
from shop.desk.cells import grouped, moment, number, pill
from shop.desk.rows import Moment, RowForm
from shop.desk.site import Section
from shop.desk.tables import Table
from shop.outbox import outbox

Status = FeedDelivery.Status
LATEST = 20  # deliveries on an endpoint's page
FAILING = timedelta(minutes=5)  # from then on the desk says so


class EndpointForm(RowForm):
    """A receiver."""

    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy(
            "Where the messages are posted to. They hold names and addresses: let nobody else read them."
        ),
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=[(topic.value, capfirst(str(topic.label))) for topic in FeedEndpoint.Topic],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = FeedEndpoint
        fields = ("name", "url", "is_active", "topics")
        help_texts: ClassVar = {
            "is_active": gettext_lazy("What happens while it is off can be sent later."),
        }

    def clean_url(self) -> str:
        """Told here, and not only when the first message fails."""
        url: str = self.cleaned_data["url"]
        try:
            feed.check(url)
        except feed.Refused as refused:
            raise ValidationError(str(refused)) from refused
        return url


def _count(status: FeedDelivery.Status) -> Coalesce:
    """How many of an endpoint's messages are in that state: by an index, whatever has been delivered."""
    rows = FeedDelivery.objects.filter(endpoint=OuterRef("pk"), status=status).order_by()
    return Coalesce(Subquery(rows.values("endpoint").annotate(n=Count("*")).values("n")), 0)


class SinceForm(forms.Form):
    """From when on everything is sent again."""

    since = forms.DateTimeField(label=gettext_lazy("Since"), widget=Moment)


def not_arriving() -> Q:
    """Receivers that take nothing, that said they are gone, or for which something was given up."""
    given_up = FeedDelivery.objects.filter(status=Status.FAILED).order_by().values("endpoint")
    late = Q(is_active=True, failing_since__lt=timezone.now() - FAILING)
    return late | ~Q(stopped="") | Q(pk__in=given_up)


class ArrivingFilter(admin.SimpleListFilter):
    """Those that somebody has to look at."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failing", _("does not arrive"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FeedEndpoint]) -> QuerySet[FeedEndpoint]:
        return queryset.filter(not_arriving()) if self.value() == "failing" else queryset


@admin.register(FeedEndpoint)
class EndpointTable(Table):
    """The receivers."""

    section = Section.STAFF
    place = 4
    noun = (gettext_lazy("feed"), gettext_lazy("feeds"))
    entry_name = gettext_lazy("Feeds to ERP and warehouse")
    form = EndpointForm
    list_display = ("name", "where", "state", "waiting", "given_up")
    list_filter = (ArrivingFilter,)
    sortable_by = ()
    readonly_fields = ("state", "key", "latest")

    def get_urls(self) -> list[URLPattern]:
        ask, do = map(self.admin_site.admin_view, (self.since_view, self.do_view))
        return [
            path("<int:pk>/since/", ask, name="orders_feedendpoint_since"),
            path("<int:pk>/do/", do, name="orders_feedendpoint_do"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        told = (None, {"fields": ("name", "url", "is_active", "topics")})
        if obj is None:
            return (told,)
        return (
            told,
            (gettext_lazy("How it goes"), {"fields": ("state", "latest")}),
            (gettext_lazy("How the receiver knows us"), {"fields": ("key",)}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeedEndpoint]:
        waiting, failed = map(_count, (Status.WAITING, Status.FAILED))
        found = super().get_queryset(request).annotate(waiting=waiting, failed=failed)
        return found if self.has_change_permission(request) else found.defer("secret", "former_secret")

    def save_model(self, request: HttpRequest, obj: FeedEndpoint, form: Any, change: bool) -> None:
        """Switched on, or with another address, it begins as if it had never failed."""
        super().save_model(request, obj, form, change)
        if change and {"is_active", "url"} & set(form.changed_data):
            obj.stopped, obj.failures, obj.failing_since, obj.rest_until = "", 0, None, None
            obj.save(update_fields=["stopped", "failures", "failing_since", "rest_until"])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the buttons that this person may press."""
        endpoint = self.get_object(request, object_id)
        may = endpoint is not None and self.has_change_permission(request, endpoint)
        shown = {
            "can_act": may,
            "failed": endpoint.failed if may and endpoint else 0,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, shown)

    def do_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a button on its page says."""
        endpoint = self._mine(request, pk)
        if "_test" in request.POST:
            self._test(request, endpoint)
        elif "_rotate" in request.POST:
            feed.rotate(endpoint, timezone.now())
            self.log_change(request, endpoint, _("New secret"))
            text = _("It has a new secret; the one before signs as well until tomorrow. Tell the receiver.")
            self.message_user(request, text, messages.SUCCESS)
        elif "_failed" in request.POST:
            count = feed.again(FeedDelivery.objects.filter(endpoint=endpoint, status=Status.FAILED))
            said = ngettext("%s message is sent again", "%s messages are sent again", count)
            self.message_user(request, said % grouped(count), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:orders_feedendpoint_change", args=[pk]))

    def _test(self, request: HttpRequest, endpoint: FeedEndpoint) -> None:
        if not endpoint.is_active:
            text = _("Switch the feed on first: nothing is sent while it is off.")
            self.message_user(request, text, messages.WARNING)
            return
        feed.send_test(endpoint)
        outbox.enqueue("orders.send_feed", queue="feed", once=True)
        text = _("A test event is on its way: load this page again in a moment to see its answer.")
        self.message_user(request, text, messages.SUCCESS)

    def _mine(self, request: HttpRequest, pk: int) -> FeedEndpoint:
        """The endpoint, for who may change it."""
        endpoint: FeedEndpoint | None = self.get_object(request, str(pk))
        if endpoint is None:
            raise Http404
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        return endpoint

    def since_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything again, from a moment on."""
        endpoint = self._mine(request, pk)
        back = reverse("admin:orders_feedendpoint_change", args=[pk])
        day_ago = timezone.localtime() - timedelta(days=1)
        form = SinceForm(request.POST or None, initial={"since": day_ago.replace(second=0, microsecond=0)})
        form.label_suffix = ""
        if request.method == "POST" and form.is_valid():
            since = form.cleaned_data["since"]
            outbox.enqueue("orders.replay_feed", endpoint.pk, since.isoformat(), queue="low")
            self.log_change(request, endpoint, _("Sent again since %s") % since)
            text = _("Everything since then is being gathered, and sent one after the other.")
            self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Send %s everything again?") % endpoint,
            "form": form,
            "back": back,
        }
        return TemplateResponse(request, "admin/orders/feedendpoint/since.html", context)

    @admin.display(description=gettext_lazy("state"))
    def state(self, endpoint: FeedEndpoint) -> Any:
        if not endpoint.is_active:
            return (
                pill("bad", _("off: %s") % endpoint.stopped) if endpoint.stopped else pill("quiet", _("off"))
            )
        if endpoint.failing_since is None:
            return pill("good", _("well"))
        since = date_format(timezone.localtime(endpoint.failing_since), "DATETIME_FORMAT")
        return pill("bad", _("failing since %s") % since)

    @admin.display(description=gettext_lazy("goes to"))
    def where(self, endpoint: FeedEndpoint) -> str:
        return urlsplit(endpoint.url).hostname or endpoint.url

    @admin.display(description=gettext_lazy("waiting"))
    def waiting(self, endpoint: Any) -> Any:
        return number(endpoint.waiting)

    @admin.display(description=gettext_lazy("given up"))
    def given_up(self, endpoint: Any) -> Any:
        return number(endpoint.failed)

    @admin.display(description=gettext_lazy("secret"))
    def key(self, endpoint: FeedEndpoint) -> Any:
        """For who may change it."""
        if "secret" in endpoint.get_deferred_fields():
            return _("Seen by who may change feeds.")
        until = endpoint.former_until
        context = {"endpoint": endpoint, "former_until": until and until > timezone.now() and moment(until)}
        return render_to_string("admin/orders/feedendpoint/secret.html", context)

    @admin.display(description=gettext_lazy("latest messages"))
    def latest(self, endpoint: FeedEndpoint) -> str:
        rows = [
            {
                "sequence": "" if row.sequence is None else grouped(row.sequence),
                "what": row.topic,
                "queued": moment(row.queued_at),
                "state": state_of(row),
                "tries": grouped(row.attempts),
                "said": " ".join(filter(None, (str(row.response_status or ""), row.error))),
                "url": reverse("admin:orders_feeddelivery_change", args=[row.pk]),
            }
            for row in endpoint.deliveries.order_by("-id")[:LATEST]
        ]
        url = f"{reverse('admin:orders_feeddelivery_changelist')}?endpoint__id__exact={endpoint.pk}"
        return render_to_string("admin/orders/feedendpoint/latest.html", {"rows": rows, "url": url})


@dashboard.figure(85)
def failing(request: HttpRequest) -> dashboard.Figure | None:
    """What was bought is not told where it should be: somebody has to look."""
    if not request.user.has_perm("orders.view_feedendpoint"):
        return None
    count = FeedEndpoint.objects.filter(not_arriving()).count()
    names = ngettext_lazy("feed does not arrive", "feeds do not arrive")
    url = reverse("admin:orders_feedendpoint_changelist") + "?state=failing"
    return dashboard.Figure(names % count, count, url, "bad") if count else None
