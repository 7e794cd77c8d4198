"""`python -m demo_city`: write the made-up city into a folder."""

import argparse
import math
import sys
from pathlib import Path

from demo_city.city import SEAL, build_city, write_city
from demo_city.country import ROWS_AT_SCALE_1, rows_of_country
from etl_kit.translation import _


def main(arguments: list[str] | None = None) -> int:
    """Write a city as `arguments` say; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo_city", description=_("Write a made-up city into a folder."))
    parser.add_argument("--scale", type=_scale, default=1.0, help=_("size; 1 is about 500 contracts"))
    parser.add_argument("--seed", type=int, default=20240918, help=_("same seed, same city"))
    parser.add_argument("--out", type=Path, required=True, help=_("folder to write into"))
    chosen = parser.parse_args(arguments)
    if chosen.out.exists() and any(chosen.out.iterdir()) and not (chosen.out / SEAL).is_file():
        parser.error(_("{folder} holds something other than a made-up city; choose another").format(folder=chosen.out))
    city = build_city(seed=chosen.seed, scale=chosen.scale)
    write_city(city, chosen.out, seed=chosen.seed, scale=chosen.scale)
    sys.stdout.write(_("{count} files of invented data in {folder}").format(count=len(city.files), folder=chosen.out))
    sys.stdout.write("\n")
    around = {dataset: rows_of_country(chosen.scale, dataset) for dataset in ROWS_AT_SCALE_1}
    if any(around.values()):
        told = ", ".join(f"{dataset}: {rows}" for dataset, rows in around.items())
        sys.stdout.write(_("rows of the country around it, made when they are asked for: {rows}").format(rows=told))
        sys.stdout.write("\n")
    return 0


def _scale(text: str) -> float:
    scale = float(text)
    if not (math.isfinite(scale) and scale > 0):
        raise argparse.ArgumentTypeError(_("{value} is not a number above 0").format(value=text))
    return scale


if __name__ == "__main__":
    sys.exit(main())
