"""Personal data: which columns hold it, and how it is dropped or hidden before anything is written."""

import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl_kit.files import write_bytes_once
from etl_kit.text import or_none, plain_key, source_key
from etl_kit.translation import _

KEY_BYTES = 32
NO_NUMBER = "No Definido"  # the publisher's own word for an absent one
MASKED_NAME = re.compile(r"PERSONA-[0-9A-F]{8}")
# A company's or public body's NIT: nine digits that begin with 8 or 9, perhaps a check digit. A natural person's
# NIT is the number of the identity card, which never looks so.
LEGAL_NIT = re.compile(r"[89]\d{8}(-?\d)?")
# Only words that are no surname and no initials: a company without a legal NIT is rare, a person must never slip by.
COMPANY_WORDS = re.compile(
    r"\b(s\.?a\.?s|ltda|consorcio|union temporal|sociedad|corporacion|fundacion|asociacion|cooperativa|empresas?"
    r"|universidad|comercializadora|constructora|branch|llc|gmbh)\b|\bs\.? a\.? s\.?$",
)
PERSONAL_DOCUMENT = re.compile(r"cedula|pasaporte|extranjer|tarjeta de identidad|registro civil|permiso")


@dataclass(frozen=True, kw_only=True)
class PersonalColumns:
    """What is personal in the rows of one source.

    Columns are named as `text.source_key` leaves them, so that the interface's names and those of the portal's CSV
    exports ("Nombre Representante Legal") are the same; where accents became `_`, both forms are declared.

    Attributes:
        dropped: columns that hold people who are no party to the contract, or bank accounts; they never get past.
        dropped_like: the same by pattern, for columns the publisher may add.
        supplier: the names of the column with the supplier's name; empty if the source has none.
        supplier_document_type: the column that tells cédula from NIT; None if the source has none.
        supplier_documents: identity numbers, dropped for a natural person.
        supplier_key: an identity number that is part of the dataset's key: replaced by the pseudonym instead.
    """

    dropped: frozenset[str] = frozenset()
    dropped_like: re.Pattern[str]
    supplier: tuple[str, ...] = ()
    supplier_document_type: str | None = None
    supplier_documents: tuple[str, ...] = ()
    supplier_key: str | None = None


PERSONAL = {
    "contratos_emprestito": PersonalColumns(
        dropped=frozenset(
            {
                "nombre_representante_legal",
                "nacionalidad_representante_legal",
                "domicilio_representante_legal",
                "tipo_de_identificaci_n_representante_legal",
                "identificaci_n_representante_legal",
                "g_nero_representante_legal",
                "nombre_del_banco",
                "tipo_de_cuenta",
                "n_mero_de_cuenta",
                "nombre_ordenador_del_gasto",
                "tipo_de_documento_ordenador_del_gasto",
                "n_mero_de_documento_ordenador_del_gasto",
                "nombre_supervisor",
                "tipo_de_documento_supervisor",
                "n_mero_de_documento_supervisor",
                "nombre_ordenador_de_pago",
                "tipo_de_documento_ordenador_de_pago",
                "n_mero_de_documento_ordenador_de_pago",
            },
        ),
        dropped_like=re.compile(
            r"representante|ordenador|supervisor|cuenta|del_banco|n_?u?mero_de_documento|tipo_de_documento|correo"
            r"|tel_?e?fono|celular|g_?e?nero|domicilio|direccion_(del_)?proveedor",
        ),
        supplier=("proveedor_adjudicado",),
        supplier_document_type="tipodocproveedor",
        supplier_documents=("documento_proveedor", "codigo_proveedor"),
    ),
    "procesos_emprestito": PersonalColumns(
        dropped=frozenset({"nombre_del_adjudicador"}),
        dropped_like=re.compile(r"adjudicador|representante|correo|tel_?e?fono|celular"),
        supplier=("nombre_del_proveedor", "nombre_del_proveedor_adjudicado"),
        supplier_documents=("codigoproveedor",),
        supplier_key="nit_del_proveedor_adjudicado",
    ),
    "indice_emprestito": PersonalColumns(
        dropped=frozenset({"contacto", "numero", "contacto_numero"}),
        dropped_like=re.compile(r"contacto|correo|tel_?e?fono|celular"),
    ),
}


def people_key(path: Path) -> bytes:
    """The secret at `path`, made at the first call (mode 0600).

    Who loses the file gets other pseudonyms from then on; who leaks it lets names be tried one by one.
    """
    if not path.exists():
        write_bytes_once(path, secrets.token_bytes(KEY_BYTES).hex().encode("ascii"))
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError as error:
        raise ValueError(_("{path} holds no key; remove it to make a new one").format(path=path)) from error


def protect_people(
    rows: Iterable[Mapping[str, object]],
    dataset: str,
    *,
    key: bytes,
) -> list[dict[str, object]]:
    """`rows` without personal data: columns dropped, natural persons among the suppliers hidden behind a pseudonym.

    A supplier is a natural person unless its NIT is a company's or its name says so ("S.A.S.", "CONSORCIO"…); in
    doubt it counts as a person. The person's name is also replaced where it occurs in other texts of the row.

    Args:
        rows: as received; not changed.
        dataset: a key of `PERSONAL`.
        key: from `people_key`; same key, same pseudonyms.

    Raises:
        KeyError: nobody has declared the personal columns of `dataset`.
    """
    return list(without_people(rows, dataset, key=key))


