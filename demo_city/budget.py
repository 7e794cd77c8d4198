"""The budget of the made-up city, month by month: every figure keeps the identities of the real workbook."""

from dataclasses import dataclass, replace
from typing import Final

from demo_city.catalogue import (
    AREAS,
    BALANCE_FUND,
    FUNDS,
    LOAN_FUND,
    MGA_PRODUCTS,
    POSPRES,
    STEPS,
    Fund,
)
from demo_city.chance import Chance
from demo_city.projects import Project

MAY: Final = 5
"""From this month on there are lines of vigencia Balance, and with them the loan."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A budget line: what the money is for. Its natural key is unique within a month."""

    project: Project
    activity_code: str
    activity_name: str
    area_code: str
    area_name: str
    pospre: tuple[str, str]
    fund: Fund
    product: tuple[str, str]
    origen: str
    comuna: str
    vigencia: str


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Cumulative amounts of one line at the end of a month, whole pesos; reductions and contracredits are negative."""

    inicial: int = 0
    reducciones: int = 0
    adiciones: int = 0
    contracreditos: int = 0
    creditos: int = 0
    aplazamiento: int = 0
    desaplazamiento: int = 0
    cdp: int = 0
    rpc: int = 0
    obligaciones: int = 0
    pagos: int = 0

    @property
    def modificado(self) -> int:
        """The initial budget and the six movements as signed."""
        movements = self.reducciones + self.adiciones + self.contracreditos + self.creditos
        return self.inicial + movements + self.aplazamiento + self.desaplazamiento

    @property
    def disponible(self) -> int:
        """What no certificate has claimed yet."""
        return self.modificado - self.cdp

    def columns(self) -> tuple[int, ...]:
        """The 15 money columns in the order of the workbook."""
        return (
            self.inicial,
            self.reducciones,
            self.adiciones,
            self.contracreditos,
            self.creditos,
            self.aplazamiento,
            self.desaplazamiento,
            self.modificado,
            self.cdp,
            self.rpc,
            self.obligaciones,
            self.pagos,
            self.rpc,  # EJECUCION is RPC on every row
            self.cdp - self.rpc,
            self.disponible,
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a monthly file."""

    line: Line
    balance: Balance


def year_of_budget(seed: int, projects: list[Project], year: int, last_month: int) -> dict[int, list[Row]]:
    """Rows of each month from January to `last_month`; a line only gains commitments from one month to the next."""
    chance = Chance(seed, f"budget/{year}")
    rows = [row for project in projects for row in _opening(chance, project, year)]
    months = {}
    for month in range(1, last_month + 1):
        if month == MAY:
            rows = [*rows, *(row for project in projects for row in _incorporated(chance, project))]
        rows = _after_a_month(chance, rows)
        months[month] = rows
    return months


def _opening(chance: Chance, project: Project, year: int) -> list[Row]:
    rows = []
    for number in range(1, chance.between(3, 9)):
        fund = FUNDS[0] if chance.happens(60) else chance.pick(FUNDS)
        line = _line(chance, project, number, fund, "Actual")
        rows.append(Row(line=line, balance=Balance(inicial=chance.skewed(8_000_000, 4_200_000_000))))
    if chance.happens(25):
        claimed = chance.skewed(5_000_000, 900_000_000)
        line = _line(chance, project, 50, chance.pick(FUNDS), "Reservas" if year == 2024 else "Reserva")  # noqa: PLR2004
        rows.append(Row(line=line, balance=Balance(adiciones=claimed, cdp=claimed, rpc=claimed)))
    return rows


def _incorporated(chance: Chance, project: Project) -> list[Row]:
    rows = []
    if project.takes_loan:
        line = _line(chance, project, 70, LOAN_FUND, "Balance")
        rows.append(Row(line=line, balance=Balance(adiciones=chance.pesos(2_000_000_000, 30_000_000_000))))
    if chance.happens(40):
        line = _line(chance, project, 71, BALANCE_FUND, "Balance")
        rows.append(Row(line=line, balance=Balance(adiciones=chance.skewed(3_000_000, 700_000_000))))
    return rows


