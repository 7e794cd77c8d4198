"""What a follow-up should keep to, counted: weights that add up, shares between 0 and 1, progress that never falls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from etl_kit.datasets.action_plan import by_quarter
from etl_kit.translation import _

TOLERANCE: Final = Decimal("0.02")
"""How far the weights of a product's activities may be from 1: each of them is rounded to the hundredth."""


@dataclass(frozen=True, kw_only=True)
class Checks:
    """How often one file breaks a rule.

    Attributes:
        weights: products whose activities' weights do not add up to 1.
        beyond: shares of progress below 0 or above 1, of activities, products and projects.
        falling: activities and products that report less progress than in an earlier quarter of the same file.
        disagreements: columns of a product or project on which its activities disagree.
    """

    weights: int
    beyond: int
    falling: int
    disagreements: int

    def warnings(self, name: str) -> list[str]:
        """A sentence for each rule that the file called `name` breaks."""
        sentences = (
            (self.weights, _("{name}: {count} products have activities whose weights do not add up to 1")),
            (self.beyond, _("{name}: {count} shares of progress are below 0 or above 1")),
            (self.falling, _("{name}: {count} activities or products report less progress than a quarter earlier")),
            (
                self.disagreements,
                _("{name}: {count} columns of a product or project differ between its activities; see the rejected"),
            ),
        )
        return [sentence.format(name=name, count=count) for count, sentence in sentences if count]


def check(activities: pl.DataFrame, products: pl.DataFrame, projects: pl.DataFrame, *, disagreements: int) -> Checks:
    """The checks of one file's tables."""
    weight = pl.col("suma_ponderacion_actividades")
    return Checks(
        weights=products.filter((weight - 1).abs() > TOLERANCE).height,
        beyond=(
            _beyond(activities, by_quarter("avance_actividad"))
            + _beyond(products, by_quarter("avance_producto"))
            + _beyond(projects, ["avance_proyecto"])
        ),
        falling=(
            _falling(activities, by_quarter("avance_actividad")) + _falling(products, by_quarter("avance_producto"))
        ),
        disagreements=disagreements,
    )


def falling_projects(projects: pl.DataFrame) -> int:
    """How many times a project's progress is lower than at its cut before, over all cuts of the same year."""
    ordered = projects.filter(pl.col("avance_proyecto").is_not_null()).sort("bpin", "periodo_corte")
    year = pl.col("periodo_corte").dt.year()
    return ordered.filter(
        (pl.col("avance_proyecto") < pl.col("avance_proyecto").shift(1)).over("bpin", year).fill_null(value=False)
    ).height


def _beyond(frame: pl.DataFrame, columns: Iterable[str]) -> int:
    return sum(frame.filter((pl.col(name) < 0) | (pl.col(name) > 1)).height for name in columns)


def _falling(frame: pl.DataFrame, columns: Sequence[str]) -> int:
    """Rows in which a quarter that was reported is below the greatest of those before it."""
    falls = [
        pl.col(name) < pl.max_horizontal(columns[:at])
        for at, name in enumerate(columns)
        if at  # NULL if unreported
    ]
    return frame.filter(pl.any_horizontal(each.fill_null(value=False) for each in falls)).height
