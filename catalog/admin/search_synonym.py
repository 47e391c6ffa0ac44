"""Synonyms on the desk: a list to which many are added at once; what is wrong with a row is said."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from babel import Locale
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from catalog.models import Synonym
from catalog.search import synonyms
from catalog.search.words import Words, folded
from shop import markets
from shop.desk.cells import grouped, moment
from shop.desk.filters import ValueFilter
from shop.desk.fixes import Fix
from shop.desk.rows import RowForm
from shop.desk.site import Section
from shop.desk.tables import Table

ARROW = re.compile(r"→|⇒|=>|->")
MOST_WORDS, LONGEST = 6, 60  # of one term, and its letters
MOST_LINES = 200  # added at once
MOST_TOLD = 3  # other rows


def languages() -> list[tuple[str, str]]:
    """For which a synonym may be: every language, those of the markets, and those that these are kinds of."""
    spoken = {code for market in markets.all() for code in markets.spoken(market.language) if code}
    return [("", language("")), *((code, language(code)) for code in sorted(spoken))]


def language(code: str) -> str:
    """English, English (United Kingdom) …"""
    shown = get_language() or "en"
    name = Locale.parse(code, sep="-").get_display_name(shown.replace("-", "_")) if code else ""
    return name or _("Every language")


class SynonymForm(RowForm):
    """A row of synonyms. An arrow among the words says the same as the field below them."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    also_changed = ("words", "finds")  # as they are tidied up
    others: Sequence[Synonym] | None = None  # that there are, if they are known
    overlaps: Sequence[Synonym] = ()  # rows that have a word of this one

    class Meta:
        model = Synonym
        fields = ("words", "finds", "language")
        help_texts: ClassVar = {
            "words": gettext_lazy(
                "With commas between them: laptop, notebook. Whoever searches for one finds the others too."
            ),
            "finds": gettext_lazy(
                "Leave it empty if all of them mean the same. Else whoever searches for the words above finds"
                " these too, and not the other way round: cellphone → mobile phone."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            self.fields["language"].choices = languages()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if "words" not in data or "finds" not in data:
            return data
        sides, is_split = [data["words"], data["finds"]], ARROW.split(data["words"])
        if ARROW.search(data["finds"]) or len(is_split) > 2 or (len(is_split) == 2 and data["finds"]):
            self.add_error("words", _("Write one arrow, or what they find in the field below; not both."))
            return data
        if len(is_split) == 2:
            sides = is_split
            if not sides[1].strip(" ,;"):
                self.add_error("words", _("Write behind the arrow what they find too."))
                return data
        for name, text in zip(("words", "finds"), sides, strict=True):
            data[name] = self._tidied(name, text)
        if not self.errors:
            self._judge(data)
        return data

    def _tidied(self, name: str, text: str) -> str:
        """The terms with a comma and a blank between them; complains about each that is none."""
        written = synonyms.written(text)
        for term in written:
            words = folded(term)
            if not term:
                self.add_error(name, _("Nothing stands between two of the commas: take one away."))
            elif not words:
                self.add_error(name, _("“%s” has neither letters nor digits: write a word.") % term)
            elif len(words) > MOST_WORDS or len(term) > LONGEST:
                self.add_error(name, _("“%s” is too long: six words, of 60 letters, are enough.") % term)
        return ", ".join(written)

    def _judge(self, data: dict[str, Any]) -> None:
        """What only all of its words together can have wrong."""
        asked, found = synonyms.terms(data["words"]), synonyms.terms(data["finds"])
        both = [" ".join(term) for term in asked if term in found]
        if both:
            self.add_error("finds", _("“%s” stands on both sides: take it away here.") % both[0])
        elif not asked or (len(asked) == 1 and not found):
            is_same = len(synonyms.written(data["words"])) > 1
            alike = _("To a search these are one word: write another one beside it.")
            few = _("Write two words or more, with commas between them: laptop, notebook.")
            self.add_error("words", alike if is_same else few)
        if self.errors:
            return
        code = data.get("language", "")
        for name in ("words", "finds"):
            for term, where in synonyms.fillers(synonyms.written(data[name]), code):
                told = _(
                    "“%(term)s” is nothing but words that every text has in %(language)s, so no search looks"
                    " for it: write a longer term, or choose the language that it is meant for."
                )
                self.add_error(name, told % {"term": term, "language": language(where)})
        self._compare(set(asked), set(found), code)

    def _compare(self, asked: set[Words], found: set[Words], code: str) -> None:
        """One row says it: another that says no more is refused; whose words stand elsewhere too is told."""
        overlaps = []
        others = Synonym.objects.all() if self.others is None else self.others
        for other in others:
            if other.pk is not None and other.pk == self.instance.pk:
                continue
            reaches = other.language in markets.spoken(code)
            theirs, finds = set(synonyms.terms(other.words)), set(synonyms.terms(other.finds))
            is_said = asked <= theirs and found <= finds if finds else asked | found <= theirs
            if reaches and is_said and bool(finds) <= bool(found):
                self.add_error("words", _("“%s” says this already: change that row instead.") % other)
                return
            if (reaches or code in markets.spoken(other.language)) and asked & theirs:
                overlaps.append(other)
        self.overlaps = overlaps


class LanguageFilter(ValueFilter):
    """English, German …"""

    title = gettext_lazy("language")
    parameter_name = "language"

    def shown(self, value: str) -> str:
        return language(value)


@admin.register(Synonym)
class SynonymTable(Table):
    """Which words mean the same; each edit holds for the next search."""

    section = Section.GOODS
    place = 8
    form = SynonymForm
    list_display = ("said", "spoken", "changed")
    list_filter = (LanguageFilter,)
    search_fields = ("words", "finds")
    ordering = ("words", "id")
    fields = ("words", "finds", "language")
    change_list_template = "admin/catalog/synonym/list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a form above the list that adds one row a line."""
        quick: dict[str, Any] = {"language": request.GET.get("language", "")}
        if request.method == "POST" and "_quick" in request.POST and self.has_add_permission(request):
            quick = {name: request.POST.get(name, "") for name in ("lines", "language")}
            made, quick["fixes"] = self._add_lines(request, quick["lines"], quick["language"])
            if made:
                return self.rung(request, HttpResponseRedirect(request.get_full_path()))
        if self.has_add_permission(request):
            quick["example"] = _("laptop, notebook\ncellphone → mobile phone")
            extra_context = {**(extra_context or {}), "quick": quick, "languages": languages()}
        return super().changelist_view(request, extra_context)

    def _add_lines(self, request: HttpRequest, text: str, code: str) -> tuple[list[Synonym], list[Fix]]:
        """All of them, or none and what is wrong with each."""
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        forms, fixes = [], list[Fix]()
        if not lines:
            fixes.append(Fix(_("Lines"), _("Write one row a line: laptop, notebook."), "quick-lines"))
        if len(lines) > MOST_LINES:
            told = _("These are %(number)s lines: add %(most)s at once at most.")
            told %= {"number": grouped(len(lines)), "most": MOST_LINES}
            return [], [Fix(_("Lines"), told, "quick-lines")]
        others = list(Synonym.objects.all())
        for number, line in lines:
            form = SynonymForm({"words": line, "finds": "", "language": code})
            form.others = others
            if form.is_valid():
                forms.append(form)
                others.append(form.instance)
            else:
                place = _("Line %d") % number
                complaints = [text for texts in form.errors.values() for text in texts]
                fixes += [Fix(place, str(text), "quick-lines") for text in complaints]
        if fixes:
            return [], fixes
        with transaction.atomic():
            made = [form.save() for form in forms]
            for row in made:
                self.log_addition(request, row, [{"added": {}}])
            text = ngettext("%s synonym added", "%s synonyms added", len(made)) % grouped(len(made))
            self._toast(request, text)
            self.message_user(request, text, messages.SUCCESS)
        self._warn(request, (overlap for form in forms for overlap in form.overlaps if overlap not in made))
        return made, []

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whose words stand elsewhere too is told so: it may be meant."""
        super().save_related(request, form, formsets, change)
        self._warn(request, form.overlaps)

    def _warn(self, request: HttpRequest, overlaps: Iterable[Synonym]) -> None:
        others = list(dict.fromkeys(map(str, overlaps)))
        if others:
            named = ", ".join(f"“{other}”" for other in others[:MOST_TOLD])
            more = " …" if len(others) > MOST_TOLD else ""
            told = _(
                "A word of it stands in %s too. Each row counts by itself: a search goes one step, and no"
                " further from there."
            )
            self.message_user(request, told % f"{named}{more}", messages.WARNING)

    @admin.display(description=gettext_lazy("words"), ordering="words")
    def said(self, row: Synonym) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("language"), ordering="language")
    def spoken(self, row: Synonym) -> str:
        return language(row.language)

    @admin.display(description=gettext_lazy("changed"), ordering="changed_at")
    def changed(self, row: Synonym) -> Any:
        return moment(row.changed_at)
