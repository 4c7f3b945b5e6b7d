"""The contract: what stands in datapackage/, and how its reader refuses what does not fit."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Dataset
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake.table import match_columns, values

FOLDER = Path(__file__).parents[2] / "datapackage"

# The promise to users: names and order, as the interface states them.
COLUMNS = {
    "penalty_filings": "record_id decision_no respondent_name respondent_type respondent_uscc "
    "respondent_registration_no respondent_organisation_code respondent_tax_no "
    "respondent_institution_no respondent_society_no legal_representative violation_type "
    "violation_facts legal_basis penalty_types heaviest_penalty penalty_content fine_yuan "
    "confiscated_yuan licence_affected decision_date valid_until publicity_until authority_name "
    "authority_uscc source_name source_uscc filing_no filing_date filing_authority review_result "
    "review_date region_code remarks",
    "certificates": "certificate_no holder_name authority_name authority_uscc certificate_type "
    "enforcement_category enforcement_area issue_date valid_until status issuing_authority "
    "region_code",
    "certificate_events": "certificate_no event event_date year result remarks",
    "normative_documents": "document_no title issuing_authority issue_date publish_date "
    "effective_date valid_until status registration_no level url region_code",
    "normative_reviews": "document_no review_kind review_date outcome reviewer opinion filing_no "
    "filing_date",
    "authorities": "authority_name authority_uscc short_name document_code region_code level",
    "report_figures": "report body region_code year code ordinal label value value_upper unit "
    "comparator sentence section start end status",
    "report_checks": "report code stated counted difference verdict why why_en dataset query",
    "withdrawals": "record_id dataset withdrawn_on reason basis",
    "changes": "release released_on dataset key verb columns",
    "sources": "source_id file sheet dataset matched_by sha256 bytes encoding delimiter "
    "header_row rows_read",
    "header_mappings": "source_id position header field matched_by",
    "issues": "rule severity owner dataset source_id field count",
    "rules": "rule version severity owner title title_en message message_en fix fix_en source "
    "source_en passes passes_en fails fails_en",
    "timeliness": "authority_name year filings in_time late undated median_days",
    "publishers": "publisher region_code state release released_on address fingerprint manifest_sha256 held_back",
    "districts": "publisher region_code year filings in_time_percent late fines_yuan confiscated_yuan "
    "licences inspections coercive_measures filings_stated",
    "overdue_reviews": "authority_name year certificates reviewed overdue",
    "lapsing_documents": "document_no title issuing_authority valid_until days_left evaluated_on",
    "administrative_licences": "record_id decision_no document_name holder_name holder_type holder_uscc "
    "holder_registration_no legal_representative licence_type licence_name licence_no content "
    "accepted_date decision_date valid_from valid_until status authority_name authority_uscc "
    "source_name source_uscc region_code remarks",
    "inspections": "record_id plan_no plan_name party_name party_type party_uscc inspection_kind matter "
    "inspection_date result follow_up rectified_date publish_date authority_name "
    "joint_authorities remarks",
    "coercive_measures": "record_id decision_no category measure_kind party_name party_type party_uscc object "
    "legal_basis decision_date extended ending ended_date authority_name remarks",
    "major_decisions": "year title lead_authority basis steps_done status decision_date document_no publish_date "
    "remarks",
    "powers": "power_no title power_kind basis authority_name office level legal_days promised_days "
    "charged duties remarks",
    "discretion_lists": "list_kind matter_no matter conditions basis measures authority_name effective_date "
    "valid_until remarks",
    "reconsiderations": "case_no respondent_authority matter received_date acceptance accepted_date extended "
    "result decided_date days_taken complied remarks",
    "litigation": "case_no instance court defendant_authority matter received_date state result closed_date "
    "lost head_attended remarks",
    "supervisors": "supervisor_no supervisor_name background employer appointed_by appointed_date term_until "
    "status remarks",
    "contact_points": "point_name point_kind town set_up_by established_date status closed_date remarks",
    "legislative_opinions": "draft_title draft_level requested_by received_date due_date returned_date opinions "
    "adopted consulted remarks",
    "enforcement_statistics": "authority_name year indicator value amount_yuan remarks",
    "statistics_checks": "authority_name year indicator stated counted difference stated_yuan counted_yuan "
    "explanation explanation_en",
    "run_tallies": "source_id file dataset read accepted quarantined withheld withdrawn repeated "
    "set_aside",
}

# Every header of domain knowledge: the 424 layout's titles and data names, and those before 2018.
LAYOUT = {
    "行政相对人名称": "respondent_name",
    "行政相对人类别": "respondent_type",
    "行政相对人代码_1（统一社会信用代码）": "respondent_uscc",
    "行政相对人代码_2（工商注册号）": "respondent_registration_no",
    "行政相对人代码_3（组织机构代码）": "respondent_organisation_code",
    "行政相对人代码_4（税务登记号）": "respondent_tax_no",
    "行政相对人代码_5（事业单位证书号）": "respondent_institution_no",
    "行政相对人代码_6（社会组织登记证号）": "respondent_society_no",
    "法定代表人": "legal_representative",
    "法定代表人证件类型": "legal_representative_id_type",
    "法定代表人证件号码": "legal_representative_id_no",
    "证件类型": "respondent_id_type",
    "证件号码": "respondent_id_no",
    "行政处罚决定书文号": "decision_no",
    "违法行为类型": "violation_type",
    "违法事实": "violation_facts",
    "处罚依据": "legal_basis",
    "处罚类别": "penalty_types",
    "处罚内容": "penalty_content",
    "罚款金额（万元）": "fine_yuan",
    "没收违法所得、没收非法财物的金额（万元）": "confiscated_yuan",
    "暂扣或吊销证照名称及编号": "licence_affected",
    "处罚决定日期": "decision_date",
    "处罚有效期": "valid_until",
    "公示截止期": "publicity_until",
    "处罚机关": "authority_name",
    "处罚机关统一社会信用代码": "authority_uscc",
    "数据来源单位": "source_name",
    "数据来源单位统一社会信用代码": "source_uscc",
    "备注": "remarks",
    "备案编号": "filing_no",
    "备案日期": "filing_date",
    "备案审查机关": "filing_authority",
    "审查结果": "review_result",
    "审查日期": "review_date",
    "CF_XDR_MC": "respondent_name",
    "CF_XDR_LB": "respondent_type",
    "CF_XDR_SHXYM": "respondent_uscc",
    "CF_XDR_GSZC": "respondent_registration_no",
    "CF_XDR_ZZJG": "respondent_organisation_code",
    "CF_XDR_SWDJ": "respondent_tax_no",
    "CF_XDR_SYDW": "respondent_institution_no",
    "CF_XDR_SHZZ": "respondent_society_no",
    "CF_FRDB": "legal_representative",
    "CF_FR_ZJLX": "legal_representative_id_type",
    "CF_FR_ZJHM": "legal_representative_id_no",
    "CF_XDR_ZJLX": "respondent_id_type",
    "CF_XDR_ZJHM": "respondent_id_no",
    "CF_WSH": "decision_no",
    "CF_WFXW": "violation_type",
    "CF_SY": "violation_facts",
    "CF_YJ": "legal_basis",
    "CF_CFLB": "penalty_types",
    "CF_NR": "penalty_content",
    "CF_NR_FK": "fine_yuan",
    "CF_NR_WFFF": "confiscated_yuan",
    "CF_NR_ZKDX": "licence_affected",
    "CF_JDRQ": "decision_date",
    "CF_YXQ": "valid_until",
    "CF_GSJZQ": "publicity_until",
    "CF_CFJG": "authority_name",
    "CF_CFJGDM": "authority_uscc",
    "CF_SJLY": "source_name",
    "CF_SJLYDM": "source_uscc",
    "BZ": "remarks",
    "CF_CFMC": "case_name",
    "处罚名称": "case_name",
    "CF_CFLB1": "penalty_types",
    "CF_CFLB2": "penalty_types",
    "CF_XDR_ZDM": "respondent_organisation_code",
    "CF_XDR_GSDJ": "respondent_registration_no",
    "CF_XDR_SFZ": "respondent_id_no",
    "行政相对人代码_5（居民身份证号）": "respondent_id_no",
    "CF_FR": "legal_representative",
    "CF_JG": "penalty_content",
    "处罚结果": "penalty_content",
    "CF_XZJG": "authority_name",
    "CF_ZT": "record_state",
    "当前状态": "record_state",
    "DFBM": "region_code",
    "地方编码": "region_code",
    "SJC": "updated_at",
    "时间戳": "updated_at",
}

# The other half of that layout: licences.
LICENCES = {
    "XK_XDR_MC": "holder_name",
    "XK_XDR_LB": "holder_type",
    "XK_XDR_SHXYM": "holder_uscc",
    "XK_XDR_GSZC": "holder_registration_no",
    "XK_XDR_ZZJG": "holder_organisation_code",
    "XK_XDR_SWDJ": "holder_tax_no",
    "XK_XDR_SYDW": "holder_institution_no",
    "XK_XDR_SHZZ": "holder_society_no",
    "XK_FRDB": "legal_representative",
    "XK_FR_ZJLX": "legal_representative_id_type",
    "XK_FR_ZJHM": "legal_representative_id_no",
    "XK_XDR_ZJLX": "holder_id_type",
    "XK_XDR_ZJHM": "holder_id_no",
    "XK_XKWS": "document_name",
    "XK_WSH": "decision_no",
    "XK_XKLB": "licence_type",
    "XK_XKZS": "licence_name",
    "XK_XKBH": "licence_no",
    "XK_NR": "content",
    "XK_JDRQ": "decision_date",
    "XK_YXQZ": "valid_from",
    "XK_YXQZI": "valid_until",
    "XK_XKJG": "authority_name",
    "XK_XKJGDM": "authority_uscc",
    "XK_ZT": "status",
    "XK_SJLY": "source_name",
    "XK_SJLYDM": "source_uscc",
    "BZ": "remarks",
}

SMALL = """\
name: licences
title: 行政许可
title_en: Licences
gongshi:rules:
  - {rule: social-credit-code, field: uscc}
