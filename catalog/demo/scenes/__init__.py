"""How the art is shown: framed on a wall, bound, folded, stacked, in a room."""
