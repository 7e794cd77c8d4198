"""The loan's performance on its page: are we on plan, which contracts are not; cards and charts."""

from collections.abc import Sequence
from datetime import date

from etl_kit.translation import _
from reporting_app import wording
from reporting_app.page import Card, Drawing
from reporting_app.performance import Performance
from reporting_app.performance_charts import Dot, against_target, curve, small_percent, works_against_money
from reporting_app.performance_figures import FAR_BEHIND, ON_PLAN, TARGET
from reporting_app.performance_tables import contract_name, reasons
from reporting_app.subject import drawing
from reporting_app.tables import Row, exact, maybe


def performance_lead(performance: Performance) -> str:
    """By when the loan is judged, in words."""
    if performance.cut is None:
        return _("What was negotiated, signed and paid; there is no base of contracts with months.")
    words = {"month": month_in_words(performance.cut), "day": wording.long_date(performance.as_of)}
    if performance.stated:
        return _(
            "Judged by the end of {month}, the last month of which the base of contracts (cut: {day}) "
            "says something real."
        ).format(**words)
    return _("The plan by the end of {month}, the last whole month before the cut of the base ({day}).").format(**words)


def performance_warnings(performance: Performance) -> list[str]:
    """What the figures cannot say."""
    warnings = []
    if performance.too_early:
        warnings.append(
            _("{count} rows of months after the cut of the base state something real; they do not count.").format(
                count=performance.too_early
            )
        )
    if performance.unread:
        warnings.append(
            _("The real progress of {count} contracts contradicts itself and counts as no data.").format(
                count=performance.unread
            )
        )
    if performance.cut is None or performance.stated:
        return warnings
    return [
        *warnings,
        _(
            "No contract of the base states a real disbursement or a real progress: execution, CPI, SPI, balance and "
            "burn rate have no data. They are not taken from elsewhere: what SECOP II says is paid is another figure."
        ),
    ]


def verdict(performance: Performance) -> tuple[str, str]:
    """Whether the loan is on plan, in words, and the mood: by SPI or, without it, by what was disbursed of the plan."""
    judged = maybe(performance.whole.get("spi"))
    if judged is None:
        judged = maybe(performance.whole.get("cumplimiento"))
    if judged is None:
        return wording.no_data(), ""
    if judged < FAR_BEHIND:
        return _("Far behind plan"), "mal"
    return (_("Behind plan"), "regular") if judged < ON_PLAN else (_("On plan"), "bien")


def performance_cards(performance: Performance) -> list[Card]:
    """What a director sees first: on plan or not, which contracts, and the money."""
    whole, ended = performance.whole, performance.ended
    words, mood = verdict(performance)
    executed, spent = maybe(whole.get("pct_negociado")), maybe(whole.get("real"))
    return [
        Card(
            label=_("Are we on plan?"),
            value=words,
            note=_("SPI {spi} · CPI {cpi} · of {due} contracts with disbursements due, {said} report").format(
                spi=wording.index(maybe(whole.get("spi"))),
                cpi=wording.index(maybe(whole.get("cpi"))),
                due=_count(whole, "con_plan"),
                said=_count(whole, "con_real"),
            ),
            mood=mood,
        ),
        _look_card(performance),
        Card(
            label=_("Execution of what was negotiated"),
            value=small_percent(executed),
            note=_("target {target} · of what is committed: {share}").format(
                target=wording.percent(TARGET, 0), share=small_percent(maybe(whole.get("pct_comprometido")))
            ),
            mood="" if executed is None else "bien" if executed >= TARGET else "regular",
        ),
        Card(
            label=_("Disbursed"),
            value=wording.large(spent),
            note=_("planned by the cut: {amount}").format(amount=wording.large(maybe(whole.get("planeado")))),
        ),
        Card(
            label=_("Committed"),
            value=wording.large(maybe(whole.get("comprometido"))),
            note=_("{share} of what was negotiated; paid according to SECOP II: {paid}").format(
                share=small_percent(maybe(whole.get("pct_firmado"))),
                paid=wording.large(maybe(whole.get("pagado_secop"))),
            ),
        ),
        Card(
            label=_("Balance"),
            value=wording.large(maybe(whole.get("saldo"))),
            note=_("negotiated and not disbursed; negotiated: {amount}").format(
                amount=wording.large(maybe(whole.get("negociado")))
            ),
        ),
        _pace_card(performance),
        Card(
            label=_("Success of processes"),
            value=wording.percent(maybe(ended.get("tasa"))),
            note=_("{awarded} awarded of {ended} ended; {open} go on").format(
                awarded=_count(ended, "adjudicados"), ended=_count(ended, "terminados"), open=_count(ended, "en_curso")
            ),
        ),
    ]


