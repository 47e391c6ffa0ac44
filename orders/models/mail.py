"""MailClaim: who is mailing what about an order just now."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order


class MailClaim(models.Model):
    """The right to send one mail, until a moment by the database's clock; gone once the mail has gone.

    That a mail was sent stands in the order's events.
    """

    order = models.ForeignKey(
        Order, models.CASCADE, db_index=False, related_name="+", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=40)  # of the event: "confirmation_sent" …
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("claim to a mail")
        verbose_name_plural = _("claims to mails")
        constraints = (models.UniqueConstraint(fields=("order", "kind"), name="mailclaim_once"),)

    def __str__(self) -> str:
        return f"{self.order}: {self.kind}"
