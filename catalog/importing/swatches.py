"""Colours by the names that merchants give them, as the swatches of a picker show them."""

SWATCHES = {
    "black": "#1d1d1b",
    "white": "#fbfaf7",
    "gray": "#8d9296",
    "grey": "#8d9296",
    "charcoal": "#41464a",
    "silver": "#c3c7c9",
    "gold": "#c9a24a",
    "bronze": "#8c6239",
    "copper": "#b4673e",
    "red": "#c5372c",
    "burgundy": "#6d1f2e",
    "maroon": "#6b2424",
    "coral": "#ee7a63",
    "pink": "#e79bab",
    "rose": "#d98a93",
    "orange": "#e5822f",
    "rust": "#a9502b",
    "yellow": "#f0c23b",
    "mustard": "#c99a2c",
    "cream": "#f1e8d2",
    "ivory": "#f5f0e1",
    "beige": "#d9c7a5",
    "tan": "#c29b6c",
    "khaki": "#a8976b",
    "brown": "#6f4a30",
    "green": "#3f7f49",
    "olive": "#6f7335",
    "mint": "#a5d6bf",
    "teal": "#1f7a78",
    "turquoise": "#35aeb2",
    "blue": "#2d5fb8",
    "light blue": "#8fbbe0",
    "navy": "#1c2a4d",
    "indigo": "#3b3a86",
    "purple": "#6c438c",
    "violet": "#7a529e",
    "lavender": "#b6a6d8",
    "lilac": "#c3a5cf",
    "magenta": "#b83280",
}


def swatch_of(label: str) -> str:
    """#rrggbb; empty if the name is none of these, or several."""
    return SWATCHES.get(" ".join(label.casefold().split()), "")
