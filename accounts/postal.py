"""A postal address as a form: the parts that its country writes, and what its postcodes look like."""

import json
import re
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import Line, Mistake, mistake_in
from shop import places

# How postcodes look, and how one is written: a mistake is answered with an example. Countries that are not
# here have those of shop/places.py, which are looser.
POSTCODES: dict[str, tuple[str, str]] = {
    "AT": (r"[1-9]\d{3}", "1010"),
    "BE": (r"[1-9]\d{3}", "1000"),
    "BG": (r"\d{4}", "1000"),
    "CH": (r"[1-9]\d{3}", "8001"),
    "CZ": (r"\d{3} ?\d{2}", "110 00"),
    "DE": (r"\d{5}", "10117"),
    "DK": (r"\d{4}", "1050"),
    "EE": (r"\d{5}", "10111"),
    "ES": (r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}", "28013"),
    "FI": (r"\d{5}", "00100"),
    "FR": (r"\d{5}", "75001"),
    "GB": (r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})", "SW1A 1AA"),
    "GR": (r"\d{3} ?\d{2}", "105 57"),
    "HU": (r"\d{4}", "1051"),
    "IE": (r"[A-Z]\d[\dW] ?[A-Z\d]{4}", "D02 AF30"),
    "IT": (r"\d{5}", "00184"),
    "LT": (r"(?:LT-)?\d{5}", "01100"),
    "LU": (r"(?:L-)?\d{4}", "1111"),
    "LV": (r"(?:LV-)?\d{4}", "1010"),
    "NL": (r"[1-9]\d{3} ?[A-Z]{2}", "1012 AB"),
    "NO": (r"\d{4}", "0150"),
    "PL": (r"\d{2}-\d{3}", "00-001"),
    "PT": (r"\d{4}-\d{3}", "1100-001"),
    "RO": (r"\d{6}", "010011"),
    "SE": (r"\d{3} ?\d{2}", "111 20"),
    "SI": (r"\d{4}", "1000"),
    "SK": (r"\d{3} ?\d{2}", "811 01"),
    "US": (r"\d{5}(?:-\d{4})?", "10001"),
}

# What people write before a postcode, beside the country's ISO code: the letters on its cars.
_CARS = {
    "AT": "A", "BE": "B", "DE": "D", "EE": "EST", "ES": "E", "FI": "FIN", "FR": "F", "GB": "UK", "HU": "H",
    "IE": "IRL", "IT": "I", "LI": "FL", "LU": "L", "NO": "N", "PT": "P", "SE": "S", "SI": "SLO", "US": "USA",
}  # fmt: skip


def postcode_prefix(country: str) -> str:
    """A pattern of what is no part of a postcode there; of one without spaces, and JavaScript's too.

    "" where we do not know the look of its postcodes. Letters that belong to them stay: LT-01100.
    """
    pattern, _example = postcode_look(country)
    # The longer one first: "D" is the beginning of "DE".
    letters = "|".join(sorted({country, _CARS.get(country, country)}, key=len, reverse=True))
    return f"^(?!(?:{pattern})$)(?:{letters})[-–]?(?=.)" if pattern else ""


def postcode_look(country: str) -> tuple[str, str]:
    """The pattern of its postcodes and an example; "" and "" where we do not know."""
    if country in POSTCODES:
        return POSTCODES[country]
    known = places.of(country)
    # It is asked of what was typed without its spaces, and of what was typed.
    pattern = re.sub(r"(?<!\[) (?!\?)", " ?", known.postcode_pattern)
    return pattern, known.postcode_example


