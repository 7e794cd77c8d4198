"""What the follow-ups of the action plan tell: activities with their weights, progress and money, by quarter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from demo_city.budget import Balance, Line, Row, year_of_budget
from demo_city.catalogue import MGA_PRODUCTS
from demo_city.chance import Chance
from demo_city.projects import Project

MOST_PROJECTS: Final = 1_000
"""A workbook's sheet has room for a million rows, a reader's patience for fewer: larger cities report these only."""

SMALL_CODE: Final = ("0406099", "Servicio catastral de prueba")
"""A product whose code begins with a zero, which a spreadsheet drops."""

QUARTER_ENDS: Final = (3, 6)
"""The months after which the two follow-ups of 2025 are drawn up."""

_LARGEST_PRODUCT: Final = 4
_SMALL_EVERY: Final = 17


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product of a project for a goal of the plan; `weight` and `progress` in per cent, `done` by quarter."""

    project: Project
    goal: tuple[str, str]
    mga: tuple[str, str]
    programmed: int
    done: tuple[int, int]
    weight: int
    progress: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """An activity: a line of the budget, its product, its weight and progress in per cent, its money by quarter."""

    number: int
    line: Line
    product: Product
    weight: int
    progress: tuple[int, int]
    money: tuple[Balance, Balance]
    project_progress: tuple[int, int]


def activities_of_2025(seed: int, projects: Sequence[Project]) -> list[Activity]:
    """The activities of `projects`; their money is that of the budget lines of vigencia Actual, to the peso.

    In a city with more than `MOST_PROJECTS` it is not: the budget moves money between all of them.
    """
    chance = Chance(seed, "action_plan/2025")
    months = year_of_budget(seed, list(projects[:MOST_PROJECTS]), 2025, max(QUARTER_ENDS))
    by_line = [{row.line.activity_code: row for row in _current(months[month])} for month in QUARTER_ENDS]
    by_project: dict[str, list[Row]] = {}
    for row in by_line[-1].values():
        by_project.setdefault(row.line.project.bp, []).append(row)
    activities: list[Activity] = []
    for project in projects[:MOST_PROJECTS]:
        for drawn in _of_project(chance, project, by_project.get(project.bp, [])):
            activities += [
                Activity(
                    number=len(activities) + place,
                    line=line,
                    product=drawn.product,
                    weight=weight,
                    progress=progress,
                    money=(by_line[0][line.activity_code].balance, by_line[1][line.activity_code].balance),
                    project_progress=drawn.project_progress,
                )
                for place, (line, weight, progress) in enumerate(drawn.parts)
            ]
    return activities


def money_of_2024(seed: int, projects: Sequence[Project], month: int) -> dict[str, list[Row]]:
    """The lines of vigencia Actual at the end of a month of 2024, by the BP of their project."""
    by_project: dict[str, list[Row]] = {project.bp: [] for project in projects[:MOST_PROJECTS]}
    for row in _current(year_of_budget(seed, list(projects[:MOST_PROJECTS]), 2024, month)[month]):
        by_project[row.line.project.bp].append(row)
    return by_project


def weights_of(count: int) -> list[int]:
    """`count` weights in per cent that add up to 100, as even as whole numbers can be."""
    return [100 // count + (place < 100 % count) for place in range(count)]


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    product: Product
    parts: tuple[tuple[Line, int, tuple[int, int]], ...]
    project_progress: tuple[int, int]


def _of_project(chance: Chance, project: Project, rows: Sequence[Row]) -> list[_Drawn]:
    groups = list(_grouped(chance, [row.line for row in rows]))
    if not groups:
        return []
    drawn = []
    for number, (lines, weight) in enumerate(zip(groups, weights_of(len(groups)), strict=True)):
        progress = [_progress(chance) for _line in lines]
        weights = weights_of(len(lines))
        product = Product(
            project=project,
            goal=(f"{project.branch.bottom[0]}{number + 1:04d}", f"Resultado {number + 1} del programa, alcanzado"),
            mga=SMALL_CODE if (project.number + number) % _SMALL_EVERY == 0 else chance.pick(MGA_PRODUCTS),
            programmed=chance.between(1, 40) * 10,
            done=(chance.between(0, 3), chance.between(4, 9)),
            weight=weight,
            progress=_weighted(weights, progress),
        )
        drawn.append((product, tuple(zip(lines, weights, progress, strict=True))))
    whole = _weighted([product.weight for product, _parts in drawn], [product.progress for product, _parts in drawn])
    return [_Drawn(product=product, parts=parts, project_progress=whole) for product, parts in drawn]


def _grouped(chance: Chance, lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    left = list(lines)
    while left:
        size = chance.between(1, _LARGEST_PRODUCT)
        yield left[:size]
        left = left[size:]


def _progress(chance: Chance) -> tuple[int, int]:
    first = chance.between(0, 30)
    return first, first + chance.between(0, 30)


def _weighted(weights: Sequence[int], progress: Sequence[tuple[int, int]]) -> tuple[int, int]:
    first, second = (
        sum(weight * each[quarter] for weight, each in zip(weights, progress, strict=True)) // 100 for quarter in (0, 1)
    )
    return first, second


def _current(rows: Sequence[Row]) -> Iterator[Row]:
    return (row for row in rows if row.line.vigencia == "Actual")
