"""The page of all quality rules; `python -m etl_kit.quality_document > docs/quality_rules.md` writes it anew."""

import sys
from collections.abc import Sequence

from etl_kit.datasets import WAREHOUSE
from etl_kit.quality import ROWS_KEPT, Rule, Severity
from etl_kit.quality_centres import ROWS_PER_RULE
from etl_kit.quality_rules import RULES

_HEAD = ("| regla | severidad | familia | qué debe cumplirse | *what must hold* |", "|---|---|---|---|---|")
_WEIGHTS = ", ".join(f"{severity} {severity.weight}" for severity in Severity)
_INTRODUCTION = f"""# Reglas de calidad

Esta página se escribe a partir de las reglas mismas (`etl_kit/quality_rules.py`) y una prueba la compara con ellas:
`python -m etl_kit.quality_document > docs/quality_rules.md` la vuelve a escribir.

- `validate_data_quality` pregunta todas las reglas al almacén publicado y guarda el resultado en
  `data/warehouse/<fuente>_calidad.duckdb`: cuántos elementos se revisaron, cuántos fallan y hasta
  {ROWS_KEPT} filas por regla.
- Puntaje de una tabla: máx(0, 100 − Σ pesos de lo que falla ÷ (n × 10) × 100), con pesos {_WEIGHTS}. n son las filas
  de la tabla más las que su transformación rechazó enteras; una fila rechazada pierde sus diez puntos, porque nada de
  ella llegó. Lo que no es de una fila (columnas casi vacías, meses, la tabla entera) cuesta su peso una vez, y una
  regla cuyas faltas ya cuentan otras no cuesta nada (RI005 de contratos_secop).
- El puntaje es una proporción: en una tabla de 6 filas, cuatro faltas LOW son 4 de 60 puntos; en una de 6 000 no se
  notan. Por eso junto a él se guardan las filas, las rechazadas y los incumplimientos: léanse juntos.
- El puntaje general es la media de las tablas, cada una con el mismo peso, y al lado se dice cuál es la peor.
- Cada centro gestor tiene su puntaje y su libro en `data/reports/<fuente>/por_centro_gestor/<código>.xlsx`, solo con
  sus filas (hasta {ROWS_PER_RULE} por regla).
- Con `gate` en la tarea `load_data_complete`, una regla CRITICAL incumplida impide publicar.
- Lo que no se puede leer no llega a estas tablas: queda entre los rechazados de su transformación. Así se revisan las
  reglas LC002 (avance numérico) y TQ002 (formato de fecha) del original.
- Una regla que no se puede preguntar, porque falta su tabla, queda `no_evaluada`; nunca cuenta como cumplida.

*English: this page is written from the rules themselves; what each must hold stands in the last column. A table's score
is max(0, 100 − Σ weights of what fails ÷ (n × 10) × 100), n being its rows and those refused on the way to it; the
overall score is the mean of the tables. A rule that cannot be asked is `no_evaluada` and never counts as kept; with
`gate`, a broken CRITICAL one stops the publication.*
"""


def rules_as_markdown(rules: Sequence[Rule]) -> str:
    """The page: an introduction, then the rules of each table, the most severe first."""
    order = list(Severity)
    parts = [_INTRODUCTION]
    for dataset in WAREHOUSE:
        own = sorted(
            (rule for rule in rules if rule.table == dataset.name),
            key=lambda rule: (order.index(rule.severity), rule.rule_id),
        )
        row_is = [f"Una fila es {dataset.about.said_in('es')}.", f"*A row is {dataset.about.said_in('en')}.*"]
        heading = [f"## {dataset.name}", "", *row_is, ""]
        rows = [_row(rule) for rule in own]
        parts.append("\n".join([*heading, *_HEAD, *rows, ""]))
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    spanish, english = (_cell(rule.about.said_in(language)) for language in ("es", "en"))
    return f"| {rule.rule_id} | {rule.severity} | {rule.family.said_in('es')} | {spanish} | *{english}* |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(rules_as_markdown(RULES))
