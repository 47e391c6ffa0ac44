"""Forms with texts in HTML: cleaned before anything is kept."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from catalog import richtext
from shop.desk.rows import RowForm

HOW = gettext_lazy(
    "Plain text, whose empty lines part paragraphs; or HTML (p, h3, ul, strong, a …)."
    " What a page should not contain is taken out."
)


class RichTextForm(RowForm):
    """Cleans the fields named in `rich`, and says how they are written."""

    rich: Iterable[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.rich) & set(self.fields):
            self.fields[name].help_text = self.fields[name].help_text or HOW

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        for name in self.rich:
            if name in self.cleaned_data:
                self.cleaned_data[name] = richtext.clean(self.cleaned_data[name])
        return data
