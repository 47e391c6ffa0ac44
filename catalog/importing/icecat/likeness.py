"""Likeness: which kind an item looks like, by the attributes it has and the words it is described with.

Goods of one kind are described with the same attributes; an item whose title names no kind is compared with
the mean of each kind that others name (cosine of weighted features, rare ones weigh more).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest

Features = frozenset[str]

STRONGEST = 80  # features of a kind that are compared; the rest says little and costs as much


class Likeness:
    """Learns from items whose kind is known; an empty kind teaches nothing but how common features are."""

    def __init__(self, examples: Sequence[tuple[Features, str]]) -> None:
        common: Counter[str] = Counter()
        for features, _kind in examples:
            common.update(features)
        self._weights = {f: math.log(len(examples) / n) for f, n in common.items() if n > 1}
        means: dict[str, Counter[str]] = defaultdict(Counter)
        for features, kind in examples:
            if kind:
                mean = means[kind]
                for feature, weight in self._vector(features).items():
                    mean[feature] += weight  # type: ignore[assignment]
        self._by_feature: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for kind, mean in means.items():
            length = _length(mean.values())
            for feature, weight in mean.most_common(STRONGEST):
                self._by_feature[feature].append((kind, weight / length))

    def scores(self, features: Features, most: int) -> list[tuple[str, float]]:
        """The kinds that it is most like, and how like, from 0 to 1."""
        found: dict[str, float] = defaultdict(float)
        for feature, weight in self._vector(features).items():
            for kind, other in self._by_feature.get(feature, ()):
                found[kind] += weight * other
        return nlargest(most, found.items(), key=lambda pair: pair[1])

    def _vector(self, features: Features) -> dict[str, float]:
        weights = {f: self._weights[f] for f in sorted(features) if f in self._weights}
        length = _length(weights.values())
        return {feature: weight / length for feature, weight in weights.items()}


def _length(weights: Iterable[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights)) or 1.0
