"""What the feeds have sent and have yet to send, message by message."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy, ngettext

from orders import feed
from orders.models import FeedDelivery
from shop.desk.cells import grouped, moment, number, pill
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable

COLOURS = {"waiting": "low", "delivered": "good", "failed": "bad", "skipped": "quiet"}


def state_of(delivery: FeedDelivery) -> Any:
    """In a word with a dot."""
    return pill(COLOURS[delivery.status], delivery.get_status_display())


@admin.register(FeedDelivery)
class DeliveryTable(Unchangeable, Table):
    """Read, and sent again."""

    section = Section.STAFF
    place = 5
    noun = (gettext_lazy("feed message"), gettext_lazy("feed messages"))
    entry_name = gettext_lazy("Messages of feeds")
    list_display = ("topic", "about", "to", "state", "tries", "answer", "queued")
    list_display_links = ("topic",)
    list_filter = ("status", "endpoint")
    list_select_related = ("endpoint",)
    sortable_by = ()
    ordering = ("-id",)
    actions = ("send_again",)
    fields = (
        ("topic", "about"),
        ("to", "state"),
        ("sequence", "identity"),
        ("tries", "answer"),
        ("queued", "due"),
        ("tried", "done"),
    )
    readonly_fields = (
        *("topic", "about", "to", "state", "sequence", "identity", "tries", "answer"),
        *("queued", "due", "tried", "done"),
    )

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_feeddelivery")

    @admin.action(description=gettext_lazy("Send messages again"), permissions=["again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[FeedDelivery]) -> None:
        """Whatever became of them: under the same webhook-id, so that a receiver knows what it has."""
        count = feed.again(FeedDelivery.objects.filter(pk__in=queryset.values("pk")))
        text = ngettext("%s message is sent again", "%s messages are sent again", count)
        self.message_user(request, text % grouped(count), messages.SUCCESS)

    @admin.display(description=gettext_lazy("about"))
    def about(self, delivery: FeedDelivery) -> str:
        return f"{delivery.get_stream_display()} {delivery.source_id}"

    @admin.display(description=gettext_lazy("to"))
    def to(self, delivery: FeedDelivery) -> Any:
        url = reverse("admin:orders_feedendpoint_change", args=[delivery.endpoint_id])
        return format_html('<a href="{}">{}</a>', url, delivery.endpoint)

    @admin.display(description=gettext_lazy("state"))
    def state(self, delivery: FeedDelivery) -> Any:
        return state_of(delivery)

    @admin.display(description=gettext_lazy("webhook-id"))
    def identity(self, delivery: FeedDelivery) -> str:
        return delivery.message_id

    @admin.display(description=gettext_lazy("tries"))
    def tries(self, delivery: FeedDelivery) -> Any:
        return number(delivery.attempts)

    @admin.display(description=gettext_lazy("answer"))
    def answer(self, delivery: FeedDelivery) -> str:
        return " ".join(filter(None, (str(delivery.response_status or ""), delivery.error))) or "–"

    @admin.display(description=gettext_lazy("queued"))
    def queued(self, delivery: FeedDelivery) -> Any:
        return moment(delivery.queued_at)

    @admin.display(description=gettext_lazy("due"))
    def due(self, delivery: FeedDelivery) -> Any:
        return moment(delivery.due_at) if delivery.status == FeedDelivery.Status.WAITING else "–"

    @admin.display(description=gettext_lazy("last tried"))
    def tried(self, delivery: FeedDelivery) -> Any:
        return moment(delivery.tried_at)

    @admin.display(description=gettext_lazy("done"))
    def done(self, delivery: FeedDelivery) -> Any:
        return moment(delivery.closed_at)
