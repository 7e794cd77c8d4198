import re
from pathlib import Path

import pytest

from etl_kit.errors import SettingsError
from etl_kit.places import Places
from etl_kit.settings import CHECKOUT, Source, read_settings


def test_without_any_setting_the_made_up_city_lies_in_the_checkout():
    settings = read_settings(environ={})

    assert (settings.home, settings.source, settings.run_id) == (CHECKOUT, Source.DEMO, "manual")
    assert settings.source_folder is None
    assert settings.source.invented


def test_a_parameter_beats_the_environment():
    environ = {"ETL_HOME": "/casa", "ETL_SOURCE": "portal", "ETL_DEMO_SEED": "7"}

    settings = read_settings(home="/otra", demo_seed=8, environ=environ)

    assert (settings.home, settings.source, settings.demo_seed) == (Path("/otra").absolute(), Source.PORTAL, 8)


def test_all_problems_are_told_at_once():
    environ = {"ETL_SOURCE": "files", "ETL_DEMO_SCALE": "cero", "ETL_DEMO_SEED": "x"}

    with pytest.raises(SettingsError) as caught:
        read_settings(environ=environ, color="rojo")

    assert len(caught.value.problems) == 4
    assert all(word in str(caught.value) for word in ("ETL_SOURCE_FOLDER", "ETL_DEMO_SCALE", "ETL_DEMO_SEED", "color"))


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf"])
def test_a_city_of_no_size_is_refused(scale):
    with pytest.raises(SettingsError) as caught:
        read_settings(environ={"ETL_DEMO_SCALE": scale})

    assert "ETL_DEMO_SCALE" in str(caught.value)


def test_an_unknown_source_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError) as caught:
        read_settings(source="internet", environ={})

    assert all(source in str(caught.value) for source in Source)


def test_the_portal_takes_drop_ins_from_the_entry_folder():
    settings = read_settings(source="portal", home="/casa", environ={})

    assert settings.source_folder == settings.home / "data" / "entrada"


def test_an_empty_variable_counts_as_absent():
    settings = read_settings(environ={"ETL_SOURCE": "", "ETL_SODA_APP_TOKEN": " "})

    assert (settings.source, settings.soda_app_token) == (Source.DEMO, None)


def test_no_place_of_one_source_lies_in_a_place_of_another():
    demo, portal = (Places(home=Path("/casa"), source=source) for source in (Source.DEMO, Source.PORTAL))

    def all_of(places: Places) -> set[Path]:
        return {
            places.raw("x"),
            places.transformed("x"),
            places.rejected("x"),
            places.warehouse,
            places.reports,
        }

    assert not all_of(demo) & all_of(portal)
    assert all(re.search("demo", str(path)) for path in all_of(demo))
    assert {path.is_relative_to("/casa/data") for path in all_of(portal)} == {True}