gongshi:search: [licence_no]
gongshi:sort: -amount
schema:
  primaryKey: [licence_no]
  fields:
    - name: licence_no
      title: 许可编号
      title_en: Licence number
      type: string
      constraints: {required: true, maxLength: 50}
      gongshi:kind: document-number
      gongshi:aliases: [许可证编号]
    - name: uscc
      title: 统一社会信用代码
      title_en: Credit code
      type: string
      gongshi:kind: social-credit-code
    - name: amount
      title: 金额
      title_en: Amount
      type: number
      gongshi:kind: money
      gongshi:unit: 元
    - name: holder_id_no
      title: 证件号码
      title_en: Identity number
      type: string
      gongshi:kind: code
      gongshi:privacy: never
"""


@pytest.fixture(scope="module")
def contract() -> Catalog:
    return catalog.load(FOLDER)


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Writes a contract of one dataset, with `old` changed to `new`, and gives its folder."""

    def write(old: str = "", new: str = "", codes: str = "") -> Path:
        for name in ("package.yaml", "profile.json"):
            shutil.copy(FOLDER / name, tmp_path)
        assert old in SMALL
        (tmp_path / "licences.yaml").write_text(SMALL.replace(old, new, 1), "utf-8")
        if codes:
            (tmp_path / "codes").mkdir()
            (tmp_path / "codes" / "states.csv").write_text(codes, "utf-8")
        return tmp_path

    return write


