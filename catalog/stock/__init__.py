"""Stock: the only code that moves it, and the availability that pages show instead of a number.

Every movement is one conditional statement that locks its rows in the order of primary keys; a CHECK stands
behind it. So 500 buyers get exactly what there is, and no two carts wait for each other in a circle. What
sells in a rush lends its free units to buckets (rush.py), so that its buyers do not wait for one row.
"""

from catalog.stock.availability import refresh_availability
from catalog.stock.counting import adjust, adjust_many, set_terms
from catalog.stock.ledger import differences, write_down
from catalog.stock.moving import AtOnce, release, reserve, ship
from catalog.stock.refusals import BelowReserved, NotReserved, OutOfStock, Scattered
from catalog.stock.shelf import Left, free, free_of

__all__ = [
    "AtOnce",
    "BelowReserved",
    "Left",
    "NotReserved",
    "OutOfStock",
    "Scattered",
    "adjust",
    "adjust_many",
    "differences",
    "free",
    "free_of",
    "refresh_availability",
    "release",
    "reserve",
    "set_terms",
    "ship",
    "write_down",
]
