"""What ``check``, ``scenario`` and ``allocate`` leave in a folder, or in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..safe_text import xml_text
from .console import say

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from ..model import Zone
    from ..planning.outputs import Checked

__all__ = ["refuse_over_full", "write_allocation", "write_check", "write_scenario"]

_CHECK_FILES = (
    "findings.gpkg",
    "findings.html",
    "findings.xlsx",
    "sheets.html",
    "sheets.pdf",
    "places/*.svg",
)


def refuse_over_full(out: Path) -> None:
    """Refuse to write a check that was kept to a part over one that was not, or over who knows what.

    Raises
    ------
    WriteError
        If what stands there is no such part itself.
    """
    from ..errors import WriteError
    from ..io.places import refuse_place
    from ..planning.outputs import is_part

    file = out / "findings.json" if out.is_dir() else out
    refuse_place(file.resolve(), file)
    if not file.exists() or is_part(file):
        return
    raise WriteError(
        f"{file} 是一次完整核查的成果或来历不明，本次只问了一部分，不会覆盖它。请用 -o 另指定位置。",
        f"{file} is of a full check, or of unknown origin; this one asks only a part and does not "
        "replace it. Name another place with -o.",
    )


def write_check(
    here: Zone, out: Path, result: Checked, text: str, lang: str, *, sheets: bool, atlas: bool
) -> list[Path]:
    """Write everything a check leaves: GeoPackage, workbook, JSON, sheets, map; or one file."""
    from ..io.places import result_folder
    from ..maps import save_map
    from ..planning import ledger, outputs, supply
    from ..planning.sheets import find_browser, write_sheets

    standing, waived, compared = result.standing, result.waived, result.compared
    silent, granted, question = result.not_checked, result.granted, result.question
    kind = out.suffix.lower()
    if kind == ".gpkg":
        return [outputs.write_findings_gpkg(out, standing, waived, asked=question)]
    if kind == ".json":
        return [outputs.write_json(out, text)]
    if kind == ".html":
        return [save_map(_atlas(here, standing, lang), out)]
    zh = lang == "zh"
    pages: list[tuple[str, pd.DataFrame]] = [
        ("汇总" if zh else "Summary", outputs.summary(standing, lang)),
        ("问题" if zh else "Findings", outputs.table_rows(standing, lang)),
    ]
    if len(silent):
        pages.append(("未查" if zh else "Not checked", outputs.coverage_rows(silent, lang)))
    if compared is not None:
        pages.append(("与上次比较" if zh else "Since last time", compared))
    if "parcel" in here.layers:
        if not here.quotas.empty:
            columns = ["unit", "use", "year", "plan_quota_m2", "approved_quota_m2",
                       "cumulative_quota_m2", "approved_m2", "supplied_m2", "started_m2",
                       "built_m2", "stock_m2", "left_ha", "left_mu", "balance_ha", "balance_mu",
                       "over"]  # fmt: skip
            pages.append(("指标台账" if zh else "Quota ledger", ledger.ledger(here)[columns]))
        if {"agreed_start_date", "supply_date"} <= set(here.layers["parcel"].columns):
            listed = supply.supply_list(here)
            columns = [name for name in _SUPPLY_COLUMNS if name in listed]
            table = outputs.plain_dates(listed[columns])
            pages.append(("供地与闲置" if zh else "Supply and idle", table))
            pages.append(("分期整治" if zh else "Programme", supply.programme(here)))
        matrix = ledger.use_matrix(here)
        pages.append(("规划与现状用途" if zh else "Planned by actual", matrix.as_table()))
    pages += _cluster_pages(here, lang)
    if len(waived):
        pages.append(("豁免" if zh else "Waived", outputs.table_rows(waived, lang)))
    if len(granted):
        pages.append(("豁免登记" if zh else "Waivers", granted))
    pages.append(("核查内容" if zh else "What was asked", outputs.question_rows(question, lang)))
    book = {
        "lang": lang,
        "title": here.names[lang],
        "remark": outputs.PART if question.partial else "",
    }
    if kind == ".xlsx":
        return [outputs.write_workbook(out, pages, **book)]
    folder = result_folder(out, "findings.json", _CHECK_FILES)
    data = outputs.write_json(folder / "findings.json", text)
    made = [
        outputs.write_findings_gpkg(folder / "findings.gpkg", standing, waived, asked=question),
        outputs.write_workbook(folder / "findings.xlsx", pages, **book),
        data,
    ]
    if atlas:
        made.append(save_map(_atlas(here, standing, lang), folder / "findings.html"))
    if sheets:
        printed = write_sheets(here, standing, folder, lang=lang)
        made += printed
        if printed and find_browser() is None:
            say(
                "本机没有 Chromium，只生成了 sheets.html；在任一浏览器中打开它并打印即得 PDF。"
                if zh
                else "There is no Chromium here, so only sheets.html was made; open it in any "
                "browser and print it to have the PDF.",
                err=True,
            )
    return made


def _cluster_pages(here: Zone, lang: str) -> list[tuple[str, pd.DataFrame]]:
    """What each park is specialised in, beside what the plan wanted of it."""
    import warnings

    from ..checks.plan import industries_of
    from ..clusters import location_quotients, orientation_match
    from ..errors import ZgcgisWarning

    firms = here.layers.get("enterprise")
    plan = here.plan
    if firms is None or not {"park_id", "industry"} <= set(firms.columns) or firms.empty:
        return []
    pages = []
    if plan is not None:
        match = orientation_match(firms, lambda park: industries_of(plan, park))
        pages.append(("产业与定位" if lang == "zh" else "Orientation", match))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)  # the column `small` says the same
        quotients = location_quotients(firms)
    pages.append(("区位商" if lang == "zh" else "Location quotients", quotients))
    return pages


def _atlas(zone: Zone, findings: GeoDataFrame, lang: str) -> Any:
    """The atlas with its findings, the largest of each severity first."""
    from ..findings import SEVERITIES
    from ..maps import draw_zone

    grave = findings["severity"].map({name: k for k, name in enumerate(SEVERITIES)})
    size = -findings["measured"].abs().where(findings["unit"] == "m2")
    order = findings.assign(_g=grave, _s=size).sort_values(["_g", "_s"], kind="stable").index
    return draw_zone(zone, findings=findings.loc[order], lang="en" if lang == "en" else "zh")


_SUPPLY_COLUMNS = (
    "id",
    "park_id",
    "owner",
    "listed",
    "area_m2",
    "due_date",
    "days_overdue",
    "days_since_approval",
    "idle_date",
    "built_share",
    "invested_share",
    "government",
    "fee_wan",
    "takeback",
    "takeback_date",
    "next_date",
    "missing",
    "clause",
)


def write_scenario(
    base: Zone, changed: Zone, wish: Any, answer: Any, out: str, lang: str
) -> list[Path]:
    """Write the workbook of a comparison, both maps, and the page that shows them together."""
    from ..io.places import result_folder
    from ..maps import save_map
    from ..planning.outputs import write_workbook

    folder = result_folder(out, "scenario.xlsx", ("before.html", "after.html", "compare.html"))
    zh = lang == "zh"
    pages = [
        ("台账差别" if zh else "Accounts", answer.accounts),
        ("指标差别" if zh else "Indicators", answer.indicators),
        ("得分差别" if zh else "Scores", answer.scores),
        ("问题差别" if zh else "Findings", answer.findings),
    ]
    return [
        write_workbook(folder / "scenario.xlsx", pages, lang=lang, title=wish.zh),
        save_map(_atlas(base, answer.before, lang), folder / "before.html"),
        save_map(_atlas(changed, answer.after, lang), folder / "after.html"),
        _side_by_side(folder, wish.zh if zh else wish.en, lang),
    ]


def _side_by_side(folder: Path, title: str, lang: str) -> Path:
    """Write a page that shows the two maps beside one another."""
    from html import escape

    from ..io.writing import write_text_whole

    zh, shown = lang == "zh", escape(xml_text(title))
    before, after = ("现状", "方案") if zh else ("Before", "After")
    page = f"""<!doctype html>