def refusal(folder: Path) -> str:
    with pytest.raises(UsageError) as refused:
        catalog.load(folder, {"social-credit-code": RULES["social-credit-code"]})
    assert refused.value.exit_code == 2
    return str(refused.value)


# ---------------------------------------------------------------- what stands there


@pytest.mark.parametrize("name", COLUMNS)
def test_a_dataset_publishes_exactly_its_promised_columns_in_order(
    contract: Catalog, name: str
) -> None:
    assert [c.name for c in contract.datasets[name].published] == COLUMNS[name].split()


def test_there_is_no_dataset_that_was_not_promised(contract: Catalog) -> None:
    assert set(contract.datasets) == set(COLUMNS)


def test_input_datasets_keep_where_each_record_came_from_and_produced_ones_do_not(
    contract: Catalog,
) -> None:
    for dataset in contract.datasets.values():
        last = [c.name for c in catalog.published_columns(dataset)][-2:]
        assert (last == ["source_id", "source_row"]) is not dataset.produced


@pytest.mark.parametrize(("header", "field"), LAYOUT.items())
def test_every_header_of_the_national_layout_is_known(
    contract: Catalog, header: str, field: str
) -> None:
    (match,) = match_columns.match([header], contract.datasets["penalty_filings"], {}, ())
    assert match.field == field


