"""Tables of the procurement plan (Plan Anual de Adquisiciones)."""

from typing import Final

from etl_kit.columns import LINEAGE_COLUMNS, counts, days, flags, keys, money, texts
from etl_kit.datasets.budget import OF_A_PROJECT
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.translation import N_

PAA_MONEY: Final = (
    "valor_actividad",
    "valor_disponible",
    "valor_apropiado",
    "valor_total_estimado",
    "valor_vigencia_actual",
    "funcionamiento_real_estimado",
    "inversion_real_estimado",
    "ppto_disponible",
)
"""The money columns of `paa`, as the plan names them."""

_OF_A_BP: Final = ForeignKey(columns=("bp",), dataset="catalogo_bpin")
_OF_A_LINE: Final = ForeignKey(columns=("id",), dataset="paa", enforced=True)

PAA: Final = Dataset(
    name="paa",
    key=("id",),
    columns=(
        *keys("id"),
        *texts("cod_centro_gestor", "nombre_centro_gestor", "nombre_abreviado", "descripcion"),
        *counts("anio", "mes_inicio", "mes_oferta", "duracion_valor"),
        *texts("duracion_intervalo", "modalidad", "categoria", "subcategoria", "inclusion_social"),
        *texts("fuente_recursos", "fuente_recursos_final"),
        *counts("n_fuentes"),
        *texts("bp", "bpin", "motivo_sin_bpin", "programa_presupuestal", "nombre_actividad", "pospre", "fondo"),
        *money(*PAA_MONEY),
        *texts("clasificacion_valor"),
        *flags("vigencias_futuras"),
        *texts("estado_vigencias", "tipo_solicitud", "id_paa", "estado"),
        *counts("numero_modificaciones"),
        *flags("tiene_proceso"),
        *texts("tipo_plataforma", "enlace", "enlaces_adicionales", "tipo_enlace", "aviso_secop"),
        *flags("vencida"),
        *texts("justificacion_vencida"),
        *days("fecha_firma"),
        *texts("rpc"),
        *flags("prestacion_de_servicios", "presupuesto_participativo"),
        *texts("origen", "comuna"),
        *flags("delegada", "cdp_bloqueado", "emprestito"),
        *counts("semana"),
        *flags("vigente"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_paa",
    critical=False,
    foreign_keys=(_OF_A_BP, OF_A_PROJECT),
    about=N_(
        "a planned purchase, as of the latest week of the PAA that has it; in force if that is the most recent one"
    ),
)

PAA_FUENTES: Final = Dataset(
    name="paa_fuentes",
    key=("id", "fuente_recursos", "ordinal"),
    columns=(
        *keys("id", "fuente_recursos"),
        *counts("ordinal", required=True),
        *money("valor"),
        *counts("anio"),
        *flags("vigente"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_paa",
    critical=False,
    foreign_keys=(_OF_A_LINE,),
    about=N_("a source of money of a planned purchase, with the part it pays; ordinal is its place in the list"),
)

EMP_PAA: Final = Dataset(
    name="emp_paa",
    key=("id",),
    columns=(
        *keys("id"),
        *texts("bp", "bpin", "motivo_sin_bpin", "programa_presupuestal", "descripcion"),
        *texts("cod_centro_gestor", "nombre_centro_gestor"),
        *money("valor_total_estimado", "valor_vigencia_actual"),
        *texts("clasificacion_valor", "modalidad", "estado"),
        *counts("anio", "mes_inicio", "mes_oferta"),
        *flags("vigencias_futuras", "tiene_proceso"),
        *texts("tipo_plataforma", "enlace", "tipo_enlace", "aviso_secop"),
        *flags("vencida"),
        *days("fecha_firma"),
        *flags("vigente"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_paa",
    critical=False,
    foreign_keys=(_OF_A_LINE, _OF_A_BP, OF_A_PROJECT),
    about=N_("a planned purchase that the loan pays"),
)
