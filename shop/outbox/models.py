"""Message: the row that is the job. Redis only rings the bell."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

SAID = 200  # characters of a message in logs and titles


class Message(models.Model):
    """One piece of work outside the database, written in the transaction that wants it."""

    job = models.CharField(_("job"), max_length=120)  # "orders.send_confirmation"
    args = models.JSONField(_("arguments"), default=list)
    queue = models.CharField(_("queue"), max_length=20, default="normal")
    due_at = models.DateTimeField(_("due"), db_default=Now())
    # patience with a service that is away counts from here: a message may be written days before it is due
    first_due_at = models.DateTimeField(_("first due"), db_default=Now())
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    # claims in a row of which nobody wrote how it went: so many workers died of it, or were killed meanwhile
    unfinished = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("outbox")
        indexes = (
            models.Index(
                fields=("queue", "due_at"),
                condition=models.Q(done_at=None, dead_at=None),
                name="message_open",
            ),
            models.Index(fields=("done_at",), name="message_done"),
            models.Index(fields=("dead_at",), condition=models.Q(dead_at__isnull=False), name="message_dead"),
        )

    def __str__(self) -> str:
        said = f"{self.job}{tuple(self.args)}"  # a purge names thousands of keys
        return said if len(said) <= SAID else f"{said[:SAID]}…"
