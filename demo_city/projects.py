"""The investment projects of the made-up city: one BP, one BPIN, one department each."""

from dataclasses import dataclass
from typing import Final

from demo_city.catalogue import (
    ACTIONS,
    AREAS,
    DEPARTMENT_BY_CODE,
    DEPARTMENTS,
    PLAN_2020_2023,
    PLAN_2024_2027,
    SHORT_NAMES,
    THINGS,
    Department,
    PlanBranch,
)
from demo_city.chance import Chance

PROJECTS_AT_SCALE_1: Final = 110
_LAST_OF_YEAR: Final = 9_999


@dataclass(frozen=True, kw_only=True)
class Project:
    """An investment project.

    `bpin` is text of 13 digits, or of 15 for some territorial projects; `comuna` is None unless it is territorial.
    """

    number: int
    department: Department
    bp: str
    bpin: str
    name: str
    branch: PlanBranch
    comuna: str | None
    takes_loan: bool


def invent_projects(seed: int, scale: float, plan_year: int) -> list[Project]:
    """The projects of the plan in force in `plan_year` (2024: the old plan, 2025: the new one), unique by BP and BPIN.

    There is at least one per department, and at least two in the departments that spend the loan.
    """
    chance = Chance(seed, f"projects/{plan_year}")
    count = max(2 * len(DEPARTMENTS), round(PROJECTS_AT_SCALE_1 * scale))
    return [_project(chance, number, plan_year) for number in range(count)]


def _project(chance: Chance, number: int, plan_year: int) -> Project:
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    takes_loan = plan_year > 2024 and department.code in SHORT_NAMES and number < 2 * len(DEPARTMENTS)  # noqa: PLR2004
    comuna = None if takes_loan or not chance.happens(25) else chance.pick(AREAS)
    name = f"{chance.pick(ACTIONS)} {chance.pick(THINGS)} de Santiago de  Cali"
    if chance.happens(4):
        name = f'Estrategia denominada: "Cali se inventa”, {name}'  # a straight and a curly quote, as in the original
    return Project(
        number=number,
        department=DEPARTMENT_BY_CODE[department.code],
        bp=f"BP{(26_800_000 if plan_year > 2024 else 26_700_000) + number:08d}",  # noqa: PLR2004
        bpin=_bpin(plan_year, number, long=comuna is not None and number % 3 == 0),
        name=name,
        branch=chance.pick(PLAN_2024_2027 if plan_year > 2024 else PLAN_2020_2023),  # noqa: PLR2004
        comuna=comuna,
        takes_loan=takes_loan,
    )


def _bpin(plan_year: int, number: int, *, long: bool) -> str:
    """A BPIN of the year before `plan_year`; more than 9 999 projects flow over into earlier years."""
    year = plan_year - 1 - number // _LAST_OF_YEAR
    if long:
        return f"{year}000000{number:05d}"
    return f"{year}76001{number % _LAST_OF_YEAR + 1:04d}"
