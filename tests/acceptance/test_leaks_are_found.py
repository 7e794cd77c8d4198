"""The search for invented people finds them in every kind of file that is written."""

import gzip
import io
import json
import shutil
import sqlite3
import zipfile

import duckdb
import polars as pl
import pytest
import xlsxwriter

from demo_city.chance import Chance
from demo_city.people import invented_person
from tests.acceptance.leaks import people_in

PERSON = invented_person(Chance(1, "leaks"))


def as_text(path, said):
    path.write_text(f"x {said} y", encoding="utf-8")


def as_snapshot(path, said):
    path.write_bytes(gzip.compress(json.dumps({"a": said}).encode()))


def as_workbook(path, said):
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Uno").write_string(0, 0, said)


def as_archive_in_archive(path, said):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.dbf", said)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.zip", inner.getvalue())


def as_parquet(path, said):
    pl.DataFrame({"a": [said] * 500}).write_parquet(path, compression="zstd")


def as_warehouse(path, said):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA datos; CREATE TABLE datos.a AS SELECT ? AS v FROM range(5000)", [said])


def as_state(path, said):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE a (v TEXT)")
    connection.execute("INSERT INTO a VALUES (?)", [said])
    connection.commit()
    connection.close()


def as_deleted_row(path, said):
    as_state(path, said)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete = OFF")  # some builds wipe what is deleted
    connection.execute("DELETE FROM a")
    connection.commit()
    connection.close()


def as_pdf(path, said):
    typst = pytest.importorskip("typst")
    if shutil.which("pdftotext") is None:
        pytest.skip("no reader of PDF here")
    path.write_bytes(typst.compile(f"#{json.dumps(said, ensure_ascii=False)}".encode()))


FORMS = {
    "log": as_text,
    "json.gz": as_snapshot,
    "xlsx": as_workbook,
    "zip": as_archive_in_archive,
    "parquet": as_parquet,
    "duckdb": as_warehouse,
    "db": as_state,
    "sqlite": as_deleted_row,
    "pdf": as_pdf,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("said", [PERSON.name.upper(), PERSON.id_number, PERSON.bank_account, PERSON.email])
def test_a_person_is_found_by_name_id_account_or_address(tmp_path, form, said):
    path = tmp_path / f"written.{form}"

    FORMS[form](path, said)

    assert people_in(path)


@pytest.mark.parametrize(
    "said",
    [
        f"{int(PERSON.id_number):,}".replace(",", "."),
        f"{int(PERSON.id_number):,}",
        PERSON.email.replace("@", "%40"),
        PERSON.name.lower(),
    ],
)
def test_a_person_is_found_however_it_is_written(tmp_path, said):
    as_text(tmp_path / "a.html", said)

    assert people_in(tmp_path / "a.html")


@pytest.mark.parametrize("form", FORMS)
def test_where_nobody_is_nobody_is_found(tmp_path, form):
    path = tmp_path / f"written.{form}"

    FORMS[form](path, "persona-3f2a, 890.399.011, 19.990.079, correo@cali.invalid")

    assert people_in(path) == []
