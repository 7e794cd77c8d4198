"""The page of the data's quality: score per table, broken rules, and rows that break them."""

from collections.abc import Sequence
from decimal import Decimal

from reporting_app import wording
from reporting_app.charts import Bar, bars
from reporting_app.page import Card, Drawing, Section
from reporting_app.quality_figures import (
    ROWS_PER_RULE_ON_PAGE,
    Quality,
    all_rules_table,
    failing_rows_table,
    rules_table,
    scores_table,
)
from reporting_app.subject import Subject
from reporting_app.tables import Row, exact, maybe


def quality_subject(quality: Quality) -> Subject:
    """The page of the last validation."""
    run = quality.run
    return Subject(
        name="calidad",
        section=_quality_section(quality),
        tables=[
            scores_table(quality),
            rules_table(quality),
            all_rules_table(quality),
            failing_rows_table(quality),
        ],
        card=Card(
            label="Calidad de los datos",
            value=wording.points(maybe(run["puntaje"])) if run else wording.NO_DATA,
            note=f"{run['reglas_falladas']} de {run['reglas']} reglas incumplidas" if run else "sin validación",
        ),
    )


def _quality_section(quality: Quality) -> Section:
    drawn = [
        Bar(label=str(row["tabla"]), value=exact(row["puntaje"]), text=wording.points(exact(row["puntaje"])))
        for row in quality.tables
        if row["puntaje"] is not None
    ]
    broken = [row for row in quality.results if row["estado"] == "falla"]
    by_severity = [
        Card(
            label=f"Reglas incumplidas de severidad {word}",
            value=str(len(rows)),
            note=f"{_items(rows)} hallazgos",
            mood=mood,
        )
        for word, mood, rows in _severities(broken)
    ]
    return Section(
        ident="calidad",
        heading="Calidad de los datos",
        lead=(
            "Cada fila que incumple una regla resta según su severidad: crítica 10, alta 5, media 2, baja 1, sobre "
            "diez puntos por fila. Las filas señaladas no se borran: se publican y se muestran aquí."
        ),
        cards=by_severity if quality.run else (),
        drawings=[
            Drawing(
                heading="Puntaje por tabla (0 a 100)",
                svg=bars("g-calidad", drawn, title="Puntaje de calidad por tabla"),
                source=quality.source,
            )
        ],
        folded=[
            rules_table(quality),
            scores_table(quality),
            failing_rows_table(quality, per_rule=ROWS_PER_RULE_ON_PAGE),
        ],
    )


def _severities(broken: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    grouped = (
        ("CRITICAL", "crítica", "mal"),
        ("HIGH", "alta", "mal"),
        ("MEDIUM", "media", "regular"),
        ("LOW", "baja", ""),
    )
    chosen = [(word, mood, [row for row in broken if row["severidad"] == name]) for name, word, mood in grouped]
    return [(word, mood if rows else "bien", rows) for word, mood, rows in chosen]


def _items(rows: Sequence[Row]) -> str:
    return wording.whole(sum((exact(row["fallidas"]) for row in rows), Decimal(0)))