@pytest.mark.parametrize(("header", "field"), LICENCES.items())
def test_every_header_of_the_layout_of_licences_is_known(
    contract: Catalog, header: str, field: str
) -> None:
    (match,) = match_columns.match([header], contract.datasets["administrative_licences"], {}, ())
    assert match.field == field


def test_no_header_is_ambiguous_within_its_dataset(contract: Catalog) -> None:
    for dataset in contract.datasets.values():
        owners: dict[str, str] = {}
        for column in dataset.columns:
            for written in (column.name, column.title, column.title_en, *column.aliases):
                form = match_columns.canonical(written)[0]
                assert owners.setdefault(form, column.name) == column.name, written


def test_every_field_says_what_it_is_in_both_languages(contract: Catalog) -> None:
    for dataset in contract.datasets.values():
        assert dataset.description and dataset.description_en, dataset.name
        for column in dataset.columns:
            assert column.description and column.description_en, f"{dataset.name}.{column.name}"


def test_identity_numbers_phones_births_and_photos_are_never_published(contract: Catalog) -> None:
    for name, known in {
        "penalty_filings": ["证件号码", "身份证号", "联系电话", "出生日期", "住址", "银行账号"],
        "certificates": ["身份证号码", "证件号码", "手机号", "出生年月", "照片", "家庭住址"],
        "certificate_events": ["身份证号", "联系电话"],
        "normative_documents": ["联系电话"],
    }.items():
        dataset = contract.datasets[name]
        for written in known:
            (match,) = match_columns.match([written], dataset, {}, ())
            assert dataset.column(match.field).privacy == "never", (name, match.header)


def test_a_punished_persons_name_is_masked_and_an_organisations_is_not(contract: Catalog) -> None:
    column = contract.datasets["penalty_filings"].column("respondent_name")
    assert column.privacy == "masked"
    assert column.masked_when == {"respondent_type": ("自然人",)}


def test_money_is_stored_in_yuan_and_read_in_ten_thousands_where_no_unit_is_named(
    contract: Catalog,
) -> None:
    for name in ("fine_yuan", "confiscated_yuan"):
        column = contract.datasets["penalty_filings"].column(name)
        assert (column.kind, column.unit, column.source_unit) == ("money", "元", "万元")


def test_the_examples_of_the_contract_fulfil_it(contract: Catalog) -> None:
    for dataset in contract.datasets.values():
        for column in dataset.columns:
            longest = column.constraints.get("maxLength", 10_000)
            assert len(column.example) <= longest, column.name
            if column.kind == "choice" and column.example:
                assert column.example in {c.code for c in contract.codes[column.codes].codes}
            if "enum" in column.constraints and column.example:
                assert column.example in column.constraints["enum"]


# ---------------------------------------------------------------- code lists


def test_penalties_stand_in_the_laws_order_and_one_of_unknown_weight_outweighs_none(
    contract: Catalog,
) -> None:
    assert [c.code for c in contract.codes["penalty_types"].codes] == [
        "其他",
        "警告",
        "通报批评",
        "罚款",
        "没收违法所得、没收非法财物",
        "暂扣许可证件",
        "降低资质等级",
        "限制开展生产经营活动",
        "责令停产停业",
        "责令关闭、限制从业",
        "吊销许可证件",
        "行政拘留",
    ]


