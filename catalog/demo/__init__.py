"""The demo shop's goods: what they are, what they cost, and the code that draws them. Pure: no database."""

from catalog.demo.picture import FULL, draw
from catalog.demo.plan import Art, PicturePlan

__all__ = ["FULL", "Art", "PicturePlan", "draw"]