def without_people(
    rows: Iterable[Mapping[str, object]],
    dataset: str,
    *,
    key: bytes,
) -> Iterator[dict[str, object]]:
    """The same as `protect_people`, one row at a time, for rows that do not fit into memory."""
    columns = _Columns(PERSONAL[dataset])
    for row in rows:
        yield _protected(row, columns, key)


def pseudonym(text: str, *, key: bytes) -> str:
    """`PERSONA-` and eight hexadecimal digits for a name or number; an existing pseudonym stays as it is."""
    if MASKED_NAME.fullmatch(text):
        return text
    digest = hmac.new(key, plain_key(text).encode(), "sha256").hexdigest()
    return f"PERSONA-{digest[:8].upper()}"


def is_natural_person(name: str | None, *, document: str | None, document_type: str | None) -> bool:
    """Whether a supplier is a person and no company, as far as its data tells; in doubt, a person.

    Nobody at all (neither name nor number) is no person.
    """
    if name is None and document is None:
        return False
    if PERSONAL_DOCUMENT.search(plain_key(document_type or "")) or (name and MASKED_NAME.fullmatch(name)):
        return True
    if document is not None and _is_legal(document):
        return False
    return not (name and COMPANY_WORDS.search(plain_key(name)))


def _protected(row: Mapping[str, object], known: "_Columns", key: bytes) -> dict[str, object]:
    kept = {column: value for column, value in row.items() if not known.dropped[column]}
    if not known.personal.supplier:
        return kept
    columns = known.supplier(row)
    name = or_none(row.get(columns.name))
    document = or_none(row.get(columns.number))
    document_type = or_none(row.get(columns.number_type))
    if is_natural_person(name, document=document, document_type=document_type):
        return _hidden(kept, columns, name=name, document=document, key=key)
    if document is None or _is_legal(document):
        return kept
    return {**kept, columns.number: NO_NUMBER}  # a trade name under a person's number keeps the name alone


@dataclass(frozen=True, kw_only=True)
class _SupplierColumns:
    """The columns of one row, as the row names them, that tell who the supplier is; "" for one it lacks."""

    name: str
    number: str
    number_type: str
    number_is_key: bool
    dropped: frozenset[str]

    @classmethod
    def of(cls, columns: Iterable[str], personal: PersonalColumns) -> "_SupplierColumns":
        named = {source_key(column): column for column in columns}
        number = personal.supplier_key or personal.supplier_documents[0]
        return cls(
            name=next((named[key] for key in personal.supplier if key in named), ""),
            number=named.get(number, ""),
            number_type=named.get(personal.supplier_document_type or "", ""),
            number_is_key=personal.supplier_key is not None,
            dropped=frozenset(named[key] for key in personal.supplier_documents if key in named),
        )


class _Decided(dict[str, bool]):
    """A question about a column's name, asked once for each name."""

    def __init__(self, decide: Callable[[str], bool]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, column: str) -> bool:
        return self.setdefault(column, self._decide(source_key(column)))


class _Columns:
    """What the names of columns say, worked out once for the rows of one extraction: the same names come every time."""

    def __init__(self, personal: PersonalColumns) -> None:
        told = {
            *personal.supplier,
            *personal.supplier_documents,
            personal.supplier_key,
            personal.supplier_document_type,
        }
        self.personal = personal
        self.dropped = _Decided(lambda key: key in personal.dropped or bool(personal.dropped_like.search(key)))
        self._tells = _Decided(told.__contains__)
        self._suppliers: dict[tuple[str, ...], _SupplierColumns] = {}

    def supplier(self, row: Mapping[str, object]) -> _SupplierColumns:
        """The columns of `row` that tell who the supplier is."""
        told = tuple(filter(self._tells.__getitem__, row))
        if told not in self._suppliers:
            self._suppliers[told] = _SupplierColumns.of(told, self.personal)
        return self._suppliers[told]


def _hidden(
    row: dict[str, object],
    columns: _SupplierColumns,
    *,
    name: str | None,
    document: str | None,
    key: bytes,
) -> dict[str, object]:
    alias = pseudonym(name or document or "", key=key)
    hidden = {column: value for column, value in row.items() if column not in columns.dropped}
    if name and _occurs(name, (value for column, value in hidden.items() if column != columns.name)):
        named = re.compile(re.escape(name), re.IGNORECASE)
        hidden = {
            column: named.sub(alias, value) if isinstance(value, str) else value for column, value in hidden.items()
        }
    if name:
        hidden[columns.name] = alias
    if document and columns.number_is_key:
        hidden[columns.number] = alias
    return hidden


def _occurs(name: str, texts: Iterable[object]) -> bool:
    """Whether `name` may stand in one of `texts`, in any case; quick, because a name seldom stands elsewhere."""
    shortest = len(name)  # a pattern that ignores case still matches letter by letter
    long = [text for text in texts if isinstance(text, str) and len(text) >= shortest]
    return _caseless(name) in _caseless("\0".join(long))


def _caseless(text: str) -> str:
    # the dotted and the dotless i are one letter to re.IGNORECASE, and two to casefold
    return text.casefold().replace("\u0307", "").replace("ı", "i")


def _is_legal(document: str) -> bool:
    return LEGAL_NIT.fullmatch(document.replace(".", "").replace(" ", "")) is not None
