"""What may be wrong with a file, and how it is mended: the rules R101 to R6xx.

Each entry says how it ends: ``note`` (accept, with a finding), ``finding`` (accept, with a
finding to look at), ``repair`` (repaired, with a record), ``feature`` (the feature is refused),
``file`` (the file is refused until told what is meant). ``docs/reading.md`` says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..findings import RULES, Severity, define

__all__ = ["ENDS", "MENDS", "End", "Mend", "mend_of", "table_of_rules"]

End: TypeAlias = Literal["note", "finding", "repair", "feature", "file"]


@dataclass(frozen=True, slots=True)
class Mend:
    """How a finding is mended, in both languages; ``{file}`` and the row's fields are filled in."""

    zh: str
    en: str


ENDS: dict[str, End] = {}
MENDS: dict[str, Mend] = {}


def mend_of(rule: str, lang: str) -> str:
    """Return the template that says how findings of `rule` are mended."""
    mend = MENDS.get(rule)
    return "" if mend is None else mend.zh if lang == "zh" else mend.en


def table_of_rules() -> str:
    """Return the rules as a Markdown table, for ``docs/reading.md``."""
    words = {
        "note": "采用，提示 accept, note",
        "finding": "采用，列为问题 accept, finding",
        "repair": "修复并记录 repair, recorded",
        "feature": "不采用该要素 refuse feature",
        "file": "不采用该文件 refuse file",
    }
    lines = ["| 规则 | 结局 | 说明 | 办法 |", "|---|---|---|---|"]
    for code, end in ENDS.items():
        rule, mend = RULES[code], MENDS[code]
        said = f"{rule.zh}<br>{rule.en}"
        way = f"{mend.zh}<br>{mend.en}" if mend.zh else ""
        cells = [c.replace("|", "\\|") for c in (said, way)]
        lines.append(f"| {code} | {words[end]} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def _add(
    code: str,
    end: End,
    zh: str,
    en: str,
    mend_zh: str = "",
    mend_en: str = "",
    *,
    severity: Severity | None = None,
    unit: str = "",
) -> None:
    by_end: dict[End, Severity] = {
        "note": "note",
        "finding": "warning",
        "repair": "warning",
        "feature": "error",
        "file": "error",
    }
    define(code, severity or by_end[end], zh=zh, en=en, unit=unit)
    ENDS[code] = end
    MENDS[code] = Mend(mend_zh, mend_en)


_CRS_ZH = "zgcgis import {file} --crs EPSG:代号（可能是：{detail}）"
_CRS_EN = "zgcgis import {file} --crs EPSG:CODE (perhaps: {detail})"