def performance_drawings(performance: Performance) -> list[Drawing]:
    """The charts, the most telling first; none of contracts to look at where there are none."""
    sources = performance.sources
    headings = (
        _("Planned, earned and disbursed so far"),
        _("Contracts to look at"),
        _("Committed and disbursed of what was negotiated"),
        _("Works against money by contract"),
    )
    look: list[Row] = [
        {**row, "nombre": f"{contract_name(row)} ({reasons(row)})"} for row in performance.look.rows(named=True)
    ]
    dots = _dots(performance)
    to_look_at = drawing(
        "g-por-mirar",
        headings[1],
        look,
        label="nombre",
        value="pendiente",
        text=wording.large,
        source=sources["base"],
        series=1,
    )
    return [
        Drawing(
            heading=headings[0],
            svg=curve("g-curva", performance.months.rows(named=True), cut=performance.cut, title=headings[0]),
            source=sources["base"],
        ),
        *([] if performance.nothing_to_look_at else [to_look_at]),
        Drawing(
            heading=headings[2],
            svg=against_target("g-meta", _bank_rows(performance), title=headings[2]),
            source="; ".join(dict.fromkeys([sources["bancos"], sources["secop"], sources["base"]])),
        ),
        Drawing(
            heading=headings[3],
            svg=works_against_money("g-obra-dinero", dots, title=headings[3]),
            source="; ".join(dict.fromkeys([sources["base"], sources["obras"]])),
        ),
    ]


def month_in_words(month: date) -> str:
    """A month in a sentence: `agosto de 2025`."""
    return _("{month} {year}").format(month=wording.months()[month.month - 1], year=month.year)


def _look_card(performance: Performance) -> Card:
    look = performance.look
    if performance.cut is None:
        return Card(label=_("Contracts to look at"), value=wording.no_data(), note=_("there is no base of contracts"))
    counts = {name: int(look.get_column(name).sum()) for name in ("lento", "caro", "adelantado", "callado")}
    return Card(
        label=_("Contracts to look at"),
        value=wording.whole(look.height),
        note=_(
            "{slow} behind plan · {dear} cost more than they earn · {ahead} with money ahead of works · "
            "{silent} without report"
        ).format(slow=counts["lento"], dear=counts["caro"], ahead=counts["adelantado"], silent=counts["callado"]),
        mood="mal" if look.height else "" if not performance.stated else "bien",
    )


def _pace_card(performance: Performance) -> Card:
    pace = performance.pace
    if pace.real is None:
        return Card(
            label=_("Burn rate per month"),
            value=wording.no_data(),
            note=_("planned: {amount} a month").format(amount=wording.large(pace.planned)),
        )
    return Card(
        label=_("Burn rate per month"),
        value=wording.large(pace.real),
        note=_("mean of {count} months; planned: {amount} a month; months left at this pace: {left}").format(
            count=pace.months, amount=wording.large(pace.planned), left=wording.points(pace.left)
        ),
    )


def _bank_rows(performance: Performance) -> list[Row]:
    rows: list[Row] = [
        {**row, "grupo": row["grupo"] or wording.no_data()} for row in performance.banks.rows(named=True)
    ]
    return [{**performance.whole, "grupo": "Total"}, *rows] if rows else []


def _dots(performance: Performance) -> list[Dot]:
    """Contracts of the base by its own progress, and contracts of SECOP II by that of their project units."""
    base = [(contract_name(row), row) for row in performance.contracts.rows(named=True)]
    secop = [(str(row["referencia_contrato"]), row) for row in performance.works.rows(named=True)]
    known: Sequence[tuple[str, Row]] = [*base, *secop]
    return [
        Dot(name=name, works=exact(row["avance_real"]), money=exact(row["financiero"]))
        for name, row in known
        if row["avance_real"] is not None and row["financiero"] is not None
    ]


def _count(row: Row, name: str) -> str:
    value = row.get(name)
    return wording.whole(value if isinstance(value, int) else None)
