"""Chance that repeats: one independent stream of random numbers per seed and purpose."""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """A stream of choices that depends on `seed` and `purpose` only, never on locale, hash seed or clock.

    Each part of the city draws from its own stream, so a longer list of contracts does not change the budget.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        # a str seed goes through SHA-512: the same on every machine, unlike hash()
        self._random = random.Random(f"demo_city/{seed}/{purpose}")  # noqa: S311 - made-up data, not a secret

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of `items`, each as likely as the others."""
        return items[self._random.randrange(len(items))]

    def happens(self, percent: int) -> bool:
        """Return True in `percent` of 100 calls."""
        return self._random.randrange(100) < percent

    def share(self, amount: int, low: int, high: int) -> int:
        """Return from `low` to `high` per cent of `amount`, in whole pesos, rounded down."""
        return amount * self._random.randint(low, high) // 100

    def pesos(self, low: int, high: int, *, step: int = 1_000) -> int:
        """Return an amount from `low` to `high` pesos, a multiple of `step`."""
        return self._random.randint(low // step, high // step) * step

    def skewed(self, low: int, high: int, *, step: int = 1_000) -> int:
        """Return an amount like `pesos`, small ones far more often than large ones, as budgets are."""
        return min(self.pesos(low, high, step=step) for _ in range(3))