@pytest.mark.parametrize(
    ("codes", "written", "stored"),
    [
        ("penalty_types", "暂扣或者吊销执照", "暂扣许可证件"),
        ("penalty_types", "没收违法所得", "没收违法所得、没收非法财物"),
        ("respondent_types", "法人", "法人及非法人组织"),
        ("document_types", "居民身份证", "身份证"),
        ("certificate_events", "年检", "年审"),
        ("document_states", "现行有效", "有效"),
        ("review_kinds", "合法性审查", "合法性审核"),
        ("review_outcomes", "失效", "宣布失效"),
        ("divisions", "信阳市平桥区", "411503"),
        ("divisions", "信阳高新技术产业开发区", "411571"),
    ],
)
def test_a_code_is_known_by_its_older_and_looser_names(
    contract: Catalog, codes: str, written: str, stored: str
) -> None:
    assert catalog.spellings(contract.codes[codes])[written] == stored


def test_no_spelling_means_two_codes_even_once_width_and_blanks_are_gone(contract: Catalog) -> None:
    for codes in contract.codes.values():
        owners: dict[str, str] = {}
        for written, code in catalog.spellings(codes).items():
            assert owners.setdefault(values.fold(written), code) == code, (codes.name, written)


def test_the_codes_that_the_interface_names_are_all_there(contract: Catalog) -> None:
    promised = {
        "certificate_events": "新申办 年审 换证 补证 暂扣 收缴 取消资格 注销",
        "certificate_states": "有效 暂扣 收缴 取消资格 注销",
        "document_states": "有效 已修改 废止 失效",
        "review_kinds": "合法性审核 备案审查 后评估 清理",
        "respondent_types": "法人及非法人组织 自然人 个体工商户",
    }
    for name, codes in promised.items():
        assert [c.code for c in contract.codes[name].codes] == codes.split()


def test_divisions_cover_henan_from_province_to_county_and_mark_statistical_units(
    contract: Catalog,
) -> None:
    divisions = contract.codes["divisions"].codes
    labels = {c.code: c.label for c in divisions if not c.valid_to}
    assert {c.code for c in divisions if c.valid_to} == {"413000"}  # abolished in 1998
    assert labels["410000"] == "河南省" and labels["411500"] == "信阳市"
    assert labels["411503"] == "平桥区" and labels["411571"].endswith("（统计用区划）")
    assert (
        sum(code[:2] == "41" and code[2:] != "0000" and code[4:] == "00" for code in labels) == 17
    )
    assert len(labels) == 2978 + 34 + 17


# ---------------------------------------------------------------- the published schema


def test_the_published_schema_promises_nothing_about_what_is_not_published(
    contract: Catalog,
) -> None:
    schema = catalog.table_schema(contract.datasets["penalty_filings"])
    names = [f["name"] for f in schema["fields"]]
    assert names == [*COLUMNS["penalty_filings"].split(), "source_id", "source_row"]
    assert schema["primaryKey"] == ["record_id"]
    assert "foreignKeys" not in schema  # the authority may be missing: only a warning
    assert "uniqueKeys" not in schema  # two people may share a masked name
    assert schema["fields"][2]["gongshi:privacy"] == "masked"


def test_the_published_schema_keeps_the_foreign_keys_that_always_hold(contract: Catalog) -> None:
    schema = catalog.table_schema(contract.datasets["header_mappings"])
    assert schema["foreignKeys"] == [
        {"fields": ["source_id"], "reference": {"resource": "sources", "fields": ["source_id"]}}
    ]


def test_an_independent_reader_accepts_the_published_schemas(
    contract: Catalog, tmp_path: Path
) -> None:
    import frictionless

    resources = []
    for name, dataset in contract.datasets.items():
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(c.name for c in catalog.published_columns(dataset))
        schema = catalog.table_schema(dataset)
        resources.append({"name": name, "path": f"{name}.csv", "schema": schema})
    package = {"name": contract.package["name"], "resources": resources}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), "utf-8")
    report = frictionless.validate(tmp_path / "datapackage.json")
    assert report.valid, report.flatten(["type", "message"])


