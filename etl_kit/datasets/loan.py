"""Tables of the city loan (empréstito)."""

from typing import Final

from etl_kit.columns import LINEAGE_COLUMNS, counts, days, flags, keys, money, texts
from etl_kit.datasets.dataset import Dataset, ForeignKey

EMP_PROYECTOS: Final = Dataset(
    name="emp_proyectos",
    key=("bp",),
    columns=(
        *keys("bp"),
        *texts("bpin", "motivo_sin_bpin", "nombre_proyecto", "bancos", "cod_centro_gestor", "nombre_centro_gestor"),
        *counts("n_lineas", "n_procesos", "n_contratos"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(ForeignKey(columns=("bp",), dataset="catalogo_bpin"),),
    about="un proyecto que se paga con el empréstito",
)

EMP_CONTRATOS_INDEX: Final = Dataset(
    name="emp_contratos_index",
    key=("clave",),
    columns=(
        *keys("clave", "banco"),
        *texts("banco_linea", "id_paa", "bp", "bpin", "bpin_indice", "motivo_sin_bpin", "descripcion"),
        *texts("referencia_proceso", "referencia_contrato", "referencia_proceso_normalizada"),
        *texts("referencia_contrato_normalizada", "id_contrato", "estado_proceso", "link_del_proceso"),
        *texts("cod_centro_gestor", "nombre_centro_gestor"),
        *counts("filas_indice"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    foreign_keys=(ForeignKey(columns=("id_contrato",), dataset="contratos_secop"),),
    about="una línea del índice del empréstito por referencia; las que aún no tienen referencia van sin ella",
)

EMP_PROCESOS: Final = Dataset(
    name="emp_procesos",
    key=("referencia_proceso",),
    columns=(
        *keys("referencia_proceso"),
        *texts("bancos", "bps", "bpin", "cod_centro_gestor", "nombre_centro_gestor", "estado_indice"),
        *flags("encontrado_en_secop"),
        *texts("id_del_proceso", "proceso_compra", "estado_procedimiento", "modalidad_contratacion"),
        *days("fecha_publicacion"),
        *money("precio_base", "valor_adjudicacion"),
        *counts("n_adjudicaciones", "n_contratos"),
        *money("valor_contratado"),
        *texts("urlproceso"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_emprestito",
    critical=True,
    about="un proceso de contratación del empréstito, esté o no en SECOP",
)
