"""What the template of a product is given of its reviews: the spread of stars, and one page of them."""

from typing import Any

from catalog.forms import ReviewParameters
from catalog.queries import reviews
from catalog.queries.reviews import Said


def shape(said: Said, parameters: ReviewParameters, path: str) -> dict[str, Any]:
    """The reviews as the template wants them; every bar and page with its address."""
    number = sum(said.histogram)

    def url(stars: int | None, page: int = 1) -> str:
        return f"{parameters.at(stars, page).url(path)}#reviews"

    return {
        "number": number,
        "stars": said.stars,
        "all_url": url(None),
        "bars": [
            {
                "stars": stars,
                "count": count,
                "share": round(100 * count / (number or 1)),
                "url": url(stars) if count else None,
                "is_current": stars == said.stars,
            }
            for stars, count in reversed(list(enumerate(said.histogram, 1)))
        ],
        "first": (said.page - 1) * reviews.PER_PAGE + 1,
        "last": (said.page - 1) * reviews.PER_PAGE + len(said.reviews),
        "total": said.total,
        "newer_url": url(said.stars, said.page - 1) if said.page > 1 else None,
        "older_url": url(said.stars, said.page + 1) if said.page < said.pages else None,
        "shown": [
            {
                "name": review.name,
                "rating": review.rating,
                "title": review.title,
                "body": review.body,
                "at": review.written_at,
            }
            for review in said.reviews
        ],
    }
