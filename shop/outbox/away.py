"""Away: what a job raises whose service is somebody else's, and will be back."""

from typing import Any


class Away(Exception):
    """It is tried for a day, where `is_temporary`; else a few times.

    retry_after: seconds for which the service asks to be left alone; None if it does not say.
    left: arguments for the next try, where this one has done a part; None: the same again.
    """

    is_temporary: bool = True
    retry_after: int | None = None
    left: list[Any] | None = None