# R1: coordinates -------------------------------------------------------------------------------
_add(
    "R101",
    "file",
    "没有说明坐标系；从坐标数值看可能是：{detail}",
    "no coordinate reference system is stated; by the numbers it may be: {detail}",
    _CRS_ZH,
    _CRS_EN,
)
_add(
    "R102",
    "file",
    "坐标系说明读不懂：{detail}",
    "the coordinate reference system cannot be understood: {detail}",
    "zgcgis import {file} --crs EPSG:代号",
    "zgcgis import {file} --crs EPSG:CODE",
)
_add(
    "R103",
    "file",
    "声明的坐标系 {other} 与坐标数值矛盾；从数值看可能是：{detail}",
    "the stated system {other} contradicts the numbers; by these it may be: {detail}",
    _CRS_ZH,
    _CRS_EN,
)
_add(
    "R104",
    "file",
    "横纵坐标看来颠倒了（按 {other} 落在中国之外，对调后落在 {detail}）",
    "the axes look swapped (in {other} the data lie outside China, swapped at {detail})",
    "zgcgis import {file} --accept R104（按对调后的坐标导入）",
    "zgcgis import {file} --accept R104 (imports with the axes swapped)",
)
_add(
    "R105",
    "file",
    "横坐标的带号与声明的坐标系 {other} 不一致；从数值看可能是：{detail}",
    "the zone number before the eastings does not fit {other}; by the numbers: {detail}",
    _CRS_ZH,
    _CRS_EN,
)
_add(
    "R106",
    "file",
    "坐标系说明自相矛盾：{detail}",
    "the description of the coordinate reference system contradicts itself: {detail}",
    "核实中央经线后：zgcgis import {file} --crs EPSG:代号",
    "check the central meridian, then: zgcgis import {file} --crs EPSG:CODE",
)
_add(
    "R107",
    "finding",
    "数据离声明的中央经线 {limit:.0f}° 有 {measured:.1f}°，超出该投影带，请核实",
    "the data lie {measured:.1f}° off the stated central meridian {limit:.0f}°, beyond its belt",
    "核实后：zgcgis import {file} --crs EPSG:代号",
    "check, then: zgcgis import {file} --crs EPSG:CODE",
)
_add(
    "R108",
    "file",
    "按 {other} 计算，数据落在中国之外（{detail}）",
    "by {other} the data lie outside China ({detail})",
    "zgcgis import {file} --crs EPSG:代号",
    "zgcgis import {file} --crs EPSG:CODE",
)
_add(
    "R109",
    "file",
    "数据的位置与{detail}不符，相距约 {measured:.0f} km，坐标系或中央经线可能有误",
    "the data lie about {measured:.0f} km from {detail}: wrong system or central meridian?",
    "zgcgis import {file} --crs EPSG:代号；位置属实时加 --accept R109",
    "zgcgis import {file} --crs EPSG:CODE; if the place is right, --accept R109",
    unit="km",
)
_add(
    "R110",
    "file",
    "坐标看来属于地方独立坐标系（{detail}），与国家坐标系的转换参数须由测绘单位提供",
    "the numbers look like a local city grid ({detail}); its parameters must come from its owner",
    "请测绘单位转换为 CGCS2000，或 zgcgis import {file} --crs “含 +towgs84 参数的 proj 串”",
    'have it converted to CGCS2000, or zgcgis import {file} --crs "+proj=… +towgs84=…"',
)
_add(
    "R111",
    "file",
    "{other} 是旧基准（1954 年北京坐标系或 1980 西安坐标系），没有当地参数不能换算到 CGCS2000",
    "{other} is on an older datum (Beijing 1954 or Xian 1980); CGCS2000 needs local parameters",
    "请测绘单位转换为 CGCS2000，或 zgcgis import {file} --crs “含 +towgs84 参数的 proj 串”",
    'have it converted to CGCS2000, or zgcgis import {file} --crs "+proj=… +towgs84=…"',
)
_add(
    "R112",
    "finding",
    "与 {other} 相差约 {measured:.0f} m，形态与 {detail} 偏移一致，可能未纠偏",
    "lies about {measured:.0f} m off {other}, in the way of {detail}",
    "确认后：zgcgis import {file} --datum gcj02（或 bd09）",
    "when sure: zgcgis import {file} --datum gcj02 (or bd09)",
    unit="m",
)
_add(
    "R113",
    "finding",
    "名称“{detail}”提示坐标可能是 GCJ-02 或 BD-09",
    "the name {detail!r} hints at GCJ-02 or BD-09 coordinates",
    "确认后：zgcgis import {file} --datum gcj02（或 bd09）",
    "when sure: zgcgis import {file} --datum gcj02 (or bd09)",
)
_add(
    "R114",
    "finding",
    "坐标系是网络地图投影（{other}）：位置可用，面积按椭球面另算，切勿直接量算",
    "web map projection ({other}): positions are used, areas are taken on the ellipsoid",
)
_add(
    "R115",
    "note",
    "按选项 --crs {other} 读取，文件中声明的是 {detail}",
    "read as told by --crs {other}; the file states {detail}",
)
_add(
    "R116",
    "repair",
    "按 --accept R104 对调了横纵坐标",
    "the axes were swapped, as told by --accept R104",
)
_add(
    "R117",
    "finding",
    "图层之间相距约 {measured:.0f} km（{other}），请核实坐标系",
    "the layers lie about {measured:.0f} km apart ({other}); check their systems",
    "核实后：zgcgis import {file} --layer 图层 --crs EPSG:代号",
    "check, then: zgcgis import {file} --layer LAYER --crs EPSG:CODE",
    unit="km",
)
_add(
    "R118",
    "repair",
    "按 --datum {detail} 从地图商坐标改正（近似，约 1 m），不宜用于面积和权属",
    "moved from {detail} as told by --datum (approximate, about 1 m; not for area or title)",
)

