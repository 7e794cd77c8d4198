"""The loan's workbooks by what their headers say: which kind a sheet is, and which column is what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from etl_kit.dates import MONTHS, parse_date
from etl_kit.text import plain_key, source_key


class Kind(StrEnum):
    """What a sheet is about."""

    TERMS = "condiciones de los bancos"
    NEGOTIATED = "valores negociados e incorporados"
    PLAN = "base de contratos con desembolsos por mes"
    FOLLOW_UP = "seguimiento de contratos"
    CASH_FLOW = "flujo de caja de desembolsos"


class Measure(StrEnum):
    """What a column of a month holds."""

    PLANNED = "desembolso_planeado"
    REAL = "desembolso_real"
    PLANNED_PROGRESS = "avance_planeado"
    REAL_PROGRESS = "avance_real"

    @property
    def is_money(self) -> bool:
        """Whether it is an amount; else a share."""
        return self in {Measure.PLANNED, Measure.REAL}


@dataclass(frozen=True, kw_only=True)
class MonthColumn:
    """A column that holds one measure of one month; `month` is its first day, `header` as it stands."""

    month: date
    measure: Measure
    header: str

    @property
    def name(self) -> str:
        """Our name for it, which no two months share."""
        return f"{self.month.isoformat()} {self.measure}"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the columns of a sheet are, from 0; `repeated` are headers that came a second time and do not count."""

    kind: Kind
    columns: Mapping[str, int]
    months: Mapping[MonthColumn, int]
    repeated: Sequence[str] = ()


# Our names, and the headers they go by, as `source_key` writes them.
COLUMNS: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    Kind.TERMS: {
        "banco_crudo": ("entidad_financiera", "banco"),
        "id_entidad": ("identiicadorentidadfinanciera", "identificadorentidadfinanciera", "identidadfinanciera"),
        "referencia_contrato": ("contrato",),
        "fecha_contrato": ("fecha_contrato",),
        "link_contrato": ("link_del_contrato",),
        "cupo": ("cupo", "cupo_en_millones"),
        "modalidad": ("modalidad",),
        "plazo": ("plazo",),
        "periodo_gracia": ("periodo_de_gracia",),
        "tasa_referencia": ("tasa_de_referencia",),
        "spread": ("spread",),
        "disponible_hasta": ("disponibilidad_de_recursos_hasta",),
        "pago_intereses": ("pago_intereses_amortizacion_a_capital",),
        "garantia": ("garantia",),
        "cobertura_garantia": ("cobertura_garantia",),
    },
    Kind.NEGOTIATED: {
        "banco_crudo": ("entidad_financiera", "banco"),
        "id_entidad": ("identidadfinanciera",),
        "bp": ("bp",),
        "nombre_proyecto": ("nombre",),
        "valor_negociado": ("valor_negociado_con_entidad_financiera", "valor_negociado"),
    },
    Kind.PLAN: {
        "organismo": ("organismo",),
        "banco_crudo": ("banco",),
        "bp": ("bp_proyecto", "bp"),
        "descripcion": ("descripcion_bp",),
        "nombre_comercial": ("nombre_comercial",),
        "contrato": ("proyectos_con_sus_respectivos_contratos",),
        "valor_contrato": ("valor_contrato",),
        "tipo_contratacion": ("tipo_de_contratacion",),
        "vigencia_futura": ("vig_futura", "vigencia_futura"),
        "delegado": ("deleg", "delegado"),
        "fecha_inicio": ("fecha_inicio",),
        "fecha_terminacion": ("fecha_terminacion",),
        "referencia_contrato": ("numero_del_contrato",),
        "cdp": ("cdp",),
        "rpc": ("rpc",),
        "link_secop": ("link_secop",),
        "fecha_publicacion": ("fecha_publicacion_proceso",),
        "fecha_adjudicacion": ("fecha_adjudicacion_proceso",),
        "observaciones": ("observaciones",),
    },
    Kind.FOLLOW_UP: {
        "item": ("item",),
        "organismo": ("nombre_abreviado",),
        "banco_crudo": ("banco",),
        "descripcion": ("descripcion",),
        "id_paa": ("id", "id_paa"),
        "link_del_proceso": ("link_del_proceso",),
        "valor_total": ("valor_total",),
        "tipo_actividad": ("tipo_de_actividad",),
        "es_emprestito": ("emprestito",),
        "objeto": ("objeto",),
        "valor_plataforma": ("valor_plataforma",),
        "modalidad": ("modalidad",),
        "plazo": ("plazo",),
        "referencia_proceso": ("nro_de_proceso", "referencia_proceso"),
        "referencia_contrato": ("referencia_contato", "referencia_contrato"),
        "fecha_planeada": ("planeado",),
        "fecha_entrega_real": ("entrega_real",),
        "estado_proceso": ("estado_proceso_secop", "estado_proceso"),
        "observaciones": ("observaciones",),
        "link_estado_real": ("link_estado_real_secop_ii",),
    },
    Kind.CASH_FLOW: {
        "banco_crudo": ("banco",),
        "organismo": ("centro_gestor", "organismo"),
    },
}
BY_YEAR: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.NEGOTIATED: {
        r"acuerdo_de_incorporacion_(20\d\d)": "acuerdo",
        r"valor_incorporacion_(20\d\d)": "valor_incorporado",
    },
    Kind.PLAN: {r"sub_?total_(20\d\d)": "subtotal"},
}
"""Columns that come once a year; ours are called `acuerdo 2025`. The subtotal is that of what is planned."""

