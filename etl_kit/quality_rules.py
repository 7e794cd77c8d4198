"""The table of quality rules that the gate of the load and the validation share."""

from etl_kit.action_plan_rules import ACTION_PLAN_RULES
from etl_kit.budget_rules import BUDGET_RULES
from etl_kit.contract_rules import CONTRACT_RULES
from etl_kit.datasets import WAREHOUSE
from etl_kit.field_rules import FIELD_RULES
from etl_kit.loan_rules import LOAN_RULES
from etl_kit.paa_rules import PAA_RULES
from etl_kit.quality import Rule
from etl_kit.rule_makers import rules_of
from etl_kit.unit_rules import UNIT_RULES

RULES: tuple[Rule, ...] = (
    *BUDGET_RULES,
    *CONTRACT_RULES,
    *LOAN_RULES,
    *PAA_RULES,
    *UNIT_RULES,
    *FIELD_RULES,
    *ACTION_PLAN_RULES,
    *(rule for dataset in WAREHOUSE for rule in rules_of(dataset)),
)
"""Every rule; (rule_id, table) is unique. To add one, add it to the module of its subject."""
