"""Forms with texts in HTML: cleaned before anything is kept."""

from collections.abc import Iterable
from typing import Any

from catalog import richtext
from shop.desk.rows import RowForm


class RichTextForm(RowForm):
    """Cleans the fields named in `rich`."""

    rich: Iterable[str] = ()

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        for name in self.rich:
            if name in self.cleaned_data:
                self.cleaned_data[name] = richtext.clean(self.cleaned_data[name])
        return data