REQUIRED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.TERMS: ("banco_crudo", "cupo"),
    Kind.NEGOTIATED: ("banco_crudo", "bp", "valor_negociado"),
    Kind.PLAN: ("organismo", "banco_crudo", "bp", "valor_contrato"),
    Kind.FOLLOW_UP: ("banco_crudo", "referencia_proceso", "valor_total"),
    Kind.CASH_FLOW: ("banco_crudo", "organismo"),
}
"""What makes a sheet one of its kind; plan and cash flow also need a month."""

_MONTHLY: Final = frozenset({Kind.PLAN, Kind.CASH_FLOW})
_MEASURES: Final = {
    "desembolso": Measure.PLANNED,
    "desembolso real": Measure.REAL,
    "avance": Measure.PLANNED_PROGRESS,
    "avance real": Measure.REAL_PROGRESS,
}
_MONTH_HEADER: Final = re.compile(r"([a-z]{3,10})\.?[ \-/]((?:20)?\d{2})(?: (desembolso|avance)( real)?)?")


def layout_of(cells: Sequence[str | None]) -> Layout | None:
    """What a row of headers makes of its sheet; None if it is no header row of the loan's."""
    for kind in Kind:
        layout = _layout(kind, cells)
        if set(REQUIRED[kind]) <= layout.columns.keys() and _months_fit(layout):
            return layout
    return None


def month_column(header: str) -> MonthColumn | None:
    """The month and measure that a header names: `jul-25 Avance REAL`, or a date, whose column is what is planned.

    None for anything else; subtotals of a year are no month.
    """
    if (found := parse_date(header)).day is not None:
        return MonthColumn(month=found.day.replace(day=1), measure=Measure.PLANNED, header=header)
    matched = _MONTH_HEADER.fullmatch(plain_key(header))
    number = None if matched is None else _month_number(matched[1])
    if matched is None or number is None:
        return None
    year = int(matched[2]) % 100 + 2000
    measure = _MEASURES[f"{matched[3] or 'desembolso'}{matched[4] or ''}"]
    return MonthColumn(month=date(year, number, 1), measure=measure, header=header)


def _months_fit(layout: Layout) -> bool:
    """A cash flow plans and nothing else: with progress or real amounts beside, it is another table cut short."""
    if layout.kind is Kind.CASH_FLOW and any(month.measure is not Measure.PLANNED for month in layout.months):
        return False
    return bool(layout.months) or layout.kind not in _MONTHLY


def _month_number(word: str) -> int | None:
    """1–12 for a Spanish month, whole or cut short after three letters or more: `dic`, `sept`, `julio`."""
    numbers = {number for name, number in MONTHS.items() if name.startswith(word)}
    return numbers.pop() if len(numbers) == 1 else None


def _layout(kind: Kind, cells: Sequence[str | None]) -> Layout:
    columns: dict[str, int] = {}
    months: dict[MonthColumn, int] = {}
    repeated = []
    seen = set()
    for position, cell in enumerate(cells):
        if not cell or not cell.strip():
            continue
        ours: str | None
        if kind in _MONTHLY and (month := month_column(cell.strip())) is not None:
            ours = month.name
            if ours not in seen:
                months[month] = position
        else:
            ours = _ours(kind, source_key(cell))
            if ours is not None and ours not in seen:
                columns[ours] = position
        if ours is not None and ours in seen:
            repeated.append(cell.strip())
        seen.add(ours)
    return Layout(kind=kind, columns=columns, months=months, repeated=repeated)


def _ours(kind: Kind, header: str) -> str | None:
    for ours, theirs in COLUMNS[kind].items():
        if header in theirs:
            return ours
    for pattern, ours in BY_YEAR.get(kind, {}).items():
        if found := re.fullmatch(pattern, header):
            return f"{ours} {found[1]}"
    return None