def test_the_contracts_version_changes_with_any_of_its_files(small: Callable[..., Path]) -> None:
    before = catalog.load(small()).version
    assert catalog.load(small()).version == before
    assert catalog.load(small("许可证编号", "许可证号")).version != before


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("title_en: Licences", "titel_en: Licences", 1, "title_en"),
        ("gongshi:search", "gongshi:serach", 6, "gongshi:serach"),
        ("      gongshi:aliases", "      aliases", 17, "aliases"),
        ("maxLength", "maxlength", 15, "maxlength"),
        ("kind: money", "kind: cash", 27, "cash"),
        ("type: number", "type: decimal", 26, "decimal"),
        ("type: number", "type: string", 26, "money"),
        ("      gongshi:unit: 元\n", "", 23, "gongshi:unit"),
        ("required: true", "required: perhaps", 15, "required"),
        ("maxLength: 50", "minimum: 5", 15, "minimum"),
        ("maxLength: 50", "pattern: '('", 15, "pattern"),
        ("rule: social-credit-code", "rule: no-such-rule", 5, "no-such-rule"),
        ("field: uscc", "field: usc", 5, "usc"),
        ("primaryKey: [licence_no]", "primaryKey: [licence]", 9, "licence"),
        ("privacy: never", "privacy: masked\n      gongshi:masked_when: {kind: [a]}", 35, "kind"),
        ("kind: document-number", "kind: text\n      gongshi:heaviest_of: nothing", 17, "nothing"),
        ("kind: money", "kind: money\n      gongshi:keep_blanks: true", 27, "text"),
        ("search: [licence_no]", "search: [holder]", 6, "holder"),
        ("search: [licence_no]", "search: [holder_id_no]", 6, "holder_id_no"),
        ("search:", "facets: [state]\ngongshi:search:", 6, "state"),
        ("sort: -amount", "sort: -sum", 7, "sum"),
        ("sort: -amount", "label: nobody", 7, "nobody"),
        ("[许可证编号]", "[许可证编号, 金额]", 24, "金额"),
        ("name: uscc", "name: licence_no", 18, "licence_no"),
        ("kind: document-number", "kind: choice\n      gongshi:codes: nowhere", 17, "nowhere"),
        ("kind: document-number", "kind: choice", 11, "gongshi:codes"),
        ("title: 行政许可", "title: [行政许可", 3, ""),
        ("title: 行政许可", "title: 行政许可\ntitle: 许可", 3, "title"),
    ],
)
def test_a_mistake_in_the_contract_is_named_with_its_file_and_line(
    small: Callable[..., Path], old: str, new: str, line: int, what: str
) -> None:
    said = refusal(small(old, new))
    assert f"licences.yaml 第 {line} 行" in said, said
    assert what in said


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        ("{resource: nowhere, fields: [a]}", "nowhere"),
        ("{resource: licences, fields: [nothing]}", "nothing"),
        ("{resource: licences, fields: [licence_no, uscc]}", "外键"),
    ],
)
def test_a_foreign_key_that_leads_nowhere_is_refused(
    small: Callable[..., Path], reference: str, what: str
) -> None:
    key = f"foreignKeys: [{{fields: [uscc], reference: {reference}}}]"
    said = refusal(small("primaryKey: [licence_no]", key))
    assert "licences.yaml 第 9 行" in said and what in said


@pytest.mark.parametrize(
    ("codes", "line"),
    [
        ("code,name\n有效,有效\n", 1),
        ("code,label,label_en,aliases,valid_from,valid_to\n有效,有效\n", 2),
        (
            "code,label,label_en,aliases,valid_from,valid_to\n有效,有效,,正常,,\n失效,失效,,正常,,\n",
            3,
        ),
        ("code,label,label_en,aliases,valid_from,valid_to\n有效,有效,,,,\n有效,有效,,,,\n", 3),
    ],
)
def test_a_broken_code_list_is_named_with_its_file_and_line(
    small: Callable[..., Path], codes: str, line: int
) -> None:
    assert f"states.csv 第 {line} 行" in refusal(small(codes=codes))


