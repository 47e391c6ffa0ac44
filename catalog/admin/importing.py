"""The merchant's import: files in, a trial first, progress, what became of them, past runs."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin import import_result
from catalog.admin.import_form import ImportForm
from catalog.importing import run, uploads
from catalog.importing.report import sheet
from catalog.models import ImportRun
from shop.desk.cells import moment, number, pill
from shop.desk.fixes import fixes
from shop.desk.site import Section
from shop.desk.tables import Table, Unchangeable

PERMISSIONS = ("catalog.add_product", "catalog.change_product")
Status = ImportRun.Status


@admin.register(ImportRun)
class ImportTable(Unchangeable, Table):
    """Past imports; adding one is sending files, and its page shows what became of them."""

    section = Section.GOODS
    place = 9
    entry_name = gettext_lazy("Import")
    noun = (gettext_lazy("import"), gettext_lazy("imports"))
    list_display = ("files_sent", "what", "state", "created", "changed", "errors", "started_by", "when")
    list_display_links = ("files_sent",)
    list_select_related = ("started_by",)
    sortable_by = ()
    actions = None

    # --- Who may: whoever adds and changes products -----------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(PERMISSIONS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(PERMISSIONS)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(PERMISSIONS)

    def get_urls(self) -> list[URLPattern]:
        """A run's own pages come before Django's, whose last one takes every word for an id."""
        pages = {
            "progress": self.progress_view,
            "import": self.import_view,
            "stop": self.stop_view,
            "problems.csv": self.problems_view,
        }
        own = [
            path(f"<int:pk>/{word}", self._guarded(view), name=f"catalog_importrun_{word.partition('.')[0]}")
            for word, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def _guarded(self, view: Any) -> Any:
        """For who may, and never kept by a browser."""

        def allowed(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            answer: HttpResponse = view(request, get_object_or_404(ImportRun, pk=pk))
            return answer

        return self.admin_site.admin_view(allowed)

    # --- The form ---------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Takes files, and answers at once: the work is the worker's."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
        if form.is_bound and form.is_valid():
            return self._begin(request, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import goods"),
            "arranged": form.arranged(),
            "fixes": fixes(form),
            "media": self.media + form.media,
            "past": ImportRun.objects.count(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/catalog/importrun/form.html", context)

    def _begin(self, request: HttpRequest, form: ImportForm) -> HttpResponse:
        files, source = form.cleaned_data["sent"]
        folder, kept = uploads.keep(files)
        try:
            begun = self._enqueue(
                request,
                ImportRun(
                    is_trial="_import" not in request.POST,
                    source=source,
                    options=form.options(),
                    folder=folder,
                    files=kept,
                ),
            )
        except Exception:
            uploads.forget(folder, len(kept))
            raise
        return HttpResponseRedirect(reverse("admin:catalog_importrun_change", args=[begun.pk]))

    def _enqueue(self, request: HttpRequest, begun: ImportRun) -> ImportRun:
        with transaction.atomic():
            begun.started_by_id = request.user.pk
            begun.save(force_insert=True)
            run.begin(begun)
            self.log_addition(request, begun, _("Tried") if begun.is_trial else _("Imported"))
        return begun

    def empty(self, request: HttpRequest, found: Any) -> dict[str, str]:
        """The first import has a page of its own to begin at."""
        said = super().empty(request, found)
        if not found.has_active_filters:
            said.update(title=_("Bring your goods"), label=_("Import goods"))
            said["text"] = _("The files of another shop, tried before anything is written.")
        return said

    # --- A run ------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What it does, or what it did."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = self.get_object(request, object_id)
        if shown is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            **import_result.progress(shown),
            **(import_result.result(shown) if not shown.is_open else {}),
            "opts": self.opts,
            "title": (_("Trial of %s") if shown.is_trial else _("Import of %s")) % shown,
            "facts": import_result.facts(shown),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/catalog/importrun/run.html", context)

    def progress_view(self, request: HttpRequest, shown: ImportRun) -> HttpResponse:
        """The part of the page that changes while it runs; 205 once there is a result to be shown.

        With ?pictures it goes on until all its pictures are prepared.
        """
        if not shown.is_open:
            text = import_result.pictures(shown) if "pictures" in request.GET else ""
            return HttpResponse(escape(text)) if text else HttpResponse(status=205)
        return TemplateResponse(
            request, "admin/catalog/importrun/progress.html", import_result.progress(shown)
        )

    def import_view(self, request: HttpRequest, tried: ImportRun) -> HttpResponse:
        """The same files with the same options, and now it counts."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if tried.is_open or not tried.are_files_kept:
            text = _("The files are not there any more: send them again, please.")
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:catalog_importrun_add"))
        begun = ImportRun(
            is_trial=False,
            source=tried.source,
            options=tried.options,
            folder=tried.folder,
            files=tried.files,
        )
        begun = self._enqueue(request, begun)
        return HttpResponseRedirect(reverse("admin:catalog_importrun_change", args=[begun.pk]))

    def stop_view(self, request: HttpRequest, shown: ImportRun) -> HttpResponse:
        """It ends after what it is at; one that nobody is at ends now."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        waiting = ImportRun.objects.filter(pk=shown.pk, status=Status.WAITING, holder=None)
        if not waiting.update(status=Status.STOPPED, finished_at=timezone.now()):
            ImportRun.objects.filter(pk=shown.pk, status__in=ImportRun.OPEN).update(is_stop_asked=True)
        return HttpResponseRedirect(reverse("admin:catalog_importrun_change", args=[shown.pk]))

    def problems_view(self, request: HttpRequest, shown: ImportRun) -> HttpResponse:
        """Every problem that is kept, for a spreadsheet."""
        answer = HttpResponse(
            "".join(sheet(import_result.problems(shown))), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = f'attachment; filename="import-{shown.pk}-problems.csv"'
        return answer

    # --- The list ---------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("files"))
    def files_sent(self, shown: ImportRun) -> str:
        return str(shown)

    @admin.display(description=gettext_lazy("what"))
    def what(self, shown: ImportRun) -> str:
        return _("Trial") if shown.is_trial else _("Import")

    @admin.display(description=gettext_lazy("state"))
    def state(self, shown: ImportRun) -> Any:
        return pill(import_result.tone(shown), shown.get_status_display())

    @admin.display(description=gettext_lazy("new"))
    def created(self, shown: ImportRun) -> Any:
        return number(shown.counts.get("created", 0))

    @admin.display(description=gettext_lazy("changed"))
    def changed(self, shown: ImportRun) -> Any:
        return number(shown.counts.get("updated", 0))

    @admin.display(description=gettext_lazy("errors"))
    def errors(self, shown: ImportRun) -> Any:
        return number(shown.found.get("error", 0))

    @admin.display(description=gettext_lazy("when"))
    def when(self, shown: ImportRun) -> Any:
        return moment(shown.created_at)
