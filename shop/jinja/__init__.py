"""The storefront's Jinja2 environment: what its templates may call. Nothing here reads the database."""

from collections.abc import MutableMapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, StrictUndefined, Template

from shop import markets
from shop.jinja import links, lists, parts, words
from shop.jinja.remembered import remembered


class _Template(Template):
    """Jinja2's, rendered in one language."""

    def render(self, *args: Any, **context: Any) -> str:
        with words.one_language():
            return super().render(*args, **context)


class _Environment(Environment):
    """Jinja2's, but `card.name` looks into a dict first: to fail as an attribute costs more than all else."""

    template_class = _Template

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """These very ones, where a template has none of its own: each import compares them name by name."""
        return super().make_globals(d) if d else self.globals


def _is_markup(name: str | None) -> bool:
    """Everything is escaped but the text of mails: there, "Ada & Bob" is no entity."""
    return not (name or "").endswith(".txt")


def environment(**options: Any) -> Environment:
    """What Django's Jinja2 backend asks for."""
    options = {
        "trim_blocks": True,
        "lstrip_blocks": True,
        "undefined": StrictUndefined,
        **options,
        "autoescape": _is_markup,
        "extensions": ["jinja2.ext.i18n", "jinja2.ext.do", *options.get("extensions", ())],
    }
    env = _Environment(**options)
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        _=words.said,
        gettext=words.said,
        ngettext=words.counted,
        url=links.url,
        static=links.static,
        stylesheets=links.stylesheets,
        money=words.money,
        card=lists.card,
        facet_value=lists.facet_value,
        swatch=lists.swatch,
        icon=parts.icon,
        picture=parts.picture,
        remembered=remembered,
        widest=parts.widest,
        price=parts.price,
        stars=parts.stars,
        absolute=links.absolute,
        market=markets.current,
        alternates=links.alternates,
        site_name=settings.SITE_NAME,
        site_slogan=settings.SITE_SLOGAN,
        site_promises=settings.SITE_PROMISES,
        is_demo=settings.DEMO,
    )
    env.filters.update(
        date=words.date_filter,
        dates=words.dates,
        money=words.money,
        number=words.number,
        percent=words.percent,
        rich=words.rich,
        time=words.time_filter,
    )
    return env