def _line(chance: Chance, project: Project, number: int, fund: Fund, vigencia: str) -> Line:
    activity = f"{chance.pick(STEPS)} {chance.pick(('en los sitios priorizados', 'del proyecto', 'en el territorio'))}"
    if chance.happens(3):
        activity += "\n(aplicar el  ciclo PHVA)"  # a line break inside a field, as in the original
    if chance.happens(2):
        activity = f'{activity} "{project.branch.bottom[1].strip()}"'
    territorial = project.comuna is not None
    both = not territorial and chance.happens(1)
    area = chance.between(1, 4)
    return Line(
        project=project,
        activity_code=f"{project.bp}10101{number:02d}",
        activity_name=activity,
        area_code=f"{project.branch.bottom[0]}{area:04d}",
        area_name=f"Resultado {area} de {project.branch.bottom[1].strip()}",
        pospre=chance.pick(POSPRES),
        fund=fund,
        product=chance.pick(MGA_PRODUCTS),
        origen="Territorio" if territorial else "Organismo - Territorio" if both else "Organismo",
        comuna=project.comuna or (chance.pick(AREAS) if both else "SANTIAGO DE CALI"),
        vigencia=vigencia,
    )


def _after_a_month(chance: Chance, rows: list[Row]) -> list[Row]:
    balances = [_adjusted(chance, row) for row in rows]
    for index in range(len(rows) - 1):
        _transfer(chance, rows, balances, index)
    return [
        Row(line=row.line, balance=_spent(chance, row.line, balance))
        for row, balance in zip(rows, balances, strict=True)
    ]


def _adjusted(chance: Chance, row: Row) -> Balance:
    """Now and then a reduction, a deferral or its release; only what is still available can be taken."""
    balance = row.balance
    if row.line.vigencia != "Actual":
        return balance
    if chance.happens(1) and balance.disponible > 0:
        return replace(balance, reducciones=balance.reducciones - chance.share(balance.disponible, 1, 10))
    if chance.happens(1) and balance.disponible > 0:
        return replace(balance, aplazamiento=balance.aplazamiento - chance.share(balance.disponible, 1, 10))
    if balance.aplazamiento + balance.desaplazamiento < 0 and chance.happens(50):
        return replace(balance, desaplazamiento=-balance.aplazamiento)
    return balance


def _transfer(chance: Chance, rows: list[Row], balances: list[Balance], index: int) -> None:
    """Move available money to the next line of the same project: a contracredit here, the same credit there."""
    giver, taker = rows[index].line, rows[index + 1].line
    same_pot = giver.project == taker.project and giver.vigencia == taker.vigencia == "Actual"
    if not same_pot or not chance.happens(3):
        return
    moved = chance.share(balances[index].disponible, 5, 40)
    balances[index] = replace(balances[index], contracreditos=balances[index].contracreditos - moved)
    balances[index + 1] = replace(balances[index + 1], creditos=balances[index + 1].creditos + moved)


def _spent(chance: Chance, line: Line, balance: Balance) -> Balance:
    """CDP, RPC, obligations and payments grow towards each other and never past: CDP >= RPC >= obligations >= pagos."""
    if chance.happens(20):
        return balance
    cdp = balance.cdp + chance.share(max(balance.disponible, 0), 5, 45)
    rpc = balance.rpc + chance.share(cdp - balance.rpc, 10, 80)
    faster = 30 if line.vigencia.startswith("Reserva") else 0
    obligaciones = balance.obligaciones + chance.share(rpc - balance.obligaciones, faster, 40 + faster)
    pagos = balance.pagos + chance.share(obligaciones - balance.pagos, 50, 100)
    return replace(balance, cdp=cdp, rpc=rpc, obligaciones=obligaciones, pagos=pagos)
