"""Names and habits of the sample: parks, industries, what stands on which land.

All of it is invented and says so; only the codes of land uses and industries are real
(用地用海 2023, GB/T 4754-2017).
"""

from __future__ import annotations

from dataclasses import dataclass

from .fabric import ParkSpec

__all__ = ["CLUSTERS", "DISTRICTS", "GROUPS", "STANDS", "USES", "Stand", "Use", "park_specs"]


@dataclass(frozen=True, slots=True)
class Use:
    """A use of land: its code, the class of TD/T 1029 once built, and how it is supplied."""

    code: str
    built: str
    far: float  # planned floor area ratio
    firms: int  # most firms on one parcel
    paid: bool


USES = {
    "industry": Use("1001", "A2", 2.0, 1, paid=True),
    "logistics": Use("1101", "A2", 1.5, 1, paid=True),
    "research": Use("0802", "A5", 3.0, 3, paid=True),
    "office": Use("0902", "A4", 4.5, 3, paid=True),
    "retail": Use("0901", "A4", 3.0, 1, paid=True),
    "housing": Use("0701", "A1", 2.8, 0, paid=True),
    "school": Use("0804", "A5", 1.2, 0, paid=False),
    "clinic": Use("0806", "A5", 1.5, 0, paid=False),
    "green": Use("1401", "A51", 0.0, 0, paid=False),
    "parking": Use("1208", "A3", 0.1, 0, paid=False),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """A building by its place in the unit square of its parcel."""

    x: float
    y: float
    half_x: float
    half_y: float
    low: int  # fewest storeys
    high: int
    kind: str = "building"
    tall: bool = False  # one storey, higher than 8 m
    shape: str = "box"


STANDS: dict[str, tuple[tuple[Stand, ...], ...]] = {
    "industry": (
        (
            Stand(0.36, 0.44, 0.25, 0.32, 1, 1, tall=True),
            Stand(0.80, 0.30, 0.11, 0.20, 4, 6),
            Stand(0.80, 0.76, 0.12, 0.14, 0, 0, "yard"),
        ),
        (
            Stand(0.27, 0.48, 0.15, 0.36, 2, 3),
            Stand(0.64, 0.48, 0.15, 0.36, 2, 3),
            Stand(0.89, 0.20, 0.05, 0.09, 0, 0, "structure"),
            Stand(0.89, 0.62, 0.05, 0.20, 0, 0, "yard"),
        ),
        (
            Stand(0.40, 0.50, 0.29, 0.36, 2, 4, shape="L"),
            Stand(0.85, 0.50, 0.09, 0.30, 0, 0, "work_area"),
        ),
    ),
    "logistics": (
        (
            Stand(0.48, 0.40, 0.36, 0.29, 1, 1, tall=True),
            Stand(0.48, 0.85, 0.30, 0.07, 3, 4),
            Stand(0.92, 0.45, 0.04, 0.30, 0, 0, "yard"),
        ),
    ),
    "research": (
        (Stand(0.48, 0.55, 0.32, 0.30, 6, 11, shape="U"),),
        (Stand(0.28, 0.5, 0.13, 0.34, 8, 14), Stand(0.72, 0.5, 0.13, 0.34, 5, 9, shape="L")),
    ),
    "office": (
        (Stand(0.30, 0.5, 0.17, 0.26, 12, 22), Stand(0.74, 0.5, 0.18, 0.32, 3, 6, shape="L")),
        (Stand(0.5, 0.5, 0.30, 0.28, 7, 12, shape="U"),),
    ),
    "retail": ((Stand(0.5, 0.48, 0.36, 0.34, 3, 5, shape="L"),),),
    "housing": (
        (
            Stand(0.28, 0.24, 0.17, 0.075, 6, 18),
            Stand(0.72, 0.24, 0.17, 0.075, 6, 18),
            Stand(0.28, 0.74, 0.17, 0.075, 11, 18),
            Stand(0.72, 0.74, 0.17, 0.075, 11, 18),
        ),
        (
            Stand(0.5, 0.20, 0.36, 0.07, 6, 11),
            Stand(0.5, 0.50, 0.36, 0.07, 6, 11),
            Stand(0.5, 0.80, 0.36, 0.07, 6, 11),
        ),
    ),
    "school": (
        (Stand(0.32, 0.66, 0.20, 0.20, 4, 5, shape="U"), Stand(0.75, 0.75, 0.13, 0.10, 2, 3)),
    ),
    "clinic": ((Stand(0.45, 0.5, 0.28, 0.24, 5, 8, shape="U"),),),
    "green": ((),),
    "parking": ((Stand(0.2, 0.2, 0.06, 0.05, 1, 1),),),
}

GROUPS = {
    "core": ("示例核心区", "Sample core", "renewal"),
    "north": ("示例北部研发区", "Sample northern research area", "new-build"),
    "south": ("示例南部制造区", "Sample southern manufacturing area", "new-build"),
}

DISTRICTS = {
    "west": ("示例西区", "Sample West District"),
    "east": ("示例东区", "Sample East District"),
}

# key: names and the classes of GB/T 4754-2017 that its firms are drawn from
CLUSTERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "electronics_information": (
        "电子信息", "Electronics and information", ("3911", "3921", "3973", "6511", "6513", "6531"),
    ),
    "biotechnology": ("生物", "Biotechnology", ("2710", "2720", "3581", "7340")),
    "new_energy_environment": (
        "新能源和节能环保", "New energy and environment", ("3825", "3591", "4620", "7516"),
    ),
    "new_energy_vehicles": ("新能源汽车", "New-energy vehicles", ("3612", "3841", "3670")),
    "new_materials": ("新材料", "New materials", ("2651", "3042", "3073", "3985")),
    "equipment": ("装备", "Equipment", ("3421", "3511", "3714", "3811", "4011")),
    "aerospace": ("航空航天", "Aerospace", ("3741", "3742")),
    "cultural_creative": ("文化创意", "Cultural and creative", ("6572", "7491", "8710", "8810")),
}  # fmt: skip

