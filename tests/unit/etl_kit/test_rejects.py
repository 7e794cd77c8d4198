"""What is refused is counted to the last one, and kept up to a bound."""

import polars as pl

from etl_kit.rejects import Rejects


def refusals(count, *, columna="valor", motivo="ilegible", first=1):
    return pl.DataFrame(
        {
            "fila": range(first, first + count),
            "columna": [columna] * count,
            "valor_crudo": [str(number) for number in range(count)],
            "motivo": [motivo] * count,
            "fuente": ["s"] * count,
        },
        schema_overrides={"columna": pl.String, "fila": pl.Int64},
    )


def test_of_one_reason_so_many_are_kept_and_all_are_counted():
    rejects = Rejects(dataset="d", keep=5)

    rejects.add_frame(refusals(3))
    rejects.add_frame(refusals(4, first=4))
    rejects.add(motivo="ilegible", fuente="s", fila=8, columna="valor")

    assert (len(rejects), rejects.kept) == (8, 5)
    assert rejects.frame().get_column("fila").to_list() == [1, 2, 3, 4, 5]


def test_each_column_and_reason_has_its_own_bound():
    rejects = Rejects(dataset="d", keep=2)

    rejects.add_frame(pl.concat([refusals(3), refusals(3, columna=None), refusals(1, motivo="otro")]))

    kept = rejects.frame().group_by("columna", "motivo").len().rows()
    assert sorted(kept, key=str) == [("valor", "ilegible", 2), ("valor", "otro", 1), (None, "ilegible", 2)]
    assert len(rejects) == 7


def test_the_count_of_another_collection_is_taken_over_whole():
    one, other = Rejects(dataset="uno", keep=2), Rejects(dataset="otro", keep=2)
    other.add_frame(refusals(5))

    one.extend(other)

    assert (len(one), one.kept) == (5, 2)
    assert one.frame().get_column("dataset").unique().to_list() == ["uno"]
