"""remembered(): parts of a page that most pages have alike, rendered once for what they are given."""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, pass_environment
from markupsafe import Markup

from shop import markets
from shop.jinja.words import language_now


class _Given(str):
    """What a part is given: told apart by all that it holds, written out."""

    values: dict[str, Any]


@pass_environment
def remembered(environment: Environment, name: str, **given: Any) -> Markup:
    """The template's HTML. It may use what it is given and the environment's globals: nothing of its page.

    So nothing has to be let go: other values, another language or market are another part.
    """
    key = _Given(repr(given))
    key.values = given
    return _made(environment, name, language_now(), markets.current().code, key)


@lru_cache(maxsize=500)
def _made(environment: Environment, name: str, language: str, market: str, given: _Given) -> Markup:
    return Markup(environment.get_template(name).render(given.values))  # noqa: S704 (a template's)
