"""The catalog app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """Wires catalog into the project: its rules and projections with shop.changes."""

    name = "catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        """Models are loaded by now, and not before."""
        from catalog import cards, delivery, keys, neighbours, on_change, pricing, stock  # noqa: PLC0415
        from catalog.on_document import DOCUMENTS  # noqa: PLC0415
        from catalog.search import keeping  # noqa: PLC0415
        from shop.changes import rules  # noqa: PLC0415
        from shop.edge import shows  # noqa: PLC0415
        from shop.edge.keys import declare  # noqa: PLC0415
        from shop.outbox import rounds  # noqa: PLC0415

        rules.projection(on_change.SALES, pricing.apply_sales)
        rules.projection(on_change.AVAILABILITY, stock.refresh_availability)
        rules.projection(on_change.CARDS, cards.rebuild)
        rules.projection(on_change.DATES, cards.schedule)
        rules.projection(on_change.NEIGHBOURS, neighbours.choose)
        rules.projection(on_change.PROMISES, delivery.keep)
        rules.projection(DOCUMENTS, keeping.note)  # after the cards that they are made of
        for label, rule in on_change.RULES.items():
            rules.register(label, rule, on_change.WHOLE.get(label, on_change.everything))
        declare(keys.KEYS)
        shows.declare("product/", "card/")
        rounds.register("catalog.clear_uploads")
        rounds.register("catalog.keep_promises")
        rounds.register("catalog.calm_rushes")
        rounds.register("catalog.write_searches")
        rounds.register("catalog.look_after_documents")
        rounds.register("catalog.keep_vocabulary")
