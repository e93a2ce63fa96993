"""Land-use codes (地类): five classifications, a zone's own, and the classes of TD/T 1029.

The crosswalk is data (``resources/land_use.csv``): per system and code the Chinese name, our
common class, the class of TD/T 1029 that built land of that use falls in, whether it is
construction land, how sure the row is (``mark``) and the standard it is of. Codes are text, and
a code finer than the table is taken for the longest one it begins with. A zone may bring a table of its own
(:class:`CodeTable`); its codes are known as long as whoever opened the zone holds it.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from weakref import WeakValueDictionary

import pandas as pd
from pandas import DataFrame, Series

__all__ = [
    "CLASSES",
    "GREAT_CLASSES",
    "STATE_KEYS",
    "SYSTEMS",
    "CodeTable",
    "ToldSystem",
    "bring",
    "brought_codes",
    "build_states",
    "classify",
    "codes_of_names",
    "codes_of_system",
    "crosswalk",
    "filled",
    "great_classes",
    "state_keys",
    "system_fits",
    "systems",
    "tell_system",
    "text_of",
    "texts",
    "translate",
    "usual_states",
]

SYSTEMS = ("yonghai_2023", "gbt21010_2017", "third_survey", "gb50137_2011", "second_survey")
"""用地用海 2023, GB/T 21010-2017, 第三次国土调查, GB 50137-2011, 第二次土地调查."""

STATE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "A": "built_land_m2",
        "A1": "residential_land_m2",
        "A2": "industrial_land_m2",
        "A3": "transport_land_m2",
        "A31": "street_land_m2",
        "A4": "commercial_land_m2",
        "A5": "public_land_m2",
        "A51": "green_land_m2",
        "A6": "other_built_land_m2",
        "B": "unbuilt_land_m2",
        "B1": "rural_built_land_m2",
        "B11": "rural_industrial_land_m2",
        "B2": "other_unbuilt_land_m2",
        "B21": "ready_land_m2",
        "B22": "unready_land_m2",
        "C": "unbuildable_land_m2",
        "D": "supplied_land_m2",
        "D1": "allocated_land_m2",
        "D2": "paid_land_m2",
        "D21": "unexpired_land_m2",
        "D22": "expired_land_m2",
        "E": "suppliable_land_m2",
        "E1": "suppliable_allocated_land_m2",
        "E2": "suppliable_paid_land_m2",
        "E21": "suppliable_industrial_land_m2",
        "E22": "suppliable_other_land_m2",
        "F": "unsuppliable_land_m2",
    }
)
"""Class of building or supply state (TD/T 1029) and the account that sums the land of it."""


def _table(name: str) -> DataFrame:
    with files("zgcgis").joinpath(f"resources/{name}").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


_KNOWN = ["class", "td1029", "construction", "zh", "mark"]


class CodeTable:
    """The codes of one classification.

    Parameters
    ----------
    name
        What the classification is called.
    rows
        Indexed by code, with the columns of the crosswalk.
    """

    def __init__(self, name: str, rows: DataFrame) -> None:
        self.name, self.rows = name, rows
        parents = set(rows["parent"])
        self._finer = {str(code): code in parents for code in rows.index}
        self._told = dict(
            zip(map(str, rows.index), rows[_KNOWN].itertuples(index=False), strict=True)
        )
        self._longest: dict[str, str] = {}
        self._names = {str(code): plain_class(zh) for code, zh in rows["zh"].items()}

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self.rows)} codes>"

    def longest(self, code: str) -> str:
        """Return the code of the table that a code is, or is finer than."""
        if code not in self._longest:
            if len(self._longest) > 1 << 14:
                self._longest.clear()
            self._longest[code] = self._find(code)
        return self._longest[code]

    def _find(self, code: str) -> str:
        if code in self._finer:
            return code
        for end in range(len(code) - 1, 0, -1):
            if code[:end] in self._finer:
                return "" if self._finer[code[:end]] else code[:end]
        return ""

    def told(self, code: str) -> tuple[str, ...]:
        """Return of a code of the table its class, its class of TD/T 1029 and what else is known."""
        return tuple(self._told[code])

    def name_of(self, code: str) -> str:
        """Return the plain name of a class."""
        return self._names[code]


_BROUGHT: WeakValueDictionary[str, CodeTable] = WeakValueDictionary()
"""Tables that open zones hold; one is gone with the last zone that does."""


def bring(table: CodeTable) -> CodeTable:
    """Let the codes of a table be known for as long as the table is held.

    Raises
    ------
    ValueError
        If another table of that name is held, with other codes.
    """
    held = _BROUGHT.get(table.name)
    if held is not None and not held.rows.equals(table.rows):
        del held
        gc.collect()  # a zone that nobody holds may still wait to be taken away
        held = _BROUGHT.get(table.name)
    if table.name in SYSTEMS or (held is not None and not held.rows.equals(table.rows)):
        raise ValueError(table.name)
    return held or _BROUGHT.setdefault(table.name, table)


def systems() -> tuple[str, ...]:
    """Return the classifications there are: those that ship, then those that zones bring."""
    return (*SYSTEMS, *sorted(_BROUGHT))


@cache
def _shipped() -> Mapping[str, CodeTable]:
    table = _table("land_use.csv").set_index(["system", "code"]).sort_index()
    return MappingProxyType({name: CodeTable(name, table.loc[name]) for name in SYSTEMS})


def _codes(system: str) -> CodeTable | None:
    return _shipped().get(system) or _BROUGHT.get(system)


def brought_codes() -> frozenset[str]:
    """Return the codes of the tables that zones bring."""
    return frozenset(str(code) for name in _BROUGHT for code in codes_of_system(name).index)


def codes_of_system(system: str) -> DataFrame:
    """Return the codes of one classification, indexed by code; no rows for one that is not known."""
    known = _codes(system)
    return _shipped()[SYSTEMS[0]].rows.iloc[:0].copy() if known is None else known.rows.copy()


def crosswalk() -> DataFrame:
    """Return the crosswalk of all that are known, indexed by system and code."""
    return pd.concat({name: codes_of_system(name) for name in systems()}, names=["system", "code"])


def usual_states() -> Mapping[str, tuple[str, str]]:
    """Return what land of each common class usually is: class of TD/T 1029, and Y if built."""
    return _usual_states()


@cache
def _usual_states() -> Mapping[str, tuple[str, str]]:
    table = pd.concat([one.rows for one in _shipped().values()])
    most = table.groupby("class")[["td1029", "construction"]].agg(lambda held: held.mode().iloc[0])
    return MappingProxyType(
        {str(key): (row.td1029, row.construction) for key, row in most.iterrows()}
    )


@cache
def _classes() -> Mapping[str, tuple[str, str]]:
    table = _table("land_use_classes.csv")
    return MappingProxyType(
        {
            key: (zh, en)
            for key, zh, en in zip(table["class"], table["zh"], table["en"], strict=True)
        }
    )


CLASSES: Mapping[str, tuple[str, str]] = _classes()
"""The common classes with their Chinese and English names."""


def classify(code: Series, system: Series | str) -> DataFrame:
    """Return what is known of each land-use code.

    Parameters
    ----------
    code
        Codes as text.
    system
        The classification of each code, one of :func:`systems`, or one for all.

    Returns
    -------
    known
        On the index of `code`: ``class``, ``td1029``, ``construction``, ``zh``, ``mark`` and
        ``known_as`` (the code of the table it was taken for); empty where the table has none.
        A code that is finer than the table is its parent; one that only looks like a code
        of the table (``2399`` where the table ends at ``2307``) is not known.

    Examples
    --------
    >>> classify(Series(["10010101", "2399", ""]), "yonghai_2023")["class"].tolist()
    ['industrial', '', '']
    """
    text = texts(code)
    of_each = system if isinstance(system, Series) else Series(system, index=code.index)
    of_each = of_each.astype("object").where(of_each.notna(), "").astype(str)
    place, pairs = pd.factorize(of_each + "\n" + text)
    rows = [_known(*pair.split("\n", 1)) for pair in pairs]
    found = DataFrame(rows, columns=[*_KNOWN, "known_as"], dtype="str")
    return found.take(place).set_axis(code.index)


def texts(column: Series) -> Series:
    """Return a column as words: nothing is an empty word, and no word has blanks at its ends.

    Examples
    --------
    >>> texts(Series([" 0601 ", None, 7])).tolist()
    ['0601', '', '7']
    """
    if column.dtype != "str":
        column = column.astype("object").where(column.notna(), "").astype("str")
    return column.fillna("").str.strip()


def text_of(table: DataFrame, name: str) -> Series:
    """Return a column of a table as words (:func:`texts`); empty words where it has no such column.

    Examples
    --------
    >>> plots = DataFrame({"land_use": ["0601", None]})
    >>> text_of(plots, "land_use").tolist(), text_of(plots, "owner").tolist()
    (['0601', ''], ['', ''])
    """
    if name in table:
        return texts(table[name])
    return Series("", index=table.index, dtype="str")


def filled(table: DataFrame, name: str) -> Series:
    """Return in which rows of a table a column holds anything; in none, if it has no such column.

    Examples
    --------
    >>> plots = DataFrame({"land_use": ["0601", " "], "area_m2": [None, 5.0]})
    >>> [filled(plots, name).tolist() for name in ("land_use", "area_m2", "owner")]
    [[True, False], [False, True], [False, False]]
    """
    if name in table and table[name].dtype.kind in "Mmifu":
        return table[name].notna()
    return text_of(table, name) != ""


def _known(system: str, code: str) -> tuple[str, ...]:
    table = _codes(system)
    taken = "" if table is None else table.longest(code)
    if table is None or not taken:
        return ("",) * (len(_KNOWN) + 1)
    return (*table.told(taken), taken)


GREAT_CLASSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "farm": ("农用地", "Agricultural land"),
        "built": ("建设用地", "Construction land"),
        "unused": ("未利用地", "Unused land"),
        "": ("三大类不明", "Great class not known"),
    }
)
"""The three great classes of the Land Administration Law (三大类), and what is in none by its code."""


def great_classes(code: Series, system: Series | str) -> Series:
    """Return the great class (三大类) of each land-use code: ``farm``, ``built``, ``unused`` or empty.

    Construction land is what the crosswalk says it is; other land goes by the name of its class,
    as ``resources/land_use_great.csv`` has it, with its source. A code above the second level
    that holds land of several great classes (``04``, ``11``, ``12``) is in none.

    Parameters
    ----------
    code, system
        As for :func:`classify`.

    Examples
    --------
    >>> great_classes(Series(["0101", "0404", "1107", "0601", "11"]), "third_survey").tolist()
    ['farm', 'unused', 'farm', 'built', '']
    """
    known = classify(code, system)
    of_name = _great_of_names()
    found = known["zh"].map(lambda zh: of_name.get(plain_class(zh), "")).astype("object")
    return found.where(known["construction"] != "Y", "built")


@cache
def _great_of_names() -> Mapping[str, str]:
    rows = _table("land_use_great.csv")
    return {plain_class(name): great for name, great in zip(rows["zh"], rows["great"], strict=True)}


LEAST_KNOWN, LEAST_NAMED, APART = 0.9, 0.8, 0.3
"""Shares of rows: known at least where codes are of a system, named as there, and ahead of others."""


_LONGEST_CODE = {"gbt21010_2017": 4, "third_survey": 5, "second_survey": 3}
"""Codes of these are never finer than the standard has them."""


def system_fits(codes: Series, names: Series | None = None) -> DataFrame:
    """Return how well codes, and the class names beside them, fit each classification.

    Returns
    -------
    fits
        Indexed by :func:`systems`: ``known``, the share of rows whose code the system has;
        ``unknown``, how many different codes it has not; ``named``, the share of rows with a
        name whose name is the one of their code there.
    """
    beside = [None] * len(codes) if names is None else names.tolist()
    pairs: Counter[tuple[str, str]] = Counter()
    for (code, name), count in Counter(zip(codes.tolist(), beside, strict=True)).items():
        if isinstance(code, str) and code.strip():
            pairs[code.strip(), plain_class(name) if isinstance(name, str) else ""] += count
    rows, named = sum(pairs.values()), sum(n for (_, name), n in pairs.items() if name)
    fits = {}
    for system in systems():
        table = _codes(system)
        if table is None:  # its zone is gone meanwhile
            continue
        most = _LONGEST_CODE.get(system, 99)
        known = {code: table.longest(code) if len(code) <= most else "" for code, _ in pairs}
        alike = sum(
            count
            for (code, name), count in pairs.items()
            if name and known[code] and name == table.name_of(known[code])
        )
        fits[system] = {
            "known": sum(n for (code, _), n in pairs.items() if known[code]) / max(rows, 1),
            "unknown": sum(not code for code in known.values()),
            "named": alike / max(named, 1),
        }
    return DataFrame.from_dict(fits, orient="index")


def plain_class(name: str) -> str:
    """Return the name of a class without blanks and brackets."""
    return re.sub(r"[\s（）()、]", "", name)


@dataclass(frozen=True, slots=True)
class ToldSystem:
    """Of which classification the codes of a layer are.

    Attributes
    ----------
    system
        The one told; empty where nothing decides.
    by
        What tells it: ``codes``, ``names``, ``stated`` or nothing.
    possible
        Those that the codes fit.
    contradicted
        Whether what is stated cannot be.
    """

    system: str = ""
    by: str = ""
    possible: tuple[str, ...] = ()
    contradicted: bool = False


def tell_system(codes: Series, names: Series | None = None, stated: str = "") -> ToldSystem:
    """Tell of which classification codes are, by the codes, the names beside them, what is stated.

    A system is possible if it has every code that the best one has, but for a single odd code in
    a hundred rows. One possible system is told by the codes; of several, that whose names stand
    beside the codes, or else the one stated. Nothing is told by habit.

    Parameters
    ----------
    codes, names
        Codes as text, and the names of classes that stand beside them.
    stated
        What the layer, its schema or the zone says.

    Examples
    --------
    >>> tell_system(Series(["0601", "1003", "05H1"])).system
    'third_survey'
    >>> tell_system(Series(["0601", "0701"])).possible
    ('yonghai_2023', 'gbt21010_2017', 'third_survey')
    >>> tell_system(Series(["0601", "0701"]), Series(["农村道路", "城镇住宅用地"])).system
    'yonghai_2023'
    """
    fits = system_fits(codes, names)
    best = fits["known"].max()
    if not best >= LEAST_KNOWN:
        return ToldSystem()
    ahead = best - fits["known"]
    near = (ahead == 0) | ((ahead <= 0.01) & (fits["unknown"] <= fits["unknown"].min() + 1))
    possible = tuple(fits.index[near])
    if stated in fits.index and fits.loc[stated, "known"] < min(LEAST_KNOWN, best):
        by_codes = possible[0] if len(possible) == 1 else ""
        return ToldSystem(by_codes, "codes" if by_codes else "", possible, contradicted=True)
    named = fits.loc[list(possible), "named"].sort_values(ascending=False)
    lead = named.iloc[0] - (named.iloc[1] if len(named) > 1 else 0.0)
    if named.iloc[0] >= LEAST_NAMED and lead >= APART:
        told = str(named.index[0])
        return ToldSystem(told, "names", possible, contradicted=bool(stated) and stated != told)
    if len(possible) == 1:
        clash = bool(stated) and stated != possible[0]
        return ToldSystem(possible[0], "codes", possible, contradicted=clash)
    if stated in possible:
        return ToldSystem(stated, "stated", possible)
    return ToldSystem(possible=possible, contradicted=bool(stated))


def codes_of_names(names: Series, stated: str = "") -> tuple[Series, ToldSystem]:
    """Return the codes of classes that are given by their names alone, and of which system they are.

    A system is possible if it has the names of nine rows in ten, and every name that the best one
    has. Of several the one stated is taken; otherwise nothing is told and there are no codes.

    Examples
    --------
    >>> codes, told = codes_of_names(Series(["旱地", "有林地", "村庄"]))
    >>> codes.tolist(), told.system
    (['013', '031', '203'], 'second_survey')
    """
    plain = names.map(plain_class, na_action="ignore")
    counts = Counter(plain.dropna())
    rows = sum(counts.values())
    known = {system: {n for n in counts if n in _codes_by_name(system)} for system in SYSTEMS}
    most = max((sum(counts[n] for n in held) for held in known.values()), default=0)
    best = set().union(*(held for held in known.values() if sum(counts[n] for n in held) == most))
    possible = tuple(s for s, held in known.items() if best <= held)
    if not rows or most < LEAST_KNOWN * rows or not possible:
        return Series(None, index=names.index, dtype="str"), ToldSystem()
    system = possible[0] if len(possible) == 1 else stated if stated in possible else ""
    if not system:
        return Series(None, index=names.index, dtype="str"), ToldSystem(possible=possible)
    return plain.map(_codes_by_name(system)).astype("str"), ToldSystem(system, "names", possible)


@cache
def _codes_by_name(system: str) -> Mapping[str, str]:
    """The code of each class by its name; of a class and its only part, the part."""
    found: dict[str, list[str]] = {}
    for code, zh in _shipped()[system].rows["zh"].items():
        name = plain_class(str(zh))
        for one in {name, *name.split("/")}:
            found.setdefault(one, []).append(str(code))
    single = {
        name: max(codes, key=len)
        for name, codes in found.items()
        if len(codes) == 1 or all(max(codes, key=len).startswith(code) for code in codes)
    }
    return MappingProxyType(single)


@cache
def _published() -> Mapping[tuple[str, str, str], str]:
    table = _table("land_use_crosswalk.csv")
    keys = zip(table["system"], table["code"], table["to"], strict=True)
    return MappingProxyType(dict(zip(keys, table["to_code"], strict=True)))


def translate(code: Series, system: Series | str, to: str) -> DataFrame:
    """Return the codes of another classification for codes, where that takes no decision.

    Parameters
    ----------
    code
        Codes as text.
    system
        The classification of each, one of :data:`SYSTEMS` or ``"yonghai_2020"``, or one for all.
    to
        The classification wanted, one of :data:`SYSTEMS`.

    Returns
    -------
    translated
        On the index of `code`: ``code`` in the other classification, empty where a person must
        decide; ``basis``: ``same`` (no change), ``published`` (a table of pairs), ``name`` (the same
        name in both), ``decide`` (the ground has to be looked at) or ``unknown`` (no code of its
        system).

    Examples
    --------
    >>> translate(Series(["0601", "0809"]), "third_survey", "yonghai_2023").to_numpy().tolist()
    [['1001', 'published'], ['', 'decide']]
    """
    systems = system if isinstance(system, Series) else Series(system, index=code.index)
    text = texts(code)
    systems = systems.astype("object").where(systems.notna(), "").astype(str)
    pairs = list(zip(systems, text, strict=True))
    made = {pair: _translated(*pair, to) for pair in set(pairs)}
    return DataFrame([made[pair] for pair in pairs], columns=["code", "basis"], index=code.index)


def _translated(system: str, code: str, to: str) -> tuple[str, str]:
    table = _shipped().get(system)
    known = code if system == "yonghai_2020" else table.longest(code) if table is not None else ""
    if system == to:
        return (code, "same") if known else ("", "unknown")
    told = _published().get((system, known, to))
    if told is not None:
        return (told, "published") if told else ("", "decide")
    if not known or table is None:
        return "", "unknown"
    told = _codes_by_name(to).get(table.name_of(known))
    return (told, "name") if told else ("", "decide")


def state_keys(states: Series) -> dict[str, Series]:
    """Return, for each account of :data:`STATE_KEYS`, which rows have a state that counts to it."""
    text = texts(states)
    return {key: text.str.startswith(code) for code, key in STATE_KEYS.items()}


def build_states(parcels: DataFrame, system: str = "") -> DataFrame:
    """Return how each parcel is built (土地建设状况), from its land use where it does not say.

    Parameters
    ----------
    parcels
        Parcels with any of ``build_state``, ``land_use`` and ``land_use_system``.
    system
        The classification of the codes of parcels that name none.

    Returns
    -------
    states
        On the index of `parcels`: ``state`` (a class of TD/T 1029; for land that is no
        construction land ``"-"``; empty where nothing tells it) and ``basis`` (``"stated"``,
        ``"land_use"`` or empty).
    """
    stated, code, own = (
        text_of(parcels, name) for name in ("build_state", "land_use", "land_use_system")
    )
    known = classify(code, own.where(own != "", system))
    derived = known["td1029"].where(known["td1029"] != "", "-").where(known["class"] != "", "")
    state = stated.where(stated != "", derived)
    basis = Series("stated", index=parcels.index, dtype="object")
    basis = basis.where(stated != "", "land_use").where(state != "", "")
    return DataFrame({"state": state, "basis": basis})
