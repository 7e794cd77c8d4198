"""What can go wrong in the ETL, one class for each thing a caller would handle differently."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from etl_kit.translation import _


class EtlError(Exception):
    """Root of every error the ETL raises on purpose; its text names the place and the way out."""


class Unmendable(EtlError):
    """What another try cannot mend: somebody must change a setting or run another task first.

    The configuration names this class in `no_retry_on`, so that no task repeats what can only fail again.
    """


class SettingsError(Unmendable):
    """Settings that cannot be used; `problems` holds all of them, not only the first."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(_("the settings cannot be used: {problems}").format(problems="; ".join(problems)))
        self.problems = tuple(problems)


class MissingInput(Unmendable):
    """A file or folder that an earlier task should have left is not there; `made_by` is that task."""

    def __init__(self, path: Path, *, made_by: str) -> None:
        super().__init__(
            _("{path} is missing; make it with: etl run --tasks {task}").format(path=path, task=made_by),
        )
        self.path = path
        self.made_by = made_by


class UnreadableInput(EtlError):
    """A file is there but does not hold what it should."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(_("{path} cannot be read: {reason}").format(path=path, reason=reason))
        self.path = path
        self.reason = reason


class MissingColumns(EtlError):
    """A frame lacks columns that its dataset or reader needs."""

    def __init__(self, place: str, columns: Iterable[str], *, present: Iterable[str] = ()) -> None:
        self.columns = tuple(columns)
        self.present = tuple(present)
        super().__init__(
            _("{place} lacks the columns {columns}; it has {present}").format(
                place=place,
                columns=", ".join(self.columns),
                present=", ".join(self.present) or _("none"),
            ),
        )
        self.place = place


class WrongValues(EtlError):
    """Values that do not fit the type of their column, or are absent where they may not be."""

    def __init__(self, dataset: str, column: str, reason: str) -> None:
        super().__init__(
            _("{dataset}.{column}: {reason}").format(dataset=dataset, column=column, reason=reason),
        )
        self.dataset = dataset
        self.column = column


class DuplicateKeys(EtlError):
    """Rows that share what should be unique; `examples` holds a few of the keys."""

    def __init__(self, dataset: str, key: Sequence[str], examples: Sequence[object], count: int) -> None:
        super().__init__(
            _("{dataset} repeats {count} keys ({key}), such as {examples}").format(
                dataset=dataset,
                count=count,
                key=", ".join(key),
                examples="; ".join(str(example) for example in examples),
            ),
        )
        self.dataset = dataset
        self.examples = tuple(examples)
