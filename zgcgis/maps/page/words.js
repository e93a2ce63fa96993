/* Every word the page says of its own accord, in both languages. */

export const UI = {
  zh: {
    search: "搜索园区、所在区、产业（中文、英文、拼音、编号）", none: "无数据", noMatch: "没有符合条件的园区", measure: "指标", year: "年份", play: "播放年份", pause: "暂停",
    latest: "截至该年最近值", exact: "仅当年", mode: "取值方式", clusters: "产业集群（可多选）", any: "任一", all: "全部", anyAll: "多选时的关系",
    rankingOf: "园区排名", parks: "园区", landTab: "土地", firmsTab: "产业", compareTab: "比较", goals: "规划目标", about: "说明", findings: "问题", lang: "English", print: "打印", png: "导出图片", present: "汇报", copied: "链接已复制", copyBy: "请复制地址栏中的链接",
    close: "关闭", legend: "图例", zoomIn: "放大", zoomOut: "缩小", home: "回到全貌", whole: "全市", ruler: "量距离和面积", panel: "园区与指标", card: "园区信息", sheet: "展开或收起面板",
    published: "公布面积合计", areaNote: "上下级园区只计一次",
    blocks: "列出街区", notYet: "当时尚未设立", gone: "当时已撤并", unplaced: "选址未查到，未上图",
    sketch: "示意轮廓", schematic: "示意位置与形状", point: "仅点位", approximate: "大致轮廓", digitised: "图上量取", surveyed: "实测", synthetic: "虚构数据",
    notOfficial: "示意轮廓，不是官方边界", source: "来源", def: "含义", scope: "口径", registration: "按注册地统计", operation: "按经营地统计", unknown: "来源未写明口径",
    computed: "由公布数计算", about_: "约", more: "超过", nearly: "接近", position: "规划定位", via: "经研发服务等活动涉及", clause: "条款", notKnown: "尚不清楚", allValues: "全部公布数值",
    aliases: "又名", boundary: "文字四至", east: "东", south: "南", west: "西", north: "北", inside: "下级单元", parent: "上级",
    uArea: "规划面积未查到", uOutline: "没有可用的边界，图上是一个示意点", uNoPlace: "选址没有任何来源写明", uSince: "设立年份未查到", uIndustry: "规划没有写明它的产业", uValue: "没有查到任何数值：",
    conflict: "同一年另有不同的公布数，见下表", target: "目标", value: "查到", progress: "完成比例", demands: "规划对用地的要求", counting: "统计口径", sources: "资料来源", howDrawn: "轮廓怎么画的",
    filter: "筛选", noFilter: "无", review: "审图号", reviewBlank: "（正式发布前填写）", printed: "打印日期", projection: "网络墨卡托投影显示；面积另按椭球面计算", list: "园区编号",
    sketchLine: "示意轮廓（虚线）", schematicLine: "位置与形状均为示意", pointMark: "无轮廓的园区", groupLine: "聚集区", groupFilter: "只看一个聚集区",
    allYears: "各年分级相同", syn: "虚构数据，仅供演示", copyLink: "复制链接", specialise: "产业构成与全区之比", valueAt: "数值", noRecords: "没有查到公布数值", plannedWords: "规划用语"
  },
  en: {
    search: "Search parks, districts, clusters (Chinese, English, pinyin, id)", none: "No data", noMatch: "No park matches", measure: "Indicator", year: "Year", play: "Play the years", pause: "Pause",
    latest: "Latest so far", exact: "That year", mode: "Which value", clusters: "Industry clusters (several at once)", any: "any", all: "all", anyAll: "How several combine",
    rankingOf: "Parks by rank", parks: "Parks", landTab: "Land", firmsTab: "Clusters", compareTab: "Compare", goals: "Goals", about: "About", findings: "Findings", lang: "中文", print: "Print", png: "Picture", present: "Present", copied: "Link copied", copyBy: "Copy the link from the address bar",
    close: "Close", legend: "Legend", zoomIn: "Zoom in", zoomOut: "Zoom out", home: "Back to the whole", whole: "Whole city", ruler: "Measure distance and area", panel: "Parks and indicators", card: "About the park", sheet: "Raise or lower the panel",
    published: "published area", areaNote: "parks inside parks count once",
    blocks: "List blocks", notYet: "not yet founded", gone: "no longer there", unplaced: "site not found, not on the map",
    sketch: "Sketch outline", schematic: "Indicative place and shape", point: "Point only", approximate: "Approximate outline", digitised: "Digitised", surveyed: "Surveyed", synthetic: "Invented data",
    notOfficial: "sketch outlines, not official boundaries", source: "Source", def: "Meaning", scope: "Counted", registration: "by place of registration", operation: "by place of operation", unknown: "source does not say how it counts",
    computed: "computed from published values", about_: "about ", more: "over ", nearly: "nearly ", position: "Place in the plan", via: "through activities such as R&D services", clause: "Clause", notKnown: "What is not known", allValues: "All published values",
    aliases: "Also called", boundary: "Boundary in words", east: "E", south: "S", west: "W", north: "N", inside: "Parts", parent: "Part of",
    uArea: "Planned area not found", uOutline: "No usable outline; the map shows an indicative point", uNoPlace: "No source states its site", uSince: "Year of founding not found", uIndustry: "The plan names no industry for it", uValue: "No value found at all for: ",
    conflict: "Another value was published for the same year, see below", target: "Goal", value: "Found", progress: "Share reached", demands: "What the plan asks of land", counting: "How values are counted", sources: "Sources", howDrawn: "How the outlines were drawn",
    filter: "Filter", noFilter: "none", review: "Map review no.", reviewBlank: "(fill in before publication)", printed: "Printed", projection: "Shown in Web Mercator; areas are taken on the ellipsoid", list: "Numbered parks",
    sketchLine: "Sketch outline (dashed)", schematicLine: "Place and shape indicative", pointMark: "Park without an outline", groupLine: "Park group", groupFilter: "One group of parks",
    allYears: "same classes in all years", syn: "Invented data, for demonstration", copyLink: "Copy link", specialise: "Industries against the zone", valueAt: "value", noRecords: "No published value found", plannedWords: "Words of the plan"
  }
};
