"""Follow-ups of the action plan (Cuadro 1S) of the made-up city, in both layouts and with their traps."""

from collections.abc import Sequence
from typing import Final

from demo_city import action_plan_sheets, action_plan_trees
from demo_city.action_plan_contents import MOST_PROJECTS, activities_of_2025, money_of_2024
from demo_city.projects import Project, invent_projects

FOLDER: Final = "seguimiento_pa"
FIRST_QUARTER: Final = "CUADRO 1S_I Trimestre 2025.xlsx"
SECOND_QUARTER: Final = "CUADRO 1S_II Trimestre 2025.xlsx"
JUNE_2024: Final = "Cuadro 1S Plan Accion Proyectos Organismos Junio de 2024 .xlsx"
_JUNE: Final = 6


def files_of_action_plan(seed: int, scale: float, projects: Sequence[Project]) -> dict[str, bytes]:
    """The three workbooks by their path within the city; the same bytes for the same arguments.

    The money of both quarters of 2025 is that of the budget at the end of March and June, to the peso, in a city of up
    to `MOST_PROJECTS`; that of June 2024 belongs to the projects of the plan before, which are invented here as the
    budget of 2024 does.

    Args:
        seed: of the city.
        scale: of the city; at most `MOST_PROJECTS` projects of each plan are reported.
        projects: those of 2025.
    """
    activities = activities_of_2025(seed, projects)
    old = invent_projects(seed, scale, 2024)
    return {
        f"{FOLDER}/{FIRST_QUARTER}": action_plan_sheets.workbook_bytes(
            seed, activities, action_plan_sheets.FIRST_QUARTER
        ),
        f"{FOLDER}/{SECOND_QUARTER}": action_plan_sheets.workbook_bytes(
            seed, activities, action_plan_sheets.SECOND_QUARTER
        ),
        f"{FOLDER}/{JUNE_2024}": action_plan_trees.workbook_bytes(
            seed, money_of_2024(seed, old, _JUNE), old[:MOST_PROJECTS]
        ),
    }
