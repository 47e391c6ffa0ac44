"""ImportRun: files that a merchant has sent and what became of them; ImportProblem: what to look at there."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ImportRun(models.Model):
    """One attempt to load files that were sent. The row is the truth about it; jobs only work it off.

    `holder` and `beat_at` are the lease: whoever holds it beats each second, and a silent one has died.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        TRYING = "trying", _("being tried")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    OPEN = (Status.WAITING, Status.TRYING, Status.RUNNING)

    status = models.CharField(_("state"), max_length=8, choices=Status, default=Status.WAITING)
    is_trial = models.BooleanField(_("only tried"), default=True)
    source = models.CharField(_("format"), max_length=20)  # a name of catalog.importing.formats
    # {"currency": "EUR", "includes_tax": true, "tax_class": id, "category": id, "publish": null …}
    options = models.JSONField(_("options"), default=dict)
    # in the private storage; a trial and the import that follows it share one
    folder = models.CharField(_("folder"), max_length=64)
    files = models.JSONField(_("files"), default=list)  # [{"name": "goods.csv", "size": bytes}]
    are_files_kept = models.BooleanField(_("files are still there"), default=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    done = models.PositiveIntegerField(_("products done"), default=0)
    total = models.PositiveIntegerField(_("products"), null=True)  # null: the files are still being read
    counts = models.JSONField(_("products by outcome"), default=dict)  # {"created": 3, "skipped": 1}
    added = models.JSONField(_("other new things"), default=dict)  # {"categories": 2, "pictures": 7}
    found = models.JSONField(_("problems by kind"), default=dict)  # {"error": 2, "warning": 9}, all of them
    failure = models.CharField(_("why it failed"), max_length=500, blank=True)
    is_stop_asked = models.BooleanField(_("asked to stop"), default=False)
    holder = models.UUIDField(_("worker"), null=True)
    beat_at = models.DateTimeField(_("last sign of life"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries without progress"), default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("folder",), name="import_folder"),
            models.Index(
                fields=("created_at",), condition=models.Q(are_files_kept=True), name="import_files"
            ),
        )

    def __str__(self) -> str:
        names = [str(file["name"]) for file in self.files]
        return names[0] + (f" + {len(names) - 1}" if len(names) > 1 else "") if names else f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether anything will still be done about it."""
        return self.status in self.OPEN


class ImportProblem(models.Model):
    """An error or a warning of a run; only so many are kept, the run counts them all."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="problems", verbose_name=_("import"))
    level = models.CharField(_("kind"), max_length=8)  # "error", "warning"
    file = models.CharField(_("file"), max_length=255)
    line = models.PositiveIntegerField(_("line"))
    handle = models.CharField(_("product"), max_length=255, blank=True)
    reason = models.TextField(_("reason"))
    topic = models.CharField(_("sort"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("problem of an import")
        verbose_name_plural = _("problems of imports")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"
