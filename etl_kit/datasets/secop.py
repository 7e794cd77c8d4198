"""Tables of processes and contracts as SECOP II publishes them."""

from typing import Final

from etl_kit.columns import FUNDING, LINEAGE_COLUMNS, counts, days, flags, keys, money, ratio, texts
from etl_kit.datasets.budget import OF_A_PROJECT
from etl_kit.datasets.dataset import Dataset, ForeignKey
from etl_kit.lineage import FECHA_CORTE
from etl_kit.translation import N_

PROCESOS_SECOP: Final = Dataset(
    name="procesos_secop",
    key=("id_del_proceso", "id_adjudicacion", "nit_del_proveedor_adjudicado"),
    columns=(
        *keys("id_del_proceso", "id_adjudicacion", "nit_del_proveedor_adjudicado"),
        *texts("referencia_proceso", "referencia_normalizada", "proceso_compra", "nombre_procedimiento"),
        *texts("descripcion_procedimiento", "fase", "estado_procedimiento", "id_estado_procedimiento"),
        *texts("estado_resumen", "estado_apertura_proceso", "modalidad_contratacion", "justificacion_modalidad"),
        *texts("tipo_contrato", "subtipo_contrato", "unidad_duracion", "codigo_principal_categoria"),
        *texts("nombre_proveedor", "nombre_entidad", "cod_centro_gestor", "nombre_centro_gestor", "urlproceso"),
        *days("fecha_publicacion", "fecha_ultima_publicacion", "fecha_publicacion_fase_2"),
        *days("fecha_publicacion_fase_3", "fecha_recepcion_respuestas", "fecha_apertura_respuesta"),
        *days("fecha_apertura_efectiva", "fecha_adjudicacion"),
        *money("precio_base", "valor_adjudicacion"),
        *counts("duracion", "proveedores_invitados", "proveedores_con_invitacion", "proveedores_que_manifestaron"),
        *counts("respuestas_al_procedimiento", "respuestas_externas", "conteo_respuestas_ofertas"),
        *counts("proveedores_unicos_con_respuesta", "visualizaciones", "numero_lotes"),
        *flags("adjudicado"),
        *counts("dias_publicado", "n_oferentes"),
        ratio("pct_adjudicado_base", "valor_adjudicacion / precio_base"),
        *flags("tiene_contrato"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_procesos_secop",
    critical=True,
    newer_by="fecha_ultima_publicacion",
    about=N_("a contracting process by award and supplier; lots repeat the process"),
)

CONTRATOS_SECOP: Final = Dataset(
    name="contratos_secop",
    key=("id_contrato",),
    columns=(
        *keys("id_contrato"),
        *texts("referencia_contrato", "referencia_normalizada", "proceso_compra", "estado_contrato"),
        *texts("tipo_contrato", "modalidad_contratacion", "justificacion_modalidad", "descripcion_proceso"),
        *texts("objeto_contrato", "codigo_categoria_principal", "condiciones_entrega", "nombre_entidad"),
        *texts("cod_centro_gestor", "nombre_centro_gestor", "tipo_documento_proveedor", "documento_proveedor"),
        *texts("proveedor", "origen_recursos", "destino_gasto", "duracion_contrato", "urlproceso"),
        *days("fecha_firma", "fecha_inicio_contrato", "fecha_fin_contrato", "fecha_inicio_ejecucion"),
        *days("fecha_fin_ejecucion", "fecha_inicio_liquidacion", "fecha_fin_liquidacion"),
        *days("fecha_notificacion_prorrogacion", "ultima_actualizacion"),
        *money("valor_contrato", "valor_pago_adelantado", "valor_facturado", "valor_pendiente_pago"),
        *money("valor_pagado", "valor_amortizado", "valor_pendiente_amortizacion", "valor_pendiente_ejecucion"),
        *money("saldo_cdp", "saldo_vigencia", *FUNDING),
        *flags("es_grupo", "es_pyme", "habilita_pago_adelantado", "liquidacion", "puede_ser_prorrogado"),
        *counts("dias_adicionados", "dias_plazo", "anno_bpin"),
        *texts("estado_bpin", "bpin", "bpin_origen", "motivo_sin_bpin"),
        *flags("es_emprestito"),
        *texts("banco"),
        ratio("pct_pagado", "valor_pagado / valor_contrato"),
        ratio("pct_facturado", "valor_facturado / valor_contrato"),
        *flags("vencido"),
        *LINEAGE_COLUMNS,
    ),
    made_by="transform_contratos_secop",
    critical=True,
    newer_by="ultima_actualizacion",
    foreign_keys=(OF_A_PROJECT,),
    about=N_("an electronic contract of SECOP II"),
)

CONTRATO_BPIN: Final = Dataset(
    name="contrato_bpin",
    key=("id_contrato", "bpin"),
    columns=(*keys("id_contrato", "bpin"), *texts("bpin_origen", "referencia_contrato"), *LINEAGE_COLUMNS),
    made_by="transform_contratos_secop",
    critical=False,
    newer_by=FECHA_CORTE,
    foreign_keys=(
        ForeignKey(columns=("id_contrato",), dataset="contratos_secop", enforced=True, indexed=False),
        OF_A_PROJECT,
    ),
    about=N_("a bridge between contracts and projects; the value of a contract is neither split nor added across it"),
)
