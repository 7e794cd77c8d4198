"""What is wrong with one file: collected with its places, each said once, and bounded."""

from orchestrator.core.messages import N_, Message
from orchestrator.documents.places import JSONPath, Places, path_text

MOST_PROBLEMS = 1000
"""A file can hold millions; nobody reads more than the first screens, and no output grows without limit (R19)."""


class Enough(Exception):
    """There are `MOST_PROBLEMS` problems already: stop looking."""


class Problems:
    """Collects problems as translatable messages whose text is like `tasks[1].timeout (line 12, column 18): …`.

    Every adder raises Enough when the list is full.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._found: list[tuple[int, Message]] = []
        self._blamed: set[JSONPath] = set()
        self._cut = False

    @property
    def any(self) -> bool:
        """Whether there is at least one."""
        return bool(self._found)

    def with_value(self, path: JSONPath, fault: Message) -> None:
        """The value at `path` is wrong. Only the first fault of a value counts: the others follow from it."""
        if path in self._blamed:
            return
        self._blamed.add(path)
        self._add(path, self._places.value_at(path), fault)

    def with_part(self, path: JSONPath, fault: Message) -> None:
        """Something about the object or list at `path` is wrong; it may have several such faults."""
        self._add(path, self._places.value_at(path), fault)

    def with_key(self, path: JSONPath, fault: Message) -> None:
        """The key that ends `path` should not be there; the place named is its object, the position the key's."""
        self._add(path[:-1], self._places.key_at(path), fault)

    def with_key_offset(self, path: JSONPath, offset: int, fault: Message) -> None:
        """As `with_key`, for one of several equal keys of the object at `path`."""
        self._add(path, offset, fault)

    def listed(self) -> list[Message]:
        """In the order of the text; the last one says so if some were left out."""
        messages = [message for _, message in sorted(self._found, key=lambda found: found[0])]
        if self._cut:
            messages.append(
                Message(template=N_("only the first {count} problems are listed"), facts={"count": len(messages)})
            )
        return messages

    def _add(self, path: JSONPath, offset: int, fault: Message) -> None:
        if len(self._found) >= MOST_PROBLEMS:
            self._cut = True
            raise Enough
        line, column = self._places.line_and_column(offset)
        self._found.append((offset, place_fault(fault, line=line, column=column, path=path_text(path))))


def place_fault(fault: Message, *, line: int, column: int, path: str = "") -> Message:
    """`fault` with its place in front; the facts are `path`, `line`, `column` and the fault itself."""
    template = (
        N_("{path} (line {line}, column {column}): {fault}") if path else N_("line {line}, column {column}: {fault}")
    )
    return Message(template=template, facts={"path": path, "line": line, "column": column, "fault": fault})
