"""Inputs of the measures as checked arrays of floats; a missing value is NaN (None is read as NaN)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from console.measures.results import MeasureError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def vector(values: ArrayLike, name: str, size: int | None = None) -> FloatArray:
    """The values as a one-dimensional array, shape (size,) where a size is given.

    Raises MeasureError naming the input when it is not a row of numbers, holds an infinity, or has another length.
    """
    array = _floats(values, name)
    if array.ndim != 1:
        raise MeasureError(f"{name} must be one row of numbers, not {array.ndim} dimensions.")
    if size is not None and array.size != size:
        raise MeasureError(f"{name} has {array.size} values where {size} are needed.")
    return array


def matrix(values: ArrayLike, name: str, columns: int | None = None) -> FloatArray:
    """The values as a two-dimensional array.

    Raises MeasureError naming the input when it is not a table of numbers, holds an infinity, or has other columns.
    """
    array = _floats(values, name)
    if array.ndim != 2:
        raise MeasureError(f"{name} must be a table of rows and columns, not {array.ndim} dimensions.")
    if columns is not None and array.shape[1] != columns:
        raise MeasureError(f"{name} has {array.shape[1]} columns where {columns} are needed.")
    return array


def complete(array: FloatArray, name: str) -> FloatArray:
    """The same array, refused with a MeasureError when a value is missing."""
    if np.isnan(array).any():
        raise MeasureError(f"{name} has missing values.", "Fill them in or leave the row out.")
    return array


def counts(values: ArrayLike, name: str) -> FloatArray:
    """Counts or exposures of any shape: present and not negative; otherwise MeasureError."""
    array = complete(_floats(values, name), name)
    if (array < 0).any():
        raise MeasureError(f"{name} holds a negative number.", "Counts cannot be below 0.")
    return array


def survey_weights(values: ArrayLike | None, size: int) -> FloatArray:
    """Weights of respondents, ones where none are given; raises MeasureError when negative, missing or all zero."""
    if values is None:
        return np.ones(size)
    array = counts(vector(values, "survey weights", size), "survey weights")
    if size and array.sum() <= 0:
        raise MeasureError("The survey weights are all zero.", "Give at least one respondent a weight.")
    return array


def floats(array: FloatArray) -> tuple[float, ...]:
    """A row of an array as plain floats."""
    return tuple(float(x) for x in array)


def floats_or_none(array: FloatArray) -> tuple[float | None, ...]:
    """A row of an array as plain floats, None for a missing value."""
    return tuple(None if np.isnan(x) else float(x) for x in array)


def table(array: FloatArray) -> tuple[tuple[float, ...], ...]:
    """A two-dimensional array as rows of plain floats."""
    return tuple(floats(row) for row in array)


def _floats(values: ArrayLike, name: str) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MeasureError(
            f"{name} holds something that is not a number.", "Check the rows that were selected."
        ) from error
    if np.isinf(array).any():
        raise MeasureError(f"{name} holds an infinite value.")
    return array
