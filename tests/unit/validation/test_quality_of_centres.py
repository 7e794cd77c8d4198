"""Each centro gestor answers for its own rows, in its score and in its workbook."""

from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl

from etl_kit.datasets import WAREHOUSE
from etl_kit.quality import Score, overall, run_rules
from etl_kit.quality_centres import ROWS_PER_RULE, judge_centres, owners
from etl_kit.quality_log import PastRun
from etl_kit.quality_rules import RULES
from etl_kit.settings import Source
from tests.unit.validation.city_rows import budget_line, in_memory
from tests.unit.validation.plan_rows import purchase, whole_city
from validation_app.centre_files import write_centre_files
from validation_app.data_quality import in_figures, table_scores

AT = datetime(2025, 5, 20, 12, tzinfo=UTC)
ASKED = {"schemas": ("vigentes",), "today": date(2025, 5, 20), "previous_rows": {}}


def centres_of(frames, *, only):
    connection = in_memory(frames)
    findings = run_rules(connection, [rule for rule in RULES if rule.rule_id in only], **ASKED)
    return {centre.code: centre for centre in judge_centres(connection, findings, WAREHOUSE, **ASKED)}


def two_departments():
    """4151 breaks a rule of the plan; 4145 breaks none of it, and one of the budget."""
    purchases = [purchase(valor_disponible=-1), purchase(id="17002", cod_centro_gestor="4145")]
    lines = [budget_line(), budget_line(cod_centro_gestor="4145", saldos_cdp=1)]
    return whole_city(paa=purchases, ejecucion_detalle=lines)


def test_a_failure_counts_for_the_department_of_its_row_alone():
    centres = centres_of(two_departments(), only={"LC004", "PR003"})

    found = {
        code: [(fault.rule.table, fault.rule.rule_id, fault.failed) for fault in centre.faults]
        for code, centre in centres.items()
    }
    assert found == {"4151": [("paa", "LC004", 1)], "4145": [("ejecucion_detalle", "PR003", 1)]}
    assert centres["4151"].tables["paa"] == Score(rows=1, points=Decimal("50.00"), faults=1)


def test_rows_that_name_no_department_belong_to_that_of_their_project_or_of_what_they_point_at():
    wanted = {dataset.name: dataset for dataset in WAREHOUSE}

    queries = {name: owners(wanted[name]) for name in ("ejecucion_presupuestal", "paa_fuentes", "emp_bancos")}

    assert "datos_caracteristicos_proyectos" in queries["ejecucion_presupuestal"]
    assert "paa AS otra" in queries["paa_fuentes"]
    assert queries["emp_bancos"] is None


def test_the_rows_kept_for_a_department_are_bounded_and_the_true_count_is_said():
    lines = [budget_line(ordinal=number, saldos_cdp=1) for number in range(1, ROWS_PER_RULE + 21)]

    (fault,) = centres_of(whole_city(ejecucion_detalle=lines), only={"PR003"})["4151"].faults

    assert (fault.failed, len(fault.rows)) == (ROWS_PER_RULE + 20, ROWS_PER_RULE)


def test_the_workbook_of_a_department_has_its_own_errors_and_nobody_elses(tmp_path):
    centres = centres_of(two_departments(), only={"LC004", "PR003"})
    (tmp_path / "4199.xlsx").write_bytes(b"of a department that is gone")

    write_centre_files(tmp_path, list(centres.values()), source=Source.DEMO, run_id="corrida-1", at=AT)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["4145.xlsx", "4151.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "4151.xlsx")
    words = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "id: 17001" in words
    assert "valor_disponible: -1.00" in words
    assert "17002" not in words
    assert "PR003" not in words
    assert "DATOS INVENTADOS" in words


def test_text_of_the_data_is_no_formula_in_the_workbook(tmp_path):
    centres = centres_of(whole_city(paa=[purchase(id="=1+1", valor_disponible=-1)]), only={"LC004"})

    write_centre_files(tmp_path, list(centres.values()), source=Source.FILES, run_id="corrida-1", at=AT)

    rows = openpyxl.load_workbook(tmp_path / "4151.xlsx")["Filas"]
    assert {cell.data_type for row in rows.iter_rows() for cell in row if cell.value is not None} <= {"s", "n"}


def test_a_large_clean_table_hides_no_small_poor_one():
    scores = {"large": Score(rows=1_000_000, points=Decimal(100)), "small": Score(rows=5, points=Decimal("20.00"))}

    figures = in_figures([], overall(scores.values()), scores, PastRun())

    assert figures["score"] == "60.00"
    assert figures["worst_table"] == {"table": "small", "score": "20.00", "class": "CRITICAL"}


def test_nothing_to_judge_is_no_score():
    scores = table_scores([], {"empty": 0})

    assert overall(scores.values()) == Score(rows=0, points=None)