# R2: text --------------------------------------------------------------------------------------
_add(
    "R201",
    "note",
    "未声明文字编码；按证据读作 {detail}",
    "no encoding is stated; read as {detail} by the evidence",
    "zgcgis import {file} --encoding 编码（若文字不对）",
    "zgcgis import {file} --encoding NAME (if the text is wrong)",
)
_add(
    "R202",
    "finding",
    "声明的编码 {other} 与内容不符；按证据读作 {detail}",
    "the stated encoding {other} does not fit the bytes; read as {detail} by the evidence",
    "zgcgis import {file} --encoding 编码（若文字不对）",
    "zgcgis import {file} --encoding NAME (if the text is wrong)",
)
_add(
    "R203",
    "file",
    "文字按任何可能的编码都读不通（{detail}）",
    "the text fits no likely encoding ({detail})",
    "zgcgis import {file} --encoding gb18030（或实际编码）",
    "zgcgis import {file} --encoding gb18030 (or whatever it is)",
)
_add(
    "R204",
    "feature",
    "要素 {feature} 的“{other}”按 {detail} 读不通",
    "{other!r} of feature {feature} cannot be read as {detail}",
    "在源文件中改正该文字，或用 --encoding 指定编码",
    "mend the text in the source, or say --encoding",
)
_add(
    "R205",
    "repair",
    "要素 {feature} 的“{other}”在字段宽度处被截断，去掉了最后半个字",
    "{other!r} of feature {feature} is cut at the field's width; half a character was dropped",
    "加宽字段后重新导出，或改用 GeoPackage",
    "export again with wider fields, or as GeoPackage",
    severity="note",
)
_add(
    "R206",
    "file",
    "“{other}”等文字是乱码（{detail}），写出该文件的程序用错了编码",
    "text such as {other!r} is garbled ({detail}): written with the wrong encoding",
    "用正确编码重新导出；或 zgcgis import {file} --accept R206（按推断还原并记录）",
    "export again; or zgcgis import {file} --accept R206 (turns it back, with a record)",
)
_add(
    "R207",
    "finding",
    "要素 {feature} 的“{other}”有丢失的文字（替换符）：{detail}",
    "{other!r} of feature {feature} has lost characters: {detail}",
    "用正确编码重新导出",
    "export again with the right encoding",
)
_add(
    "R208",
    "finding",
    "字段名 {detail} 被截断或重复，读作 {other}",
    "the column name {detail} is cut or repeated; read as {other}",
    "zgcgis import {file} --rename 旧名=新名",
    "zgcgis import {file} --rename OLD=NEW",
)
_add(
    "R209",
    "repair",
    "要素 {feature} 的“{other}”含看不见的字符，已去掉：{detail}",
    "{other!r} of feature {feature} had invisible characters, removed: {detail}",
)
_add(
    "R210",
    "repair",
    "要素 {feature} 的“{other}”含全角字符，已转为半角：{detail}",
    "{other!r} of feature {feature} had full-width forms, made plain: {detail}",
)
_add(
    "R211",
    "repair",
    "“{other}”有 {measured:.0f} 个值首尾带空白，已去掉",
    "{measured:.0f} value(s) of {other!r} had blanks around them, removed",
    severity="note",
)
_add(
    "R212",
    "finding",
    "“{other}”含看似代码或公式的文字（如“{detail}”），仅作为文字保存",
    "{other!r} holds text that looks like code or a formula ({detail!r}); kept as mere text",
)
_add(
    "R213",
    "note",
    "压缩包内的文件名按 {detail} 解读",
    "names inside the archive were read as {detail}",
)
_add(
    "R214",
    "file",
    "字段名重复：{detail}",
    "columns of the same name: {detail}",
    "在源文件中改名后重试",
    "give them different names in the source",
)