def postcode_mistakes(country: str, name: str) -> list[Mistake]:
    """What can be wrong with a postcode there, its spaces left out; none where we do not know their look."""
    pattern, example = postcode_look(country)
    if not pattern:
        return []
    words = {"country": name, "example": example}
    if places.of(country).postcode_label != _("Postcode"):  # what people call otherwise they know by sight
        return [(f"^(?!(?:{pattern})$)", _("It should look like %(example)s.") % words)]
    digits = re.fullmatch(r"\\d\{(\d)\}", pattern)
    if not digits:
        told = _("%(country)s: a postcode looks like %(example)s.") % words
        return [(f"^(?!(?:{pattern})$)", told)]
    only = _("%(country)s: a postcode has digits only, such as %(example)s.") % words
    number = _("%(country)s: a postcode has %(wanted)s digits, this one has {found}.")
    return [("[^0-9]", only), (f"^(?!{pattern}$)", number % {**words, "wanted": digits[1]})]


class PostcodeLine(Line):
    """A postcode: what is wrong with it depends on the country chosen."""

    by_country: dict[str, list[Mistake]]

    def offer(self, countries: list[tuple[str, str]]) -> None:
        """The countries that can be chosen, by code and name."""
        self.by_country = {code: postcode_mistakes(code, name) for code, name in countries}
        self.widget.attrs["data-mistakes-by"] = "country"
        prefixes = {code: postcode_prefix(code) for code, _name in countries}
        self.widget.attrs["data-prefixes"] = json.dumps(prefixes, ensure_ascii=False)

    @property
    def mistakes_json(self) -> str:
        return json.dumps({code: [[p, str(t)] for p, t in told] for code, told in self.by_country.items()})

    def written(self, postcode: str, country: str) -> str:
        """As it is kept; ValidationError if it can be none of that country's."""
        typed = postcode.upper()
        compact = typed.replace(" ", "")
        if (prefix := postcode_prefix(country)) and (bare := re.sub(prefix, "", compact)) != compact:
            gone = len(compact) - len(bare)  # so many signs, and the spaces between them
            typed, compact = re.sub(rf"^(?: *[^ ]){{{gone}}} *", "", typed), bare
        told = mistake_in(compact, self.by_country.get(country, []))
        if told:
            raise ValidationError(told, code="mistake")
        # Some countries write a space in it: one that was typed in its place stays.
        pattern, _example = postcode_look(country)
        return typed if re.fullmatch(pattern or ".*", typed, re.ASCII) else compact


