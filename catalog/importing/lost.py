"""Lost: what a reader has left out, counted by product; a row that is no product's counts as one."""

from dataclasses import dataclass

from catalog.importing.records import Place, Problem, Reading

JOINED = {"shopify"}  # formats whose products have several rows of one handle


@dataclass(frozen=True)
class Lost:
    """`count`: products and lone rows that stay outside; `partial`: products without some variants."""

    count: int
    partial: frozenset[str]  # external ids


def left_out(reading: Reading) -> Lost:
    """By the errors of the reading, about goods alone."""
    came = {record.external_id: record.place for record in reading.products}
    variants = {variant.external_id for record in reading.products for variant in record.variants}
    names: set[str] = set()
    partial = {_id(reading, owner) for owner in reading.partly.values()}
    rows = 0
    for problem in filter(lambda problem: _is_of_goods(reading, problem), reading.errors()):
        name = _id(reading, problem.handle)
        if not problem.handle or name in variants - came.keys():
            rows += 1
        elif name not in came:
            names.add(name)
        elif _is_of(problem.place, came[name], reading):
            partial.add(name)
        else:
            rows += 1  # the name once more
    names |= {_id(reading, sku) for sku in reading.unsold}
    names -= {_id(reading, sku) for sku in reading.partly}  # their product's matter
    return Lost(rows + len(names), frozenset(partial & came.keys()))


def _is_of(place: Place, product: Place, reading: Reading) -> bool:
    """Is it a row of that product? Where rows share a handle, all of a file's are."""
    return place == product or (reading.source in JOINED and place.file == product.file)


def _id(reading: Reading, handle: str) -> str:
    return f"{reading.source}:{handle}"


def _is_of_goods(reading: Reading, problem: Problem) -> bool:
    found = reading.counts.get(problem.place.file)
    is_elsewhere = found and not (found["products"] or found["variants"]) and any(found.values())
    return not problem.topic and not is_elsewhere
