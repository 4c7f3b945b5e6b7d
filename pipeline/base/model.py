"""The frozen dataclasses that are passed from one stage to the next.

The contract (`Dataset` and what it holds) is read once by `pipeline.contract.catalog`. Everything
else is made by one stage and read by later ones; nothing is changed in place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from pipeline.base.errors import Unaccounted
from pipeline.base.sql import Sql
from pipeline.base.words import rules

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.base.row_checksums import RowChecksum

Severity = Literal["error", "warning", "info"]
Owner = Literal["department", "publisher", "pipeline"]
Privacy = Literal["public", "masked", "never"]

# ---------------------------------------------------------------- the contract


class Code(NamedTuple):
    """One entry of a code list; `code` is the value as stored, `aliases` the ways it is written.

    A named tuple: there are thousands of them, which come from the cache at each start.
    """

    code: str
    label: str
    label_en: str
    aliases: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CodeList:
    """A code list of the contract; `name` is its file's name without the ending."""

    name: str
    codes: tuple[Code, ...]


_ANY_REST = ("00138000", "88888888", "12345678", "99999999")  # of mobile numbers of any range


_ENGLISH_UNITS = {"元": "yuan", "万元": "10,000 yuan", "亿元": "100 million yuan", "天": "days", "日": "days"}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One field of a dataset: Table Schema first, then what `gongshi:` keys add."""

    name: str
    title: str
    title_en: str
    description: str = ""
    description_en: str = ""
    type: str = "string"
    format: str = "default"
    options: Mapping[str, Any] = field(default_factory=dict)  # more of Table Schema: missingValues…
    constraints: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "text"  # how written values become canonical: pipeline.intake.values
    keep_blanks: bool = False  # of text: blanks around it are part of it
    aliases: tuple[str, ...] = ()
    unit: str = ""  # of the value as stored
    source_unit: str = ""  # assumed where a header names no unit
    codes: str = ""  # name of a code list
    separator: str = ""  # between several values in one cell
    privacy: Privacy = "public"
    masked_when: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # field: values; {}: always
    #: Of dates: a term's end, which may be said in words; {"from": field, "public_until": field}
    term: Mapping[str, str] | None = None
    heaviest_of: str = ""  # computed: the last, in the code list's order, of that column's values
    example: str = ""

    @property
    def unit_en(self) -> str:
        """The unit in English; as it is where there is no other word for it."""
        return _ENGLISH_UNITS.get(self.unit, self.unit)

    def owns(self, number: str) -> bool:
        """Whether `number`, eleven digits, is one of this column's own values by the contract, and
        so no mobile number.

        Certificates of some provinces have numbers that begin with 13 to 19. The column's `pattern`
        has to be narrow enough: one that matches whole ranges of mobile numbers decides nothing.
        """
        pattern = str(self.constraints.get("pattern", ""))
        if not pattern or self.kind not in ("code", "document-number"):
            return False
        if any(re.fullmatch(pattern, f"1{n}8{rest}") for n in "345789" for rest in _ANY_REST):
            return False
        return re.fullmatch(pattern, number) is not None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`fields` of a dataset hold a value of `reference_fields` in `dataset`."""

    fields: tuple[str, ...]
    dataset: str
    reference_fields: tuple[str, ...]
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule that a dataset uses, with its parameters and its place in the contract."""

    rule: str
    params: Mapping[str, Any]
    file: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """One dataset of the contract: Table Schema first, then what `gongshi:` keys add."""

    name: str
    title: str
    title_en: str
    description: str
    description_en: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    search: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    sort: str = ""  # a field; "-" in front: the largest first
    label: str = ""  # the field that names a record to a reader
    identity: tuple[str, ...] = ()  # fields hashed, with the key, into the primary key
    produced: bool = False  # computed by the pipeline, never read from an inbox
    query: Sql = ""  # SQL that computes it from other published datasets; may use $today
    order: int = 1000
    expect: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def published(self) -> tuple[Column, ...]:
        """The columns that may leave PRIVATE: all but the never-fields, in the contract's order."""
        return tuple(c for c in self.columns if c.privacy != "never")


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """The whole contract: `datapackage/` as read by `pipeline.contract.catalog.load`."""

    package: Mapping[str, Any]  # package.yaml: name, titles, licences, contributors, settings
    datasets: Mapping[str, Dataset]  # by name, in `order`
    codes: Mapping[str, CodeList]
    version: str  # sha256 over every file of the contract
    folder: Path = Path()  # where it was read from

    def shows_names(self, where: str) -> bool:
        """Whether the publisher leaves names of persons in public in the places called `where`:
        officers_in_texts, in_organisations.
        """
        return bool(self.package.get("gongshi:names", {}).get(where) == "show")


# ---------------------------------------------------------------- intake

PACKAGE = "package"  # `matched_by` of a source from another publisher's package
#: Tables that the pipeline computes but also reads from packages, each with the field that names
#: its reports: two publishers may use the same name.
UNITED = {"report_figures": "report", "report_checks": "report"}


