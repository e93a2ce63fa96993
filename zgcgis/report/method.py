"""The method page (方法说明): every formula, option, edition and rule, from the registries."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import fields
from importlib import import_module
from itertools import groupby

from ..checks import RULES
from ..checks.topology import Limits
from ..indicators import EVIDENCE, INDICATORS
from ..language.terms import TERMS
from ..model import COLUMNS, LEVELS, Level
from ..plan.fields import CONTROLS, FORMS, REMARKS, Field
from ..standards import EDITIONS, POTENTIALS, Edition, load_standard
from ..standards.benchmarks import CAVEATS
from ..standards.evaluation import METHODS, Options
from .workbook import POTENTIAL_KINDS

__all__ = ["method_page", "zone_page"]

_METHODS = (
    ("熵权 entropy weights", "mcdm.entropy_weights", r"e_j = -\frac{\sum_i p_{ij} \ln p_{ij}}{\ln n}，\quad w_j = \frac{1 - e_j}{\sum_k (1 - e_k)}", "变体 variant 与平移量 shift 须注明；面板 panels：单元·年为行 unit-years are rows"),
    ("CRITIC", "mcdm.critic_weights", r"w_j \propto s_j \sum_k (1 - r_{jk})", "极差标准化后 on min-max data"),
    ("标准差法 deviation weights", "mcdm.deviation_weights", r"w_j = \frac{s_j}{\sum_k s_k}", "样本标准差 sample standard deviation"),
    ("组合赋权 combined weights", "mcdm.combine_weights", r"w \propto w_1 w_2", "或按份额平均 or a mean in given shares"),
    ("层次分析 AHP", "mcdm.ahp, mcdm.ahp_group", r"CI = \frac{\lambda - n}{n - 1}，\quad CR = \frac{CI}{RI}", "特征向量 eigenvector、和积 column、方根 geometric（Saaty）"),
    ("TOPSIS", "mcdm.topsis", r"C_i = \frac{D_i^-}{D_i^+ + D_i^-}", "向量规范化 vector-normalised"),
    ("VIKOR", "mcdm.vikor", r"Q = v \frac{S - S_0}{S_1 - S_0} + (1 - v) \frac{R - R_0}{R_1 - R_0}", ""),
    ("耦合协调 coupling coordination", "mcdm.coupling", r"C = \left[\frac{xy}{((x + y)/2)^2}\right]^k，\quad T = \alpha x + \beta y，\quad D = \sqrt{C T}", ""),
    ("名次可接受度 rank acceptability", "mcdm.rank_acceptability", "", "在允许范围的单纯形上均匀抽取权重 weights uniform on the simplex inside their ranges"),
    ("权重稳定区间 stability interval", "mcdm.stability_interval", "", "其余权重保持比例 the others keep their proportions"),
    ("CCR、BCC、NIRS", "dea.efficiency, dea.scale", r"\min \theta：\quad X \lambda \le \theta x_0，\quad Y \lambda \ge y_0，\quad \lambda \ge 0", "BCC：Σλ = 1；NIRS：Σλ ≤ 1；规模效率 scale = CCR/BCC"),
    ("SBM、超效率 SBM, super-efficiency", "dea.efficiency", r"\rho = \frac{1 - \frac{1}{m} \sum s^-_i / x_i}{1 + \frac{1}{s} \sum s^+_r / y_r}", "超效率不含自身 without the unit itself"),
    ("Malmquist", "dea.malmquist", r"EC = \frac{e_{11}}{e_{00}}，\quad TC = \sqrt{\frac{e_{01}}{e_{11}} \frac{e_{00}}{e_{10}}}", "e 的前一下标为前沿年份 first index: year of the frontier"),
    ("非期望产出 SBM bad outputs", "dea.efficiency", r"\rho = \frac{1 - \frac{1}{m} \sum s^-_i / x_i}{1 + \frac{1}{s + b} \left(\sum s^+_r / y_r + \sum s^b_k / b_k\right)}", "Tone 2003；超效率反号 super: signs turned round"),
    ("全局 Malmquist global", "dea.malmquist", r"MI = \frac{e_{G1}}{e_{G0}}", "一个前沿 one frontier of all years（Pastor & Lovell 2005）"),
    ("Malmquist–Luenberger、GML", "dea.malmquist_luenberger", r"ML = \sqrt{\frac{(1 + D_{00})(1 + D_{10})}{(1 + D_{01})(1 + D_{11})}}，\quad GML = \frac{1 + D_{G0}}{1 + D_{G1}}", ""),
    ("共同前沿 meta-frontier", "dea.metafrontier", r"TGR = \frac{\theta_{meta}}{\theta_{group}}", "技术差距 technology gap ratio"),
    ("窗口 DEA window", "dea.window", "", "每个窗口的全部单元·年为参考集 all unit-years of a window are the references"),
    ("交叉效率 cross-efficiency", "dea.cross_efficiency", r"E_{jk} = \frac{u_j y_k}{v_j x_k}", "Doyle & Green 1994 方法二 method II，仁慈或激进 benevolent or aggressive"),
    ("自助法 bootstrap", "dea.bootstrap", r"\left[\frac{1}{2/\hat\theta - q_{\alpha/2}(1/\hat\theta^*)}，\; \frac{1}{2/\hat\theta - q_{1 - \alpha/2}(1/\hat\theta^*)}\right]", "Simar & Wilson 1998：平滑、镜像、方差校正 smoothed, mirrored, variance kept"),
    ("障碍度 obstacle degree", "mcdm.obstacle_degrees", r"O_{ij} = \frac{100\, w_j (1 - r_{ij})}{\sum_k w_k (1 - r_{ik})}", ""),
    ("多系统耦合 coupling of many", "mcdm.coupling_of_many", r"C = \left[\frac{\prod u_i}{\bar u^n}\right]^k，\quad k = \frac{1}{n}，\quad D = \sqrt{C T}", ""),
    ("泰尔指数 Theil", "mcdm.theil", r"T = \sum_i s_i \frac{x_i}{\mu} \ln \frac{x_i}{\mu} = T_{between} + T_{within}", ""),
    ("Dagum 基尼 Gini", "mcdm.dagum_gini", r"G = G_w + G_{nb} + G_t", "组内 within、组间净值 net between、超变密度 overlap"),
    ("σ、β 收敛 convergence", "mcdm.sigma_convergence, mcdm.beta_convergence", r"\sigma = \frac{s}{\bar x}，\quad \frac{1}{T} \ln \frac{x_T}{x_0} = \alpha + \beta \ln x_0", ""),
    ("核密度 kernel density", "mcdm.kernel_density", r"\hat f(x) = \frac{1}{n h} \sum_i \phi\left(\frac{x - x_i}{h}\right)，\quad h = 0.9 \min\left(s, \frac{IQR}{1.34}\right) n^{-1/5}", "高斯核 Gaussian"),
    ("莫兰指数 Moran", "clusters.moran, clusters.lisa", r"I = \frac{n}{S_0} \frac{\sum_{ij} w_{ij} z_i z_j}{\sum_i z_i^2}，\quad I_i = \frac{(n - 1) z_i \sum_j w_{ij} z_j}{\sum_j z_j^2}", "Cliff & Ord 1981；Anselin 1995；置换检验 permutations；错误发现率 false-discovery rate"),
    ("热点 Getis–Ord Gi*", "clusters.getis_ord", r"z_i = \frac{\sum_j w_{ij} x_j - \bar x W_i}{s \sqrt{(n \sum_j w_{ij}^2 - W_i^2)/(n - 1)}}", "Ord & Getis 1995"),
    ("错误发现率 false discovery", "clusters.false_discovery", r"q_{(i)} = \min_{k \ge i} \frac{m\, p_{(k)}}{k}", "Benjamini & Hochberg 1995"),
    ("产业集聚 Ellison–Glaeser", "clusters.ellison_glaeser", r"\gamma = \frac{G - (1 - \sum x_j^2) H}{(1 - \sum x_j^2)(1 - H)}，\quad G = \sum_j (s_j - x_j)^2", "Ellison & Glaeser 1997"),
    ("距离密度 Duranton–Overman", "clusters.duranton_overman", r"\hat K(d) = \frac{2}{n (n - 1) h} \sum_{i < j} f\left(\frac{d - d_{ij}}{h}\right)", "0 处反射 reflected at 0；全局带 global band（Duranton & Overman 2005）"),
)  # fmt: skip


def method_page() -> str:
    """Return the page as Markdown; it holds nothing that is not in a registry or a data file."""
    lines = [
        "# 方法 Method",
        "",
        "本页由程序登记表生成。 This page is generated from the registries:",
        "`python -c \"from zgcgis.report import method_page; print(method_page(), end='')\" > docs/method.md`",
        "",
        "示范区和聚集区的指标是合计数之比，不是园区比率的平均。 Zone and groups: ratios of sums.",
        "",
        *_indicators(),
        *_potentials(),
        *_editions(),
        *_options(),
        *_methods(),
        *_rules(),
        *_quantities(),
    ]
    return "\n".join(lines) + "\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(heads)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in rows:
        cells = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def _indicators() -> list[str]:
    lines = ["## 指标 Indicators", ""]
    for name, (zh, en) in EVIDENCE.items():
        mine = [i for i in INDICATORS.values() if i.evidence == name]
        lines += [f"### {zh}", "", en[:1].upper() + en[1:] + ".", ""]
        lines += _table(
            ["键 Key", "指标", "Indicator", "单位", "方向", "公式", "Formula"],
            (
                [
                    f"`{i.key}`",
                    i.zh,
                    i.en,
                    i.unit,
                    i.direction,
                    f"${_typeset(ast.parse(i.formula, mode='eval').body)}$",
                    f"`{i.formula}`",
                ]
                for i in mine
            ),
        )
    return lines


def _typeset(node: ast.expr, *, held: bool = False) -> str:
    """Write a formula in LaTeX with the Chinese names of its quantities."""
    if isinstance(node, ast.Name):
        return rf"\text{{{TERMS[node.id].zh}}}"
    if not isinstance(node, ast.BinOp):
        return ast.unparse(node)
    if isinstance(node.op, ast.Div):
        top = node.left
        if isinstance(top, ast.BinOp) and isinstance(top.op, ast.Mult):
            whole = ast.BinOp(top.right, ast.Div(), node.right)
            return rf"{_typeset(top.left, held=True)} \times {_typeset(whole)}"
        return rf"\frac{{{_typeset(top)}}}{{{_typeset(node.right)}}}"
    sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\times"}[type(node.op)]
    within = isinstance(node.op, ast.Mult)
    text = f"{_typeset(node.left, held=within)} {sign} {_typeset(node.right, held=within)}"
    return f"({text})" if held and not within else text


def _potentials() -> list[str]:
    return [
        "## 潜力 Potentials",
        "",
        "各类潜力在空间上重叠，不得相加。 Kinds overlap in space and are never added up.",
        "",
        *_table(
            ["键 Key", "类别 Kind", "项目", "Item", "Formula"],
            (
                [f"`{p.item}`", " ".join(POTENTIAL_KINDS[p.kind]), p.zh, p.en, f"`{p.formula}`"]
                for p in POTENTIALS.values()
            ),
        ),
    ]


def _editions() -> list[str]:
    lines = ["## 标准版本 Editions", ""]
    for name in EDITIONS:
        if name.endswith("-as-found"):
            lines += [
                f"### `{name}`",
                "",
                "来源原样，有一个节点的权重之和不为 1，因此拒绝使用。",
                "As found: one node does not add to 1, so the edition is refused.",
                "",
            ]
            continue
        lines += _edition(load_standard(name))
    return lines


def _edition(edition: Edition) -> list[str]:
    lines = [f"### `{edition.id}`", "", f"{edition.zh}　{edition.en}", ""]
    for head, sayings in (
        ("已核实 Confirmed", edition.confirmed),
        ("仅见于第三方表格 Seen only in third-party forms", edition.forms_only),
        ("缺失 Missing", edition.missing),
        ("已修正 Mended", edition.mended),
    ):
        lines += [f"- **{head}**：{zh} {en}" for zh, en in sayings]
    rows = [
        [f"`{n.id}`", "　" * (n.depth - 1) + n.zh, n.en, f"{n.weight:g}", f"{n.low:g}–{n.high:g}"]
        for n in edition.nodes.values()
    ]
    return [*lines, "", *_table(["节点 Node", "名称", "Name", "权重 Weight", "范围 Range"], rows)]


def _options() -> list[str]:
    choices = {
        "默认 default": Options(),
        'cap = "none"': Options(cap=None),
        'idle = "ratio"': Options(idle="ratio"),
        'missing = "partial"': Options(missing="partial"),
        "round_like_form = true": Options(round_like_form=True),
    }
    standard = choices["默认 default"].describe()
    rows = []
    for name, options in choices.items():
        said = [s for s in options.describe() if name.startswith("默认") or s not in standard]
        rows.append([f"`{name}`", " ".join(zh for zh, _ in said), " ".join(en for _, en in said)])
    ways = [[f"`{key}`", zh, en] for key, (zh, en) in METHODS.items()]
    return [
        "## 评分选项 Options of scoring",
        "",
        *_table(["选项 Option", "含义", "Meaning"], rows),
        "理想值的确定方法 Ways to set an ideal value:",
        "",
        *_table(["键 Key", "方法", "Way"], ways),
        "全国基准的注意事项 Caveats of the national benchmarks:",
        "",
        *(f"- {zh} {en}" for zh, en in CAVEATS),
        "",
    ]


def _methods() -> list[str]:
    rows = [
        [name, f"`{call}`", f"${formula}$" if formula else "", text]
        for name, call, formula, text in _METHODS
    ]
    return [
        "## 多准则与效率 Many criteria, efficiency",
        "",
        *_table(["方法 Method", "Call", "公式 Formula", "说明 Remarks"], rows),
    ]


def _rules() -> list[str]:
    import_module("..intake.log", __package__)  # readers enter their rules when they are loaded
    lines = ["## 检查规则 Rules", ""]
    ordered = sorted(RULES.values(), key=lambda rule: rule.code)
    for _, rules in groupby(ordered, key=lambda rule: rule.code[0]):
        lines += _table(
            ["规则 Rule", "等级 Severity", "问题", "Finding", "条款 Clause"],
            ([f"`{r.code}`", r.severity, r.zh, r.en, r.clause] for r in rules),
        )
    return lines


def _quantities() -> list[str]:
    rows = [[f"`{t.key}`", t.zh, t.en, t.unit, f"{t.note_zh} {t.note_en}"] for t in TERMS.values()]
    return [
        "## 台账量 Quantities",
        "",
        *_table(["键 Key", "名称", "Name", "单位", "含义 Meaning"], rows),
    ]


# --- what a zone folder holds ----------------------------------------------------------------------


_FILES = {
    "zone.toml": "示范区的基本信息",
    "plan.toml": "规划内容：产业、聚集区、目标、要求，每条注明条款",
    "evaluation.toml": "评价的版本、类型、权重和理想值",
    "parks.csv": "单元：示范区、聚集区、园区、街区",
    "accounts.csv": "台账：填报的量",
    "quotas.csv": "用地指标",
    "waivers.toml": "不再提示的问题及理由",
    "controls.csv": "项目准入的控制指标",
    "negative_list.csv": "负面清单",
    "land_use.csv": "自带的地类代码表（体系名写在 zone.toml 的 `land_use_system`；空白的状况和建设用地按大类）",
    "members.csv": "单元的成员",
    "names.csv": "单元的曾用名",
    "boundaries.csv": "四至",
    "digest.toml": "规划摘要：逐条的编号、名称、数字（文件名写在 plan.toml 的 `digest`）",
    "edition": "自带的评价标准（文件名写在 evaluation.toml 的 `standard`）",
    "project.toml": "准入审核的项目（`zgcgis admit`）",
    "scenario.toml": "调整方案（`zgcgis scenario`）",
    "demand.toml": "用地需求（`zgcgis allocate`）",
}
_KINDS = {
    "text": "文字", "id": "编号", "name": "名称（可作文件名）", "number": "数", "year": "年份",
    "years": "年份列表", "period": "时段", "day": "日期", "flag": "是或否", "point": "[经度, 纬度]",
    "texts": "文字列表", "path": "文件名", "matrices": "判断矩阵", "share": "0 至 1",
    "range": "两个 0 至 1 的数", "unit": "单元编号", "term": "量的名称（zgcgis terms）",
    "terms": "量的名称列表", "use": "用途", "span": "年或其中一段", "any": "不限",
    "control": "控制指标", "codes": "行业代码（GB/T 4754），列表或“代码 = 名称”的表",
    "colour": "颜色（#rrggbb）", "system": "地类体系", "table": "表", "tables": "若干个表", "named": "表，键自定",
    "each": "键自定",
}  # fmt: skip
_MEANS = {
    "tolerance_m": "测量误差：窄于此宽度的重叠、缝隙、出界不算问题，按街区合计一行",
    "overlap_m2": "小于此面积的重叠不提",
    "gap_m2": "小于此面积的缝隙不提",
    "outside_m2": "小于此面积的出界不提",
    "duplicate_share": "两宗地重合到这个比例算重复",
    "sliver_width_m": "窄于此宽度的宗地算狭长",
    "sharp_angle_deg": "小于此角度算尖角",
    "min_parcel_m2": "小于此面积的宗地要提示",
    "area_share": "登记面积与图形相差超过此比例要提示",
    "off_parcel_share": "建筑有这个比例在宗地之外要提示",
    "street_m": "宽于此的空地当作街道，不算缺宗地；不填时由数据推断",
    "notch_m": "园区边缘窄于此的空地算缺宗地；不填时由数据推断",
}
_NOTES = {
    "zone.toml/public": "`--public` 的成果不含：土地使用权人（`owner`）；本页没有列出的列（合同编号、电话、备注等，不必写）；"
    "以及这里写的列和图层。列写键名或中文名，`parcel.land_price_wan` 只指一个图层；编号（`id`）和企业的 `year` 不能略去，可略去整个图层。"
    "略去在计算之前，由它们算出的结果也没有。",
}
_TYPES = {"text": "文字", "float": "数", "int": "整数", "date": "日期", "bool": "是或否"}
_SHAPES = {"polygon": "面", "line": "线", "point": "点", "any": "任意"}


def zone_page() -> str:
    """Return what may stand in a zone folder as Markdown, from the schema of its files."""
    lines = [
        "# 示范区文件夹里可以写什么",
        "",
        "一个示范区就是一个文件夹：`zgcgis new` 建立，`zgcgis import` 放入图层，其余文件用记事本或表格软件填写。下列是每个文件的键或列；",
        "写错的键、列、值在读取时会点名文件、行、列和最接近的写法；`zgcgis doctor 文件夹` 一次列出全部错误和各命令能做什么。CSV 的列名可用英文或所列的中文。",
        f"任何一张表里都可以写备注：{'、'.join(f'`{key}`' for key in sorted(REMARKS))}。",
        "",
    ]
    for form, title in _FILES.items():
        lines += _form(form, f"## `{form}` {title}")
        for below in FORMS:
            if below.startswith(f"{form}/"):
                lines += _form(below, f"### `[{below.partition('/')[2]}]`")
    lines += [
        "## `layers/` 图层",
        "",
        "每一级一个文件，如 `layers/parcel.gpkg`（.parquet、.gpkg 或 .geojson）。",
        "",
    ]
    for level in LEVELS.values():
        if level.columns:
            lines += _level(level)
    lines += ["本页由程序生成：", "`python -c \"from zgcgis.report import zone_page; print(zone_page(), end='')\" > docs/zone.zh.md`", ""]  # fmt: skip
    return "\n".join(lines)


def _form(form: str, title: str) -> list[str]:
    rows, table = FORMS[form], form.endswith(".csv")
    if form == "zone.toml/checks":
        heads = ["键", "意思", "未写时", "可用的值"]
        without = {one.name: one.default for one in fields(Limits)}
        cells = [
            [f"`{key}`", _MEANS[key], "由数据推断" if without[key] is None else f"{without[key]:g}", _allowed(field)]
            for key, field in rows.items()
        ]  # fmt: skip
    else:
        heads = [*(["列", "中文列名"] if table else ["键"]), "种类", "必填", "可用的值"]
        cells = [
            [f"`{key}`", *(["、".join(field.heads) or "—"] if table else []), _KINDS[field.kind],
             "是" if field.needed else "", _allowed(field)]
            for key, field in rows.items()
        ]  # fmt: skip
    note = [_NOTES[form], ""] if form in _NOTES else []
    return [title, "", *note, *_markdown(heads, cells), ""]


def _allowed(field: Field) -> str:
    words = {value: word for word, value in reversed(list(field.words.items()))}
    values = [
        f"`{one}`" + (f"（{words[one]}）" if one in words else "") for one in field.values if one
    ]
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("大于", field.above), ("不小于", field.least), ("不大于", field.most))
        if bound is not None
    ]
    said = ["、".join(values), "，".join(bounds)]
    if field.kind == "control":
        said.append("、".join(f"`{key}`（{one.zh}，{one.unit}）" for key, one in CONTROLS.items()))
    if field.of in FORMS:
        said.append(f"见 `{field.of.rpartition('/')[2]}`")
    if field.blank:
        said.append(f"空白作 `{field.blank}`")
    return "；".join(one for one in said if one) or "—"


def _level(level: Level) -> list[str]:
    cells = [
        [f"`{key}`", COLUMNS[key].zh, _TYPES[COLUMNS[key].type], "、".join(f"`{one}`" for one in COLUMNS[key].values) or "—"]
        for key in level.columns
    ]  # fmt: skip
    title = f"### `{level.key}` {level.zh}（{_SHAPES[level.geometry]}）"
    return [title, "", *_markdown(["列", "意思", "种类", "可用的值"], cells), ""]


def _markdown(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]