# R3: geometry ----------------------------------------------------------------------------------
_add(
    "R301",
    "repair",
    "要素 {feature} 的边界自相交，已修复，面积 {measured:.2f} → {limit:.2f} m²",
    "feature {feature} crosses itself; mended, area {measured:.2f} → {limit:.2f} m2",
    "核对修复后的边界",
    "look at the mended outline",
    unit="m2",
)
_add(
    "R302",
    "repair",
    "要素 {feature} 的边界未闭合，已连接首尾点，面积 {limit:.2f} m²",
    "a ring of feature {feature} was not closed; closed, area {limit:.2f} m2",
    unit="m2",
)
_add(
    "R303",
    "repair",
    "要素 {feature} 有重复点，已去掉 {measured:.0f} 个",
    "feature {feature} had {measured:.0f} repeated point(s), dropped",
    severity="note",
)
_add(
    "R304",
    "feature",
    "要素 {feature} 没有图形",
    "feature {feature} has no geometry",
    "在源文件中补绘或删除该要素",
    "draw it or delete it in the source",
)
_add(
    "R305",
    "feature",
    "要素 {feature} 的图形是空的",
    "the geometry of feature {feature} is empty",
    "在源文件中补绘或删除该要素",
    "draw it or delete it in the source",
)
_add(
    "R306",
    "feature",
    "要素 {feature} 的坐标不是有限数",
    "feature {feature} has coordinates that are not finite numbers",
    "在源文件中改正坐标",
    "mend the coordinates in the source",
)
_add(
    "R307",
    "feature",
    "要素 {feature} 退化成线或点，没有面积",
    "feature {feature} has collapsed to a line or point; it has no area",
    "在源文件中重绘或删除",
    "draw it again or delete it in the source",
)
_add(
    "R308",
    "feature",
    "要素 {feature} 是{detail}，此处应为{other}",
    "feature {feature} is a {detail}, expected {other}",
    "分层导入，或在源文件中改正",
    "import by layers, or mend it in the source",
)
_add(
    "R309",
    "note",
    "{measured:.0f} 个要素带高程或测量值，按平面图形导入",
    "{measured:.0f} feature(s) carry heights or measures; taken in the plane",
)
_add(
    "R310",
    "note",
    "{measured:.0f} 个要素含曲线，已按弦线化",
    "{measured:.0f} feature(s) are curved; turned into short chords",
)
_add(
    "R311",
    "feature",
    "要素 {feature} 离其他要素约 {measured:.0f} km，或有顶点在远处",
    "feature {feature} lies about {measured:.0f} km from the others, or has a vertex far away",
    "在源文件中改正坐标；位置属实时加 --accept R311",
    "mend the coordinates in the source; if the place is right, --accept R311",
    unit="km",
)
_add(
    "R312",
    "finding",
    "要素 {feature} 细长破碎（平均宽度 {measured:.3f} m，下限 {limit} m）",
    "feature {feature} is a sliver (mean width {measured:.3f} m, limit {limit} m)",
    "在源文件中合并或删除",
    "merge or delete it in the source",
    unit="m",
)
_add(
    "R313",
    "finding",
    "要素 {feature} 有尖刺（夹角 {measured:.2f}°，下限 {limit}°）",
    "feature {feature} has a spike (angle {measured:.2f}°, limit {limit}°)",
    "在源文件中去掉尖刺",
    "remove the spike in the source",
)
_add(
    "R314",
    "repair",
    "要素 {feature} 的各部分相互重叠，已合并，面积 {measured:.2f} → {limit:.2f} m²",
    "parts of feature {feature} lie on one another; merged, area {measured:.2f} → {limit:.2f} m2",
    "核对修复后的边界",
    "look at the mended outline",
    unit="m2",
)
_add(
    "R315",
    "repair",
    "要素 {feature} 的孔洞位置有误，已修复，面积 {measured:.2f} → {limit:.2f} m²",
    "a hole of feature {feature} was misplaced; mended, area {measured:.2f} → {limit:.2f} m2",
    "核对修复后的边界",
    "look at the mended outline",
    unit="m2",
)
_add(
    "R316",
    "feature",
    "要素 {feature} 的一个部分完全落在另一部分之内：是孔洞还是重复，无法判断",
    "a part of feature {feature} lies wholly within another: hole or double, it cannot be told",
    "在源文件中改正；或 --accept R316（按合并处理）",
    "mend it in the source; or --accept R316 (counts the land once)",
)
_add(
    "R317",
    "finding",
    "要素 {feature} 有 {measured:.0f} 个部分（超过 {limit:.0f} 个）",
    "feature {feature} has {measured:.0f} parts (more than {limit:.0f})",
)
_add(
    "R318",
    "repair",
    "要素 {feature} 是混合图形，取其面的部分，面积 {limit:.2f} m²",
    "feature {feature} is a mixed collection; its polygons were taken, area {limit:.2f} m2",
    "核对取出的部分",
    "look at what was taken",
    unit="m2",
)
_add(
    "R319",
    "feature",
    "要素 {feature} 与 {other} 完全相同（图形和属性），只保留前者",
    "feature {feature} is the same as {other} in shape and attributes; the first is kept",
    "在源文件中删除重复要素",
    "delete the double in the source",
)
_add(
    "R320",
    "feature",
    "要素 {feature} 的图形无法修复：{detail}",
    "the geometry of feature {feature} cannot be mended: {detail}",
    "在源文件中重绘",
    "draw it again in the source",
)
_add(
    "R321",
    "finding",
    "要素 {feature} 与 {other} 的图形完全相同，编号不同",
    "feature {feature} has the same shape as {other} under another id",
    "在源文件中核对",
    "check both in the source",
)
_add(
    "R322",
    "repair",
    "要素 {feature} 的孔洞重复、退化或方向有误，已整理，面积 {measured:.2f} → {limit:.2f} m²",
    "rings of feature {feature} were tidied, area {measured:.2f} → {limit:.2f} m2",
    unit="m2",
    severity="note",
)