def test_text_that_is_not_utf8_is_named_with_its_line(small: Callable[..., Path]) -> None:
    file = small() / "licences.yaml"
    file.write_bytes(SMALL.encode("gb18030"))
    assert "licences.yaml 第 2 行" in refusal(file.parent)


def test_a_folder_without_a_contract_is_refused(tmp_path: Path) -> None:
    assert "nowhere" in refusal(tmp_path / "nowhere")
    assert "package.yaml" in refusal(tmp_path)


def test_two_files_cannot_define_one_dataset(small: Callable[..., Path]) -> None:
    folder = small()
    shutil.copy(folder / "licences.yaml", folder / "other.yaml")
    assert "licences" in refusal(folder)


def test_a_mistake_is_told_in_english_where_english_is_spoken(
    small: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    said = refusal(small("kind: money", "kind: cash"))
    assert 'licences.yaml, line 27: "gongshi:kind" cannot be "cash"' in said


def test_any_rule_may_be_named_where_no_rules_are_given(small: Callable[..., Path]) -> None:
    (use,) = (
        catalog.load(small("social-credit-code, f", "later-rule, f")).datasets["licences"].rules
    )
    assert (use.rule, use.params, use.line) == ("later-rule", {"field": "uscc"}, 5)


def test_a_parameter_that_a_rule_does_not_know_stops_the_run(small: Callable[..., Path]) -> None:
    said = refusal(small("field: uscc", "field: uscc, on: uscc"))
    assert "licences.yaml 第 5 行" in said and "on" in said and "field" in said


def test_a_parameter_that_a_rule_needs_has_to_be_there(small: Callable[..., Path]) -> None:
    said = refusal(small(", field: uscc}", "}"))
    assert "licences.yaml 第 5 行" in said and "field" in said


# ---------------------------------------------------------------- the profile


def test_the_profile_and_the_reader_know_the_same_kinds() -> None:
    profile = json.loads((FOLDER / "profile.json").read_text("utf-8"))
    listed = profile["$defs"]["field"]["properties"]["gongshi:kind"]["enum"]
    assert listed == list(catalog.KIND_TYPES)


def test_intake_has_a_way_to_read_every_kind() -> None:
    assert set(catalog.KIND_TYPES) == set(values.KINDS)


def test_the_profile_lets_no_unknown_key_through_anywhere() -> None:
    profile = json.loads((FOLDER / "profile.json").read_text("utf-8"))["$defs"]
    for name in ("dataset", "field", "constraints", "foreignKey", "expect", "package"):
        assert profile[name]["additionalProperties"] is False


def test_datasets_come_in_their_order(contract: Catalog) -> None:
    orders = [dataset.order for dataset in contract.datasets.values()]
    assert orders == sorted(orders)
    first = next(iter(contract.datasets.values()))
    assert isinstance(first, Dataset) and first.name == "penalty_filings"


def test_the_example_in_the_authoring_guide_is_a_valid_dataset(tmp_path: Path) -> None:
    guide = (FOLDER.parent / "docs" / "authoring.md").read_text("utf-8")
    folder = shutil.copytree(FOLDER, tmp_path / "datapackage")
    codes = guide.split("```csv\n")[2].split("```")[0]
    (folder / "codes" / "hearing_outcomes.csv").write_text(codes, "utf-8")
    example = guide.split("```yaml\n")[1].split("```")[0]
    (folder / "hearings.yaml").write_text(example, "utf-8")
    dataset = catalog.load(folder, RULES).datasets["hearings"]
    assert dataset.published[0].title == "听证编号"
    sent = guide.split("```csv\n")[1].splitlines()[0].split(",")
    assert all(match.field for match in match_columns.match(sent, dataset, {}, ()))


def test_the_authoring_guide_explains_every_key_and_kind() -> None:
    guide = (FOLDER.parent / "docs" / "authoring.md").read_text("utf-8")
    profile = json.loads((FOLDER / "profile.json").read_text("utf-8"))["$defs"]
    keys = [*profile["dataset"]["properties"], *profile["field"]["properties"]]
    missing = [key for key in [*keys, *catalog.KIND_TYPES] if f"`{key}`" not in guide]
    assert missing == ["schema"]  # explained key by key