<html lang="{"zh-CN" if zh else "en"}"><head><meta charset="utf-8"><title>{shown}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; frame-src 'self' file:; style-src 'unsafe-inline'">
<style>html,body{{margin:0;height:100%;font:15px sans-serif}}body{{display:flex;flex-direction:column}}
h1{{font-size:17px;margin:8px 12px}}main{{flex:1;display:grid;grid-template-columns:1fr 1fr;gap:6px}}
figure{{margin:0;display:flex;flex-direction:column}}figcaption{{padding:2px 12px;font-weight:600}}
iframe{{flex:1;border:0;border-top:1px solid #9aa3ad}}
@media(max-width:700px){{main{{grid-template-columns:1fr}}}}</style></head>
<body><h1>{shown}</h1><main>
<figure><figcaption>{before}</figcaption><iframe src="before.html" title="{before}"></iframe></figure>
<figure><figcaption>{after}</figcaption><iframe src="after.html" title="{after}"></iframe></figure>
</main></body></html>
"""
    return write_text_whole(folder / "compare.html", page)


def write_allocation(out: str, answer: Any, setting: Any, changes: Any, lang: str) -> list[Path]:
    """Write the workbook of an allocation and, where there is one, the scenario that does it."""
    from ..io.places import result_folder
    from ..io.writing import write_text_whole
    from ..planning.demand import changes_toml
    from ..planning.outputs import write_workbook

    folder, zh = result_folder(out, "allocation.xlsx", ("scenario.toml",)), lang == "zh"
    pages = [
        ("安排" if zh else "Allocation", answer.chosen.drop(columns=["blocked"])),
        ("约束" if zh else "Limits", answer.limits),
        ("未列入" if zh else "Left out", setting.left_out),
    ]
    made = [write_workbook(folder / "allocation.xlsx", pages, lang=lang)]
    if changes is not None:
        text = changes_toml(changes, zh="用地安排方案", en="allocation")
        made.insert(0, write_text_whole(folder / "scenario.toml", text))
    return made