# R4: containers and hostile files --------------------------------------------------------------
_add(
    "R401",
    "file",
    "不能读取：{detail}",
    "cannot be read: {detail}",
    "给出普通文件的路径",
    "name a regular file",
)
_add(
    "R402",
    "file",
    "“{detail}”不是文件路径；不接受网址、虚拟路径或内嵌内容",
    "{detail!r} is not a path to a file; addresses, virtual paths and inline text are refused",
    "先把数据存为本机文件",
    "save the data as a file first",
)
_add(
    "R403",
    "file",
    "内容与文件类型不符或不支持：{detail}",
    "the content is not what the name says, or not supported: {detail}",
    "用 GIS 软件另存为 GeoPackage 后重试",
    "save it as GeoPackage and try again",
)
_add(
    "R404",
    "file",
    "文件是空的（0 字节）",
    "the file is empty (0 bytes)",
    "重新取得文件",
    "fetch the file again",
)
_add(
    "R405",
    "file",
    "文件不完整或已损坏：{detail}",
    "the file is cut or damaged: {detail}",
    "重新取得文件",
    "fetch the file again",
)
_add(
    "R406",
    "file",
    "缺少配套文件 {detail}",
    "the companion {detail} is missing",
    "把配套文件放在一起；只要图形时 zgcgis import {file} --accept R406",
    "put it beside; for the shapes alone: zgcgis import {file} --accept R406",
)
_add(
    "R407",
    "file",
    "图形有 {measured:.0f} 条，属性有 {limit:.0f} 条，对不上",
    "there are {measured:.0f} shapes but {limit:.0f} rows of attributes",
    "重新导出整套文件",
    "export the whole set again",
)
_add(
    "R408",
    "finding",
    "{measured:.0f} 条记录标有删除标记，未导入",
    "{measured:.0f} record(s) are marked as deleted and were left out",
    "在源软件中压缩（pack）后重新导出",
    "pack the table and export again",
)
_add(
    "R409",
    "finding",
    "文件头的长度与实际不符（{detail}），按实际内容读取",
    "the length in the header is not the file's ({detail}); read by content",
    "重新导出",
    "export again",
)
_add(
    "R410",
    "repair",
    "索引文件 .shx {detail}，已重建（原文件未改动）",
    "the index .shx is {detail}; rebuilt (the original was not touched)",
    "重新导出整套文件",
    "export the whole set again",
)
_add(
    "R411",
    "file",
    "文件有多个图层：{detail}",
    "the file has several layers: {detail}",
    "zgcgis import {file} --layer 图层名",
    "zgcgis import {file} --layer NAME",
)
_add(
    "R412",
    "file",
    "没有可用的要素：{detail}",
    "there is nothing to use: {detail}",
    "核对文件内容",
    "check the file's content",
)
_add(
    "R413",
    "file",
    "没有名为“{other}”的图层，有：{detail}",
    "there is no layer {other!r}; there are: {detail}",
    "zgcgis import {file} --layer 图层名",
    "zgcgis import {file} --layer NAME",
)
_add(
    "R420",
    "file",
    "压缩包内的路径越界：{detail}",
    "a path in the archive leads outside: {detail}",
    "不要使用来历不明的压缩包",
    "do not use archives of unknown origin",
)
_add(
    "R421",
    "file",
    "压缩包内有链接：{detail}",
    "the archive holds a link: {detail}",
    "重新打包",
    "pack it again without links",
)
_add("R422", "file", "压缩包有密码", "the archive is encrypted", "解压后再导入", "unpack it first")
_add(
    "R423",
    "file",
    "压缩包解开后过大（{detail}）",
    "the archive unpacks to too much ({detail})",
    "不要使用来历不明的压缩包",
    "do not use archives of unknown origin",
)
_add(
    "R424",
    "file",
    "压缩包内还有压缩包：{detail}",
    "an archive inside the archive: {detail}",
    "解压后再导入",
    "unpack it first",
)
_add(
    "R425",
    "file",
    "压缩包内有多份数据：{detail}",
    "several data sets in the archive: {detail}",
    "解压后分别导入",
    "unpack it and import one by one",
)
_add(
    "R426",
    "file",
    "压缩包内有同名文件：{detail}",
    "the archive holds the same name twice: {detail}",
    "重新打包",
    "pack it again",
)
_add(
    "R430",
    "file",
    "文件引用别处的数据（{detail}），不予打开",
    "the file refers to data elsewhere ({detail}); it is not opened",
    "给出数据本身",
    "name the data itself",
)
_add(
    "R431",
    "file",
    "文件含指向别处的链接（{detail}），不予打开",
    "the file holds a link to elsewhere ({detail}); it is not opened",
    "去掉链接后重试",
    "remove the link",
)
_add(
    "R432",
    "file",
    "XML 含 DOCTYPE 或实体声明，不予打开",
    "the XML declares a DOCTYPE or entities; it is not opened",
    "去掉 DOCTYPE 后重试",
    "remove the DOCTYPE",
)
_add(
    "R433",
    "file",
    "嵌套过深（上限 {limit:.0f} 层）",
    "nested too deep (limit {limit:.0f})",
    "核对文件来源",
    "check where the file comes from",
)
_add(
    "R435",
    "finding",
    "数据库中有触发器或视图（{detail}），未执行、未读取",
    "the database holds triggers or views ({detail}); they were neither run nor read",
    "核对文件来源",
    "check where the file comes from",
)
_add(
    "R436",
    "finding",
    "图层或字段的名称异常，已改写：{detail}",
    "odd layer or column names were rewritten: {detail}",
    "在源文件中改名",
    "rename them in the source",
)
_add(
    "R438",
    "finding",
    "数据库旁有未合并的改动（-wal），已一并读取；请关闭正在使用它的程序",
    "changes not yet merged (-wal) lie beside the database and were read; close its user",
    "关闭正在使用该文件的程序",
    "close the program that uses it",
)
_add(
    "R440",
    "file",
    "读取程序崩溃：{detail}",
    "the reader broke down: {detail}",
    "核对文件是否损坏",
    "check whether the file is damaged",
)
_add(
    "R441",
    "file",
    "读取超过 {limit:.0f} 秒，已停止",
    "reading took more than {limit:.0f} s; stopped",
    "拆分文件后重试",
    "split the file",
)
_add(
    "R442",
    "file",
    "读取所需内存超过上限，已停止",
    "reading needed too much memory; stopped",
    "拆分文件后重试",
    "split the file",
)
_add(
    "R443",
    "file",
    "读取期间文件被改动",
    "the file changed while it was read",
    "等其他程序写完后重试",
    "wait until the other program is done",
)
_add(
    "R444",
    "file",
    "数量超过上限：{measured:.0f}（上限 {limit:.0f}）",
    "too many: {measured:.0f} (limit {limit:.0f})",
    "拆分文件后重试",
    "split the file",
)

