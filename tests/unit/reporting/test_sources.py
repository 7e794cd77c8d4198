"""Where a figure comes from: each file once, with its cut."""

from datetime import date

from reporting_app.subject import file_names, source_of
from reporting_app.wording import no_data

LOADS = [
    {"tabla": "a", "fuente": "uno.xlsx, dos.csv", "fecha_corte": date(2025, 5, 31)},
    {"tabla": "b", "fuente": "dos.csv; tres.json", "fecha_corte": date(2025, 5, 31)},
    {"tabla": "c", "fuente": "cuatro.csv", "fecha_corte": date(2025, 1, 31)},
    {"tabla": "d", "fuente": None, "fecha_corte": None},
]


def test_a_file_of_several_tables_is_named_once():
    told = source_of(LOADS, "a", "b")

    assert told.startswith("dos.csv, tres.json, uno.xlsx · ")
    assert told.count("dos.csv") == 1


def test_files_of_another_cut_stand_beside_the_earlier_first():
    told = source_of(LOADS, "a", "c")

    assert told.index("cuatro.csv") < told.index("dos.csv")
    assert told.count("·") == 2


def test_a_table_that_was_never_loaded_has_no_data():
    assert source_of(LOADS, "d", "nowhere") == no_data()


def test_files_that_several_rows_name_are_told_once():
    assert file_names("b.xlsx; a.csv, b.xlsx; a.csv") == ["a.csv", "b.xlsx"]
    assert file_names(None) == []
