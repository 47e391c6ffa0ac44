"""Away: what a job raises whose service is somebody else's, and will be back."""


class Away(Exception):
    """It is tried for a day, where `is_temporary`; else a few times."""

    is_temporary = True