@dataclass(frozen=True, slots=True)
class Source:
    """One table of one file of the inbox, and how it was recognised and read."""

    source_id: str  # first 12 of sha256 over path and sheet
    path: str  # inside the inbox, with forward slashes
    sha256: str
    bytes: int
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    dataset: str = ""
    matched_by: str = ""  # folder, headers, sources.yaml, package
    header_row: int = 0  # 1-based row of the (last) header row; 0: none found
    header: tuple[str, ...] = ()

    @property
    def publisher(self) -> str:
        """The publisher whose package it is from; "" where it is our own."""
        return self.path.split("/", 1)[0] if self.matched_by == PACKAGE else ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is no record: a title, a total, a signature, a footnote, a repeated header."""

    row: int
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """A row whose cells do not fit the header: which cell belongs to which column is unknown."""

    row: int
    rule: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A cell for which its row is not published, by a rule that one finding tells of the column."""

    row: int
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of one source's rows after intake.

    `raw` and `table` have the same rows and the int64 column `_row` (as a spreadsheet counts: 1 is
    the file's first row). `raw`: a string column for each header, named by position, as written.
    `table`: a string column for each field of the dataset, canonical, "" where blank; `checksum` is
    its row checksum. `changes`: one row for each cell in which the two differ, with the rule that
    changed it.
    """

    source: Source
    raw: pa.Table
    table: pa.Table
    checksum: RowChecksum
    changes: pa.Table
    misfits: tuple[Misfit, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    findings: tuple[Finding, ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def read(self) -> int:
        """Number of rows read: all but the header and blank rows."""
        return len(self.table) + len(self.misfits) + len(self.set_aside)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the data, with all that is needed to correct it.

    `value` is an excerpt that is safe to show; `params` fill the message of `rule`.
    """

    rule: str
    severity: Severity
    owner: Owner
    dataset: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Location:
    """The place of a finding that concerns no table that was read."""

    file: str = ""
    sheet: str = ""
    dataset: str = ""


def found(
    rule: str,
    where: Source | Location,
    *,
    row: int | None = None,
    column: str = "",
    value: str = "",
    params: Mapping[str, Any] | None = None,
) -> Finding:
    """A finding of `rule`, with the severity, owner and version of its entry in messages.

    Raises KeyError where there is no such rule.
    """
    text = rules()[rule]
    return Finding(
        rule,
        cast(Severity, text.severity),
        cast(Owner, text.owner),
        where.dataset,
        where.path if isinstance(where, Source) else where.file,
        where.sheet,
        row,
        column,
        value,
        params or {},
        text.version,
    )


# ---------------------------------------------------------------- checks


@dataclass(frozen=True, slots=True)
class Part:
    """A Parquet file of checked rows; `mac` is a keyed hash of its bytes."""

    path: Path
    rows: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """A chunk after the checks: where each of its rows went, and why.

    `accepted`: the published columns, ready to be published. `quarantined`: file, sheet, row,
    reasons, and the row as it was written (JSON, header: cell). `withheld`: the same with the one
    reason, since when and by which rule. `left_out`: the published columns of rows of both kinds,
    for checks that count. `secrets`: values of never-fields, for the exit guard. `tally` counts
    all rows; `checksum` is the row checksum of `accepted`, which the next stage compares with what
    it got. `persons`: names that are kept from the public, each with a number of its case or none.
    `parts`: those of accepted, left_out, changes and persons whose rows are in a file and not in
    the table of that name.
    """

    source: Source
    accepted: pa.Table
    checksum: RowChecksum
    quarantined: pa.Table
    changes: pa.Table
    set_aside: tuple[SetAside, ...]
    findings: tuple[Finding, ...]
    tally: Tally
    withheld: pa.Table
    left_out: pa.Table
    persons: pa.Table
    secrets: tuple[str, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)


# ---------------------------------------------------------------- accounting

TALLY_PARTS = ("accepted", "quarantined", "withheld", "withdrawn", "repeated", "set_aside")


@dataclass(frozen=True, slots=True)
class Tally:
    """Where every row that was read went. Raises Unaccounted where the parts do not add up."""

    read: int
    accepted: int = 0
    quarantined: int = 0
    withheld: int = 0
    withdrawn: int = 0
    repeated: int = 0
    set_aside: int = 0

    def __post_init__(self) -> None:
        parts = [getattr(self, part) for part in TALLY_PARTS]
        if self.read != sum(parts) or min(parts) < 0:
            raise Unaccounted(f"{self.read} rows read, but {sum(parts)} accounted for: {self}")

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.read + other.read,
            *(getattr(self, part) + getattr(other, part) for part in TALLY_PARTS),
        )


# ---------------------------------------------------------------- reports


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a yearly report states, with its sentence.

    `start` and `end` are offsets of the number with its unit in the repaired text.
    """

    report: str
    ordinal: int
    code: str  # indicator of datapackage/codes/indicators.csv; "" where none matches
    label: str  # what is counted, in the report's own words
    value: str  # exact decimal
    unit: str
    comparator: str  # = ≈ ≥ ≤
    sentence: str
    section: str
    start: int
    end: int
    value_upper: str = ""
    body: str = ""
    region_code: str = ""
    year: int | None = None
    status: str = "read"  # read, confirmed, corrected, doubtful


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a figure and the records differ: a key of `pipeline/messages`, and its params."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure compared with the records of the same body and year."""

    report: str
    code: str
    stated: str
    counted: str
    difference: str
    verdict: str  # agrees, differs, not comparable
    why: tuple[Reason, ...]
    dataset: str = ""  # whose records were counted
    query: str = ""  # the SQL that counted them, with parameters :year, :region_code
