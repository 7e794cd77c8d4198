"""The page of the data's quality: score per table, broken rules, and rows that break them."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from etl_kit.quality_words import severity_in_words
from etl_kit.translation import _
from reporting_app import wording
from reporting_app.budget_figures import short_name
from reporting_app.charts import Bar, bars
from reporting_app.page import Card, Drawing, Section
from reporting_app.quality_figures import (
    ROWS_PER_RULE_ON_PAGE,
    Quality,
    all_rules_table,
    centres_table,
    failing_rows_table,
    rules_in_words,
    rules_table,
    scores_table,
    worst_in_words,
)
from reporting_app.subject import Subject
from reporting_app.tables import Row, exact, maybe


def quality_subject(quality: Quality, centre_files: Collection[str]) -> Subject:
    """The page of the last validation; `centre_files` are the names of the workbooks that the validation wrote."""
    run = quality.run
    return Subject(
        name="calidad",
        section=_quality_section(quality, centre_files),
        tables=[
            scores_table(quality),
            centres_table(quality, centre_files),
            rules_table(quality),
            all_rules_table(quality),
            failing_rows_table(quality),
        ],
        card=Card(
            label=_("Quality of the data"),
            value=wording.points(maybe(run["puntaje"])) if run else wording.no_data(),
            note=f"{rules_in_words(run)}; {worst_in_words(quality)}" if run else rules_in_words(run),
        ),
    )


def _quality_section(quality: Quality, centre_files: Collection[str]) -> Section:
    drawn = [
        Bar(label=str(row["tabla"]), value=exact(row["puntaje"]), text=wording.points(exact(row["puntaje"])))
        for row in sorted(quality.tables, key=lambda row: maybe(row["puntaje"]) or Decimal(0))
        if row["puntaje"] is not None
    ]
    by_centre = [
        Bar(
            label=short_name(str(row["cod_centro_gestor"]), str(row["nombre_centro_gestor"])),
            value=exact(row["puntaje"]),
            text=wording.points(exact(row["puntaje"])),
        )
        for row in quality.centres
        if row["puntaje"] is not None
    ]
    broken = [row for row in quality.results if row["estado"] == "falla"]
    by_severity = [
        Card(
            label=_("Broken rules of {severity} severity").format(severity=word),
            value=str(len(rows)),
            note=_("{count} findings").format(count=_items(rows)),
            mood=mood,
        )
        for word, mood, rows in _severities(broken)
    ]
    return Section(
        ident="calidad",
        heading=_("Quality of the data"),
        lead=_(
            "Each row that breaks a rule costs points by its severity: critical 10, high 5, medium 2, low 1, out of "
            "ten points a row. Rows that break rules are not deleted: they are published and shown here."
        ),
        cards=by_severity if quality.run else (),
        source=quality.source,
        drawings=[
            Drawing(
                heading=_("Score by table (0 to 100), the lowest first"),
                svg=bars("g-calidad", drawn, title=_("Quality score by table")),
                source=quality.source,
            ),
            Drawing(
                heading=_("Score by centro gestor (0 to 100), the lowest first"),
                svg=bars("g-centros", by_centre, title=_("Quality score by centro gestor"), series=1),
                source=quality.source,
            ),
        ],
        tables=[centres_table(quality, centre_files)],
        folded=[
            rules_table(quality),
            scores_table(quality),
            failing_rows_table(quality, per_rule=ROWS_PER_RULE_ON_PAGE),
        ],
    )


def _severities(broken: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    moods = {"CRITICAL": "mal", "HIGH": "mal", "MEDIUM": "regular", "LOW": ""}
    chosen = [
        (severity_in_words(name), mood, [row for row in broken if row["severidad"] == name])
        for name, mood in moods.items()
    ]
    return [(word, mood if rows else "bien", rows) for word, mood, rows in chosen]


def _items(rows: Sequence[Row]) -> str:
    return wording.whole(sum((exact(row["fallidas"]) for row in rows), Decimal(0)))