# R5: attributes --------------------------------------------------------------------------------
_add(
    "R501",
    "feature",
    "编号 {feature} 出现多次，后出现的未采用",
    "the id {feature} stands more than once; the later ones are not used",
    "在源文件中改正编号",
    "mend the ids in the source",
)
_add(
    "R502",
    "feature",
    "要素 {feature} 没有编号",
    "feature {feature} has no id",
    "在源文件中补编号",
    "give it an id in the source",
)
_add(
    "R503",
    "note",
    "没有编号字段，按顺序编号",
    "there is no id column; features were numbered in order",
    "zgcgis import {file} --rename 字段名=id",
    "zgcgis import {file} --rename COLUMN=id",
)
_add(
    "R504",
    "file",
    "编码字段“{other}”被存成了数字，末位已丢失（如 {detail}）",
    "the code column {other!r} was stored as a number and lost digits (such as {detail})",
    "把该字段按文本格式重新导出",
    "export the column as text",
)
_add(
    "R505",
    "note",
    "编码字段“{other}”在源文件中是数字，已转为文字（如 {detail}）",
    "the code column {other!r} is numeric in the source; kept as text (such as {detail})",
    "把该字段按文本格式导出",
    "export the column as text",
)
_add(
    "R506",
    "repair",
    "“{other}”是文字型数字，{measured:.0f} 个值已转为数（如 {detail}）",
    "{other!r} holds numbers as text; {measured:.0f} value(s) turned into numbers ({detail})",
    severity="note",
)
_add(
    "R507",
    "file",
    "“{other}”的值带有单位（如 {detail}），请说明换算",
    "values of {other!r} carry units ({detail}); say what they mean",
    "zgcgis import {file} --scale {other}=mu（或 m2、ha、km2、wan、yuan）",
    "zgcgis import {file} --scale {other}=mu (or m2, ha, km2, wan, yuan)",
)
_add(
    "R508",
    "finding",
    "要素 {feature} 的“{other}”不是数：{detail}，作为空值",
    "{other!r} of feature {feature} is not a number: {detail}; left empty",
    "在源文件中改正",
    "mend it in the source",
    severity="error",
)
_add(
    "R509",
    "file",
    "“{other}”与图形面积之比约为 {measured:.6g}，单位可能是{detail}",
    "{other!r} and the area of the shapes differ by a factor of {measured:.6g}: unit {detail}?",
    "zgcgis import {file} --scale {other}={detail}",
    "zgcgis import {file} --scale {other}={detail}",
)
_add(
    "R510",
    "finding",
    "要素 {feature} 的“{other}”与图形面积相差 {measured:.2f}%（限 {limit}%）",
    "{other!r} of feature {feature} is {measured:.2f} % off its shape (limit {limit} %)",
    "核对该宗地的登记面积和边界",
    "check the registered area and the outline",
    unit="%",
)
_add(
    "R511",
    "finding",
    "要素 {feature} 的“{other}”为负：{measured}",
    "{other!r} of feature {feature} is negative: {measured}",
    "在源文件中改正",
    "mend it in the source",
    severity="error",
)
_add(
    "R512",
    "finding",
    "要素 {feature} 的“{other}”超出合理范围：{measured}（{detail}）",
    "{other!r} of feature {feature} is out of range: {measured} ({detail})",
    "在源文件中改正",
    "mend it in the source",
    severity="error",
)
_add(
    "R513",
    "finding",
    "“{other}”的 {measured:.0f} 个值不是有限数，作为空值",
    "{measured:.0f} value(s) of {other!r} are not finite; left empty",
    "在源文件中改正",
    "mend it in the source",
)
_add(
    "R514",
    "finding",
    "要素 {feature} 的“{other}”溢出（***），数值已丢失",
    "{other!r} of feature {feature} overflowed (***): the value is lost",
    "加宽字段后重新导出",
    "export again with wider fields",
    severity="error",
)
_add(
    "R515",
    "file",
    "编码字段“{other}”看来丢了前导零（如 {detail}）",
    "the code column {other!r} seems to have lost leading zeros (such as {detail})",
    "把该字段按文本格式重新导出；属实时加 --accept R515",
    "export the column as text; if it is right, --accept R515",
)
_add(
    "R516",
    "finding",
    "“{other}”混有不同类型：{detail}",
    "{other!r} mixes types: {detail}",
    "在源文件中统一类型",
    "use one type in the source",
)
_add(
    "R517",
    "feature",
    "第 {feature} 行是合计行（{detail}），未采用",
    "row {feature} is a total ({detail}); not used",
    "在源表中删除合计行",
    "remove totals from the table",
    severity="warning",
)
_add(
    "R518",
    "file",
    "表中的公式没有存下结果：{detail}",
    "formulas without stored results: {detail}",
    "用 Excel 打开并保存后重试",
    "open it in a spreadsheet program and save it",
)
_add(
    "R519",
    "finding",
    "单元格是错误值（#REF! 等），作为空值：{detail}",
    "cells hold error values (#REF! and such), left empty: {detail}",
    "在源表中改正",
    "mend them in the source",
    severity="error",
)
_add(
    "R520",
    "note",
    "字段名“{detail}”是保留名，改为“{other}”",
    "the column name {detail!r} is reserved; now {other!r}",
)
_add(
    "R521",
    "finding",
    "要素 {feature} 的“{other}”不是日期：{detail}，作为空值",
    "{other!r} of feature {feature} is not a date: {detail}; left empty",
    "写成 2024-03-05 的形式",
    "write it like 2024-03-05",
    severity="error",
)
_add(
    "R522",
    "finding",
    "“{other}”的值相差悬殊（{detail}），可能混用了万元和元",
    "values of {other!r} fall into two groups ({detail}): yuan and 10 000 yuan mixed?",
    "核对单位；zgcgis import {file} --scale {other}=yuan",
    "check the unit; zgcgis import {file} --scale {other}=yuan",
)
_add(
    "R523",
    "finding",
    "要素 {feature} 的“{other}”不在取值表内：{detail}",
    "{other!r} of feature {feature} is not in the list of values: {detail}",
    "核对取值",
    "check the value",
)
_add(
    "R524",
    "note",
    "“{other}”按列名中的单位换算（{detail}）",
    "{other!r} was converted by the unit in its name ({detail})",
)
_add(
    "R525",
    "finding",
    "“{other}”与列名所示单位不符，面积之比约为 {measured:.6g}（{detail}）",
    "{other!r} does not fit the unit in its name: factor {measured:.6g} ({detail})",
    "zgcgis import {file} --scale {other}=单位",
    "zgcgis import {file} --scale {other}=UNIT",
    severity="error",
)
_add(
    "R526",
    "finding",
    "备注型字段“{other}”未读取",
    "the memo column {other!r} was not read",
    "改用 GeoPackage",
    "use GeoPackage",
)
_add(
    "R527",
    "finding",
    "表中有合并单元格或隐藏的行（{detail}），请核对",
    "the table has merged cells or hidden rows ({detail}); check it",
    "拆分单元格后重试",
    "unmerge the cells",
)
_add(
    "R528",
    "note",
    "{measured:.0f} 个“{other}”为“—”“/”“无”等，作为空值",
    "{measured:.0f} value(s) of {other!r} are dashes or the like; left empty",
)

