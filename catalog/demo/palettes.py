"""Inks and papers: every picture is printed from one of these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """A paper, a line ink, a quiet second tone, and inks in order of weight."""

    name: str
    paper: str
    ink: str
    soft: str
    colours: tuple[str, str, str, str]

    @property
    def is_dark(self) -> bool:
        return luminance(self.paper) < 0.35

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.colours, self.ink)


def rgb(colour: str) -> tuple[int, int, int]:
    value = colour.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def mix(first: str, second: str, share: float) -> str:
    """The colour that is `share` of the way from the first to the second."""
    blended = (round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*blended)


def luminance(colour: str) -> float:
    red, green, blue = rgb(colour)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


PALETTES: dict[str, Palette] = {
    palette.name: palette
    for palette in (
        Palette("cadiz", "#f4efe6", "#1b1a18", "#e6dcc9", ("#f5533d", "#2450c8", "#f4bd32", "#1b1a18")),
        Palette("plum", "#f2e7e0", "#2a1f2e", "#ecd3c6", ("#5a2348", "#e0714a", "#efb79e", "#2a1f2e")),
        Palette("harbour", "#f3e7d4", "#1c2a3e", "#ecd2ac", ("#d9502f", "#e5a038", "#24466f", "#1c2a3e")),
        Palette("fern", "#ebeadd", "#2f3a2a", "#85907f", ("#4f6f35", "#2f4d35", "#c99a3e", "#7d8b62")),
        Palette("dune", "#f0e7d6", "#23211f", "#e8d5b3", ("#d2532f", "#e9a63a", "#1d3c69", "#2b2a29")),
        Palette("night", "#14203a", "#f2ead9", "#22335a", ("#f2c66b", "#e46a55", "#86bccb", "#d98c2b")),
        Palette("sage", "#e7ebdf", "#2c3231", "#c4d3c0", ("#3d6b66", "#8fb0a0", "#e08a5b", "#27403f")),
        Palette("hills", "#f1ede3", "#1f2d27", "#dcd7bf", ("#4f6b32", "#23403a", "#c79a3f", "#b5482a")),
        Palette("rosewood", "#f5e6df", "#3b1f23", "#eccabd", ("#a93d3a", "#e0968a", "#6c3a48", "#e3b23f")),
        Palette("lagoon", "#eaf0ea", "#12343b", "#b7d3c8", ("#0f6b74", "#59a6a0", "#f2b48a", "#e2583e")),
        Palette("citrus", "#fbf3dd", "#2c3318", "#f3e2a6", ("#f2b01e", "#ee7a30", "#6c8f3a", "#35573a")),
        Palette("press", "#f2efe8", "#1a1a1a", "#d8d2c6", ("#1a1a1a", "#d8402a", "#8a857c", "#b9b2a6")),
        Palette("ultramarine", "#efede7", "#14182b", "#ccd6ee", ("#1f3fae", "#7d9be0", "#f0b7a4", "#e9552f")),
        Palette("terracotta", "#f5eadd", "#3a2018", "#ecceb0", ("#b9512f", "#dc9763", "#75876f", "#5a2f22")),
        Palette("moss", "#1f2b24", "#ece6d3", "#2f4035", ("#c3bd6c", "#7e9a6a", "#d9925a", "#e7d9b0")),
        Palette("mauve", "#eee7ec", "#2b2436", "#d9cadd", ("#6f5089", "#b495c2", "#e29a86", "#3d3560")),
        Palette("ember", "#2a191c", "#f3dfcf", "#45282b", ("#e2553a", "#f0a04b", "#b43a58", "#f6d3a4")),
        Palette("winter", "#eef0ee", "#1e2a33", "#ccd8db", ("#3f6785", "#9fb9c6", "#c9553b", "#24404f")),
    )
}


def palette(name: str) -> Palette:
    return PALETTES[name]
