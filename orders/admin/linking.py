"""Links to an order that were given out are made void from its page, which asks: nobody takes it back."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from orders import access
from orders.admin.asking import Asking


class Linking(Asking):
    """The part of the orders' desk that does so; who may write on an order may."""

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.links_view)
        return [path("<int:pk>/links/", ask, name="orders_order_links"), *super().get_urls()]

    def links_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What becomes of them; and it becomes so."""
        order = self.asked(request, pk, "change_order")
        if request.method != "POST":
            return self.ask(request, order, "links", _("Make old links to %s void?") % order.number)
        access.renew(order, actor_id=request.user.pk)
        return self.done(request, order, _("Old links are void; a new one can be had by e-mail."))
