"""The page of rules and the lists that the rules repeat say what the code says."""

from pathlib import Path

from etl_kit.datasets import WAREHOUSE
from etl_kit.quality_document import rules_as_markdown
from etl_kit.quality_rules import RULES
from etl_kit.unit_categories import CATEGORIES
from transformation_app.units_categories import CATALOGUES

PAGE = Path(__file__).parents[3] / "docs" / "quality_rules.md"


def test_the_page_of_rules_lists_the_rules_as_they_are():
    expected = rules_as_markdown(RULES)

    written = PAGE.read_text(encoding="utf-8")

    assert written == expected, "run: python -m etl_kit.quality_document > docs/quality_rules.md"


def test_every_rule_is_of_a_table_of_the_warehouse_and_every_table_has_rules():
    tables = {dataset.name for dataset in WAREHOUSE}

    judged = {rule.table for rule in RULES}

    assert judged == tables


def test_the_categories_that_the_rules_accept_are_those_that_the_transform_writes():
    written = {column: set(catalogue.names) for column, catalogue in CATALOGUES.items()}

    accepted = {column: set(names) for column, names in CATEGORIES.items()}

    assert accepted == written
