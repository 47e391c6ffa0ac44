"""What is to be drawn, as data: a plan can be stored as JSON and drawn anywhere to the same pixels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Option = str | int | float


@dataclass(frozen=True)
class PicturePlan:
    """One picture: which art (family, palette, seed, motif) and how it is shown (scene, mat, options)."""

    scene: str
    family: str
    palette: str
    seed: int
    motif: str = ""
    mat: str = "sand"
    options: tuple[tuple[str, Option], ...] = ()

    def option(self, name: str, default: Any = None) -> Any:
        return dict(self.options).get(name, default)

    def with_options(self, **changes: Option) -> PicturePlan:
        merged = dict(self.options) | changes
        return PicturePlan(
            self.scene,
            self.family,
            self.palette,
            self.seed,
            self.motif,
            self.mat,
            tuple(sorted(merged.items())),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "family": self.family,
            "palette": self.palette,
            "seed": self.seed,
            "motif": self.motif,
            "mat": self.mat,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PicturePlan:
        return cls(
            scene=data["scene"],
            family=data["family"],
            palette=data["palette"],
            seed=int(data["seed"]),
            motif=data.get("motif", ""),
            mat=data.get("mat", "sand"),
            options=tuple(sorted(data.get("options", {}).items())),
        )

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> PicturePlan:
        return cls.from_dict(json.loads(text))


@dataclass(frozen=True)
class Art:
    """The print itself, before anyone has framed, bound or folded it."""

    family: str
    palette: str
    seed: int
    motif: str = ""

    @classmethod
    def of(cls, plan: PicturePlan) -> Art:
        return cls(plan.family, plan.palette, plan.seed, plan.motif)

    @classmethod
    def parse(cls, text: str) -> Art:
        """Read "family:palette:seed[:motif]", the form companions take inside a plan's options."""
        family, palette, seed, *motif = text.split(":")
        return cls(family, palette, int(seed), motif[0] if motif else "")

    def __str__(self) -> str:
        parts: Iterable[object] = (self.family, self.palette, self.seed, self.motif)
        return ":".join(str(part) for part in parts).rstrip(":")