_add(
    "R529",
    "feature",
    "第 {feature} 行有 {measured:.0f} 格，表头有 {limit:.0f} 格",
    "row {feature} has {measured:.0f} cells, the header has {limit:.0f}",
    "核对分隔符和引号",
    "check separators and quotes",
)
_add(
    "R530",
    "note",
    "有经纬度列（{detail}）但未说明坐标系，未生成点位",
    "there are columns of coordinates ({detail}) but no system; no points were made",
    "zgcgis import {file} --crs EPSG:4490（或 --datum gcj02）",
    "zgcgis import {file} --crs EPSG:4490 (or --datum gcj02)",
)

# R6: joins -------------------------------------------------------------------------------------
_add(
    "R601",
    "feature",
    "表中的键 {feature} 出现多次，均未采用",
    "the key {feature} stands more than once in the table; none is used",
    "在表中合并或删除重复行",
    "merge or delete the doubles in the table",
)
_add(
    "R602",
    "repair",
    "键“{feature}”与图层的“{other}”只在写法上不同，已对上",
    "the key {feature!r} differs from the layer's {other!r} in form only; joined",
    "统一写法",
    "write them alike",
    severity="warning",
)
_add(
    "R603",
    "feature",
    "表中的键 {feature} 在图层中没有对应要素",
    "the key {feature} of the table has no feature in the layer",
    "核对编号",
    "check the ids",
    severity="warning",
)
_add(
    "R604",
    "finding",
    "图层的要素 {feature} 在表中没有对应行",
    "feature {feature} of the layer has no row in the table",
    "核对编号",
    "check the ids",
)
_add(
    "R605",
    "file",
    "找不到用来连接的键；表的列有：{detail}",
    "there is no key to join by; the table has: {detail}",
    "zgcgis import {file} --rename 列名=id",
    "zgcgis import {file} --rename COLUMN=id",
)
_add(
    "R606",
    "file",
    "“{other}”在图层和表中都有而值不同（如 {detail}）",
    "{other!r} is in the layer and in the table with other values (such as {detail})",
    "以表为准时加 --accept R606",
    "--accept R606 lets the table win",
)
_add(
    "R607",
    "file",
    "只写法不同的键在图层中不止一个：{detail}",
    "several keys of the layer differ in form only: {detail}",
    "在源文件中改正编号",
    "mend the ids in the source",
)
