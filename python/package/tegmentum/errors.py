"""What can go wrong, as one hierarchy of exceptions.

Every message names the thing, its value and what would be right. What a function of yours raises (an objective, a callback) is never one
of these: it arrives as it was raised.
"""

__all__ = ["DivergedError", "FileError", "InvalidValueError", "TegmentumError", "WrongTypeError"]


class TegmentumError(Exception):
    """The base of all exceptions of this package.

    Examples
    --------
    >>> import tegmentum
    >>> try:
    ...     tegmentum.minimize(sum, [1.0, float("nan")], budget=10)
    ... except tegmentum.TegmentumError as error:
    ...     print(error)
    x0[1] = nan: must be a finite number
    """


class InvalidValueError(TegmentumError, ValueError):
    """A value, a shape or a name that cannot be used. It is a `ValueError` too."""


class WrongTypeError(TegmentumError, TypeError):
    """Something of a type that cannot be used. It is a `TypeError` too."""


class DivergedError(TegmentumError, ArithmeticError):
    """Parameters became NaN or infinite. It is an `ArithmeticError` too."""


class FileError(TegmentumError, OSError):
    """A file that cannot be read or written. It is an `OSError` too."""