class PostalForm(forms.Form):
    """Who gets it, and where, as the country chosen writes it: eight fields at most, two of them optional.

    Another country may ask for other fields: `layouts` says to the browser which ones are asked for alike.
    """

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        widget=forms.Select(attrs={"autocomplete": "shipping country"}),
        error_messages={
            "required": gettext_lazy("Please choose a country."),
            "invalid_choice": gettext_lazy(
                "We do not deliver there yet. Please choose a country from the list."
            ),
        },
    )
    name = Line(
        label=gettext_lazy("Full name"),
        max_length=120,
        autocomplete="shipping name",
        error_messages={"required": gettext_lazy("Please enter the name of who gets it.")},
    )
    company = Line(
        label=gettext_lazy("Company"),
        max_length=120,
        required=False,
        autocomplete="shipping organization",
    )
    line1 = Line(
        label=gettext_lazy("Street and number"),
        max_length=160,
        autocomplete="shipping address-line1",
        error_messages={"required": gettext_lazy("Please enter the street and the number.")},
    )
    line2 = Line(
        label=gettext_lazy("Flat, floor"),
        max_length=160,
        required=False,
        autocomplete="shipping address-line2",
    )
    postcode = PostcodeLine(
        label=gettext_lazy("Postcode"),
        max_length=20,
        autocomplete="shipping postal-code",
        error_messages={"required": gettext_lazy("Please enter the postcode.")},
    )
    city = Line(
        label=gettext_lazy("Town or city"),
        max_length=120,
        autocomplete="shipping address-level2",
        error_messages={"required": gettext_lazy("Please enter the town or city.")},
    )
    region = forms.ChoiceField(
        widget=forms.Select(attrs={"autocomplete": "shipping address-level1"}),
    )
    phone = Line(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        autocomplete="shipping tel",
        inputmode="tel",
        mistakes=(
            (
                r"^(?!\+?[0-9 ()/.\-]{5,39}$)",
                gettext_lazy("A phone number has digits, and perhaps a + in front, such as +49 30 1234567."),
            ),
        ),
        help_text=gettext_lazy("Only for the carrier, should there be a question about the delivery."),
    )

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.countries = dict(countries)
        said = self.data.get(self.add_prefix("country")) if self.is_bound else self.initial.get("country")
        self.land = said if said in self.countries else next(iter(self.countries), "")
        self.format = places.of(self.land)
        chosen = cast(forms.ChoiceField, self.fields["country"])
        chosen.choices = countries
        chosen.widget.attrs["data-layouts"] = json.dumps({code: self.layout(code) for code in self.countries})
        self.postcodes.offer(countries)
        self._follow(self.format)

    def _follow(self, format: places.Format) -> None:
        """The fields that the country's addresses have, by the names that they have there."""
        self._ask_region(format)
        words = {"what": format.postcode_label}
        self.fields["city"].label = str(format.city_label)
        self.fields["city"].required = format.needs_city
        self.fields["postcode"].label = str(format.postcode_label)
        self.fields["postcode"].required = format.needs_postcode or format.country in POSTCODES
        if format.postcode_label != PostalForm.base_fields["postcode"].label:
            self.fields["postcode"].error_messages["required"] = _("Please enter the %(what)s.") % words
        if postcode_look(format.country)[1].isdigit():
            self.fields["postcode"].widget.attrs["inputmode"] = "numeric"
        for name in ("postcode", "city", "region"):
            if name not in format.order:
                del self.fields[name]
        # Mistakes are told in the order in which the page has the fields.
        rest = [name for name in self.fields if name not in format.order]
        after = rest.index("line2") + 1
        self.order_fields([*rest[:after], *format.order, *rest[after:]])

    def _ask_region(self, format: places.Format) -> None:
        region = cast(forms.ChoiceField, self.fields["region"])
        region.label = str(format.region_label)
        named = sorted(format.regions.items(), key=lambda pair: pair[1])
        region.choices = [("", _("Please choose")), *named]
        told = _("Please choose the %(what)s.") % {"what": str(format.region_label).lower()}
        region.error_messages.update(required=told, invalid_choice=told)

    def layout(self, country: str) -> str:
        """Two countries with the same one are asked alike."""
        format = places.of(country)
        is_own = country if format.regions else ""
        number = postcode_look(country)[1].isdigit()
        return f"{' '.join(format.order)} {format.postcode_label} {format.city_label} {number} {is_own}"

    @property
    def locality(self) -> list[list[forms.BoundField]]:
        """Postcode, town and region in the country's order, as the form's rows have them."""
        order = [name for name in self.format.order if name in self.fields]
        rows = [order[:1], order[1:]] if order[:1] == ["city"] and len(order) > 2 else [order[:2], order[2:]]
        return [[self[name] for name in row] for row in rows if row]

    @property
    def is_company(self) -> bool:
        """Whether the fields of a company are filled in, or need another look."""
        return any(self[name].value() or self.has_error(name) for name in self.company_fields)

    @property
    def company_fields(self) -> list[str]:
        """Those that only a company fills in."""
        return [name for name in ("company", "vat_number") if name in self.fields]

    def full_clean(self) -> None:
        super().full_clean()
        wrong = next((name for name in self.fields if self.has_error(name)), None)
        if wrong:
            self.fields[wrong].widget.attrs["autofocus"] = True  # where to look first

    @property
    def postcodes(self) -> PostcodeLine:
        return cast(PostcodeLine, self.fields["postcode"])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        country, postcode = data.get("country"), data.get("postcode")
        if country and postcode:
            try:
                data["postcode"] = self.postcodes.written(postcode, country)
            except ValidationError as error:
                self.add_error("postcode", error)
        return data


class BookForm(PostalForm):
    """An address of the address book."""

    is_default = forms.BooleanField(label=gettext_lazy("Suggest this one first"), required=False)
