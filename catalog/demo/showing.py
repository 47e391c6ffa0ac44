"""Which pictures a product gets, and the words that stand in for each."""

from __future__ import annotations

from catalog.demo.attributes import SIZE_SLUGS, label
from catalog.demo.goods import Good, Placement, wording
from catalog.demo.plan import Art, Option, PicturePlan

MATS = ("rose", "sage", "sand", "mist", "plum")
FRAME_WORDS = {"black": "a black frame", "oak": "an oak frame", "white": "a white frame"}
SETTINGS = {
    "sideboard": "above an oak sideboard",
    "chair": "above a bentwood chair and a plant",
    "sofa": "above a sofa",
    "desk": "above a writing table",
}
HOOKS = {"clip": "hung from a clip", "pins": "held by two brass pins", "rails": "hung between wooden rails"}


def subject(art: Art) -> str:
    return str(wording("subjects")[art.family][art.motif])


def picture(scene: str, art: Art, mat: str, **options: Option) -> PicturePlan:
    return PicturePlan(
        scene, art.family, art.palette, art.seed, art.motif, mat, tuple(sorted(options.items()))
    )


def _other_mat(mat: str, step: int) -> str:
    return MATS[(MATS.index(mat) + step) % len(MATS)]


def pictures(good: Good) -> tuple[Placement, ...]:
    return {"Print": _print, "Notebook": _notebook, "Card set": _cards, "Book": _book}[good.kind](good)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _print(good: Good) -> tuple[Placement, ...]:
    art, seen = good.art, subject(good.art)
    main = next(mark for mark in good.marks if mark in ("black", "oak", "white", "sheet"))
    second = {"black": "oak", "oak": "black", "white": "oak", "sheet": "black"}[main]
    hook = tuple(HOOKS)[(good.place + good.place // 3) % 3]
    sheet = Placement(
        picture("sheet", art, _other_mat(good.mat, 2), hook=hook),
        f"{good.name} without a frame, {HOOKS[hook]}, its paper edge deckled",
        {"frame": "none"},
    )
    setting = tuple(SETTINGS)[good.place % 4]
    size = SIZE_SLUGS[good.choices[min(len(good.choices) - 1, (2, 1)[good.place % 2])]]
    room_frame = (main, second)[good.place % 2]
    room = Placement(
        picture(
            "room",
            art,
            _other_mat(good.mat, 1),
            frame=room_frame,
            size=size,
            setting=setting,
            shift={"sideboard": -120, "chair": -60, "sofa": 0, "desk": 150}[setting],
        ),
        f"{good.name} in scale: {label('size', size)} in {FRAME_WORDS[room_frame]}, {SETTINGS[setting]}",
        None,
        in_scale=True,
    )
    detail = Placement(
        picture("detail", art, good.mat, corner=("left", "right")[good.place % 2]),
        f"The lower corner of {good.name}: cotton grain, ink and deckled edge",
    )
    shown = [
        Placement(
            picture("framed", art, good.mat, frame=main),
            f"{_capital(seen)}, in {FRAME_WORDS[main]} with a white mat",
            {"frame": main},
        ),
        room,
        detail,
        Placement(
            picture("framed", art, _other_mat(good.mat, 3), frame=second),
            f"{good.name} in {FRAME_WORDS[second]}",
            {"frame": second},
        ),
        sheet,
    ]
    third = next(frame for frame in FRAME_WORDS if frame not in (main, second))
    if good.place % 3 == 0:
        shown.append(
            Placement(
                picture("choices", art, _other_mat(good.mat, 4)),
                f"{good.name} in oak, black and white frames on a ledge, to compare",
            )
        )
    else:
        shown.append(
            Placement(
                picture("framed", art, _other_mat(good.mat, 4), frame=third),
                f"{good.name} in {FRAME_WORDS[third]}",
                {"frame": third},
            )
        )
    return tuple(shown)


def _others(good: Good) -> str:
    return " ".join(str(art) for art in good.more)


def _notebook(good: Good) -> tuple[Placement, ...]:
    art, seen = good.art, subject(good.art)
    ruling = {"dotted": "dotted", "lined": "lined", "sketchbooks": "blank"}[good.leaf]
    size = "a5" if "a5" in good.choices else good.choices[0]
    return (
        Placement(
            picture(
                "notebook",
                art,
                good.mat,
                turn=0 if good.slug == "dune-road" else (0, -4, 0, 5)[good.place % 4],
            ),
            f"Notebook with cloth spine and elastic; on the cover {seen}",
        ),
        Placement(
            picture("notebook-open", art, _other_mat(good.mat, 1), ruling=ruling),
            f"{good.name} lying open: {ruling} pages, a pencil across them",
        ),
        Placement(
            picture("notebook-desk", art, _other_mat(good.mat, 2), size=size),
            f"{good.name} in scale: the {size.upper()} size on a desk with a cup, a pencil and a coin",
            None,
            in_scale=True,
        ),
        Placement(
            picture("notebook-stack", art, _other_mat(good.mat, 3), others=_others(good)),
            f"{good.name} on a pile of our other notebooks",
        ),
    )


def _cards(good: Good) -> tuple[Placement, ...]:
    art, seen = good.art, subject(good.art)
    upright = int("upright" in good.marks)
    others = _others(good)
    shown = [
        Placement(
            picture("cards", art, good.mat, others=others, upright=upright),
            f"A fan of cards and an envelope; on the first {seen}",
        ),
        Placement(
            picture("cards-flat", art, _other_mat(good.mat, 1), others=others, upright=upright),
            f"The motifs of {good.name} side by side",
        ),
        Placement(
            picture("cards-desk", art, _other_mat(good.mat, 2), others=others, upright=upright),
            f"{good.name} in scale: cards and an envelope on a desk with a cup and a pencil",
            None,
            in_scale=True,
        ),
    ]
    if good.leaf == "greeting-sets":
        shown.insert(
            1,
            Placement(
                picture("cards-shelf", art, _other_mat(good.mat, 3), upright=upright),
                f"One card of {good.name} standing on a shelf before its envelope",
            ),
        )
    return tuple(shown)


def _book(good: Good) -> tuple[Placement, ...]:
    art, seen = good.art, subject(good.art)
    others = _others(good)
    return (
        Placement(
            picture("book", art, good.mat, binding="hardback", turn=(0, 3, 0, -3)[good.place % 4]),
            f"Hardback with a cloth spine; on the cover {seen}",
            {"binding": "hardback"},
        ),
        Placement(
            picture("book-open", art, _other_mat(good.mat, 1), others=others),
            f"{good.name} lying open at a plate, the closed book behind it",
        ),
        Placement(
            picture("book-desk", art, _other_mat(good.mat, 2)),
            f"{good.name} in scale: on a desk with a cup, a pencil and a coin",
            None,
            in_scale=True,
        ),
        Placement(
            picture("book-stack", art, _other_mat(good.mat, 3), others=others),
            f"{good.name} leaning on the wall behind a pile of books",
        ),
        Placement(
            picture(
                "book", art, _other_mat(good.mat, 4), binding="softcover", turn=(-3, 0, 4)[good.place % 3]
            ),
            f"{good.name} as a softcover",
            {"binding": "softcover"},
        ),
    )