_SERVICES = {"research": 0.42, "office": 0.22, "housing": 0.12, "retail": 0.06, "green": 0.1}
_PUBLIC = {"school": 0.03, "clinic": 0.02, "parking": 0.03}
_MAKING = {"industry": 0.66, "logistics": 0.1, "research": 0.06, "housing": 0.05, "green": 0.07}

_PARKS = (
    ParkSpec(
        "crabapple", "H", "示例·海棠园", "Sample Crabapple Park", "haitang", "core", 0.0,
        "mixed", 0.22, 0.22, {**_SERVICES, **_PUBLIC},
        ("electronics_information", "biotechnology", "cultural_creative"),
    ),
    ParkSpec(
        "spruce", "Y", "示例·云杉园", "Sample Spruce Park", "yunshan", "core", 0.2,
        "mixed", 0.14, -0.15, {**_SERVICES, "retail": 0.12, **_PUBLIC},
        ("electronics_information", "cultural_creative"),
    ),
    ParkSpec(
        "riverbend", "W", "示例·河湾园", "Sample Riverbend Park", "hewan", "south", 3.45,
        "industrial", 0.26, -0.38, {**_MAKING, **_PUBLIC},
        ("electronics_information", "new_energy_vehicles", "equipment", "new_materials"),
    ),
    ParkSpec(
        "northwood", "B", "示例·北林园", "Sample Northwood Park", "beilin", "north", 1.75,
        "mixed", 0.17, 0.5, {**_SERVICES, "industry": 0.12, **_PUBLIC},
        ("electronics_information", "biotechnology", "new_energy_environment", "aerospace"),
    ),
    ParkSpec(
        "stonebridge", "S", "示例·石桥园", "Sample Stonebridge Park", "shiqiao", "south", 5.35,
        "industrial", 0.13, 0.05, {**_MAKING, **_PUBLIC},
        ("biotechnology", "new_materials", "equipment"),
    ),
    ParkSpec(
        "southterrace", "N", "示例·南台园", "Sample South Terrace Park", "nantai", "south", 4.45,
        "industrial", 0.08, 0.3, {**_MAKING, **_PUBLIC},
        ("new_energy_vehicles", "equipment", "aerospace"),
    ),
)  # fmt: skip


def park_specs(parcels: int) -> list[ParkSpec]:
    """Six parks with names; a large sample gets more of them, numbered."""
    count = 6 if parcels < 5_000 else 10 if parcels < 20_000 else 16
    specs = list(_PARKS)
    for number in range(len(specs) + 1, count + 1):
        model = _PARKS[number % len(_PARKS)]
        specs.append(
            ParkSpec(
                f"park_{number:02d}", f"P{number:02d}", f"示例·第{number}园",
                f"Sample Park No. {number}", f"di{number}", model.group, 0.5 + 2.399963 * number,
                model.kind, 0.02 + 0.09 * ((number * 7) % 5) / 5, 0.37 * number % 1.2 - 0.6,
                model.uses, model.industries,
            )
        )  # fmt: skip
    whole = sum(spec.share for spec in specs)
    return [
        ParkSpec(
            s.key, s.letter, s.zh, s.en, s.pinyin, s.group, s.bearing, s.kind,
            s.share / whole, s.turn, s.uses, s.industries,
        )
        for s in specs
    ]  # fmt: skip
