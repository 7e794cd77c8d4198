"""Where things lie below the home folder: one subtree per source, so made-up and real data never meet."""

from dataclasses import dataclass
from pathlib import Path

from etl_kit.settings import EtlSettings, Source


@dataclass(frozen=True, kw_only=True)
class Places:
    """Paths below `home` for one `source`; nothing is made on disk by asking for a path."""

    home: Path
    source: Source

    @classmethod
    def of(cls, settings: EtlSettings) -> "Places":
        """The places of these settings."""
        return cls(home=settings.home, source=settings.source)

    @property
    def data(self) -> Path:
        """The folder of all data."""
        return self.home / "data"

    @property
    def city(self) -> Path:
        """The generated made-up city."""
        return self.data / "demo_city"

    @property
    def people_key(self) -> Path:
        """The secret that turns a person's name into a pseudonym."""
        return self.data / ".people_key"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of this source."""
        return self.data / "warehouse" / f"{self.source}.duckdb"

    @property
    def reports(self) -> Path:
        """The folder of reports of this source."""
        return self.data / "reports" / self.source

    def raw(self, name: str) -> Path:
        """The folder of raw snapshots or originals called `name`."""
        return self.data / "raw" / self.source / name

    def transformed(self, dataset: str) -> Path:
        """The parquet file of a transformed dataset."""
        return self.data / "transformed" / self.source / f"{dataset}.parquet"

    def rejected(self, dataset: str) -> Path:
        """The parquet file of what was refused on the way to `dataset`."""
        return self.data / "transformed" / self.source / "rejected" / f"{dataset}.parquet"
