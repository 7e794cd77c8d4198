"""The table of quality rules that the gate of the load and the validation share."""

from etl_kit.budget_rules import BUDGET_RULES
from etl_kit.contract_rules import CONTRACT_RULES
from etl_kit.datasets import WAREHOUSE
from etl_kit.quality import Rule
from etl_kit.rule_makers import rules_of

RULES: tuple[Rule, ...] = (
    *BUDGET_RULES,
    *CONTRACT_RULES,
    *(rule for dataset in WAREHOUSE for rule in rules_of(dataset)),
)
"""Every rule; (rule_id, table) is unique. To add one, add it to the module of its subject."""
