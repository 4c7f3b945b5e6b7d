"""Whether a column holds what tells of private persons, by its heading and by its values.

A heading is known in the languages that spreadsheets come in; values are known by their form, as in
the screen of free text (`checks.privacy`), whatever the heading. A draft that is wrong here costs a
line in one case and a person's privacy in the other, so doubt is decided for the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.base.script import simplified
from pipeline.checks.privacy import screen
from pipeline.checks.privacy.names import looks_like_person, name_at
from pipeline.intake.table import values
from pipeline.intake.table.spelling import Setting, half_width

MOST = 300  # distinct values that are looked at
LONGEST = 60  # characters of a value: longer ones are free text, which is screened when published
SOME, MANY = 0.1, 0.8  # shares of the values

#: Parts of headings in scripts that are written without blanks.
_HAN = re.compile(
    r"身份证|证件号|护照|旅券|通行证|居住证|驾驶证|社保|个人番号|マイナンバー|パスポート"
    r"|电话|手机|行动电|携带|携帯|联系方式|联络方式|邮箱|邮件|メール|微信|QQ"
    r"|住址|家庭|户籍|住所|地址|籍贯|出生|生日|生年月日|年龄|年齢|性别|性別|民族|宗教|婚姻|配偶|监护|家长"
    r"|银行|账号|帐号|账户|口座|卡号|工资|薪酬|照片|指纹|人脸|签名|车牌|政治面貌|学历|健康|病历|病史|残疾"
    r"|投诉人|举报人|申诉人|信访人|来访人|来信人|反映人|检举人|控告人|告发人|通报者|受害人|被害人|证人|患者|病人|死者|伤者"
    r"|전화|휴대|연락처|주소|생년월일|주민등록|여권|이메일|성별|나이|계좌|신고인|민원인"
    r"|телефон|адрес|паспорт|рожд|снилс|заявител|жалобщик"
    r"|هاتف|جوال|جواز|عنوان|ميلاد|بريد|هوية|جنس|مشتك"
)
#: Words of headings in Latin letters (English, Spanish, French, German, Portuguese, pinyin …), by
#: their beginnings, without accents.
_LATIN = re.compile(
    r"\b(?:passp|passep|pasap|reisepass|paspor|phone|telephon|telefon|tel\b|mobil|movil|celular|cell\b|cellphone|handy|whatsapp|wechat"
    r"|birth|born|dob\b|naissance|nacimiento|nascimento|geburt|nascita|e ?mail|mail\b|correo|courriel"
    r"|address|adress|direccion|endereco|indirizzo|anschrift|domicil|residen|alamat"
    r"|gender|sex\b|sexe|sexo|geschlecht|age\b|edad|idade|nationality|ethnic|religion|marital"
    r"|ssn\b|social security|national id|identity|id ?card|id ?number|id no\b|nric|cpf\b|dni\b|curp|aadhaar"
    r"|complainant|complainer|whistle|informant|reporter|victim|witness|patient|denunciante|plaignant|guardian|spouse|next of kin"
    r"|iban|bank|account n|card n|licen[cs]e plate|plate n|kennzeichen|matricula|photo|fingerprint|signature|salary"
    r"|shenfenzheng|sfz\w*|dianhua|shouji|chusheng|youxiang|zhuzhi|tousuren|jubaoren)"
)
#: Who is named may be a person or an organisation.
_ROLE = re.compile(
    r"姓名|当事人|相对人|被处罚人|申请人|法定代表人|负责人|联系人|经办人|名前|氏名|代表者|주인|대표자|신청인"
)
#: Columns of persons' names.
_NAMES = re.compile(
    r"姓名|氏名|名前|이름|성명|фамил|отчеств|имя|фио|الاسم|\bxingming"
    r"|\b(?:first ?name|last ?name|surname|forename|given name|family name|full ?name|prenom|apellido|vorname|nachname|sobrenome|cognome)"
)
_NAME = re.compile(
    r"姓名|名前|氏名|人员|人$|者$|员$|\b(?:name|person|officer|contact|owner|applicant|nom|nombre|nome)\b"
)
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_TELEPHONE = re.compile(r"\+\d[\d ()./-]{6,18}|\(?0\d{1,4}\)?[ -]\d[\d -]{4,12}")
_SEX = frozenset(("男", "女", "男性", "女性", "m", "f", "male", "female", "man", "woman", "남", "여", "м", "ж"))  # fmt: skip
_LATIN_NAME = re.compile(r"[A-Z][\w'’-]+,?(?: [A-Z][\w'’.-]*){1,3}")
_FIRM = re.compile(r"\b(?:Ltd|Limited|Inc|Co|Corp|LLC|GmbH|SA|Bureau|Office|Department|Council|Court|School|University|Bank|Group|Street|City|County)\b")  # fmt: skip
GROWN = 14  # years: few are fined, licensed or heard who are younger


@dataclass(frozen=True, slots=True)
class Look:
    """Why a column looks personal: `why` is the end of a message's key (`draft-personal-…`), `fit`
    of `count` values are such; `is_name`: they may be shown masked.
    """

    why: str
    fit: int = 0
    count: int = 0
    is_name: bool = False


def look(heading: str, filled: Sequence[str]) -> Look | None:
    """What of persons a column may hold; None where nothing says so. `filled`: its values."""
    some = [half_width(v) for v in list(dict.fromkeys(filled))[:MOST]]
    words = _words(heading)
    if _HAN.search(words) or _LATIN.search(words):
        return Look("heading")
    if _NAMES.search(words):
        return Look("heading", is_name=True)
    for why, fits, enough in _FORMS:
        fit = sum(map(fits, some))
        if fit and fit >= enough * len(some):
            return Look(why, fit, len(some))
    named = sum(map(_is_name, some))
    if named and (_ROLE.search(words) or named >= MANY * len(some)):
        return Look("names", named, len(some), is_name=True)
    latin = sum(map(_is_latin_name, some))
    if latin and latin >= MANY * len(some) and _NAME.search(words):
        return Look("names", latin, len(some), is_name=True)
    return None


def are_births(filled: Sequence[str], today: date) -> bool:
    """Whether dates beside persons' names may be those on which they were born: nearly all were
    years ago, and they spread over many years.
    """
    days = (values.normalise(v, "date", Setting())[0] for v in filled)
    years = sorted(int(d[:4]) for d in days if re.fullmatch(r"\d{4}-\d\d-\d\d", d))
    if len(years) < 3:
        return False
    old = sum(1900 < year <= today.year - GROWN for year in years)
    spread = years[-1 - len(years) // 10] - years[len(years) // 10]
    return old >= MANY * len(years) and spread >= 10


def _words(heading: str) -> str:
    """A heading in half width, simplified, without accents, in small letters and single blanks."""
    plain = unicodedata.normalize("NFKC", simplified(heading))
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    letters = (c for c in unicodedata.normalize("NFKD", plain) if not "\u0300" <= c <= "\u036f")
    plain = unicodedata.normalize("NFC", "".join(letters)).casefold()
    return re.sub(r"[\W_]+", " ", plain).strip()


def _is_number(value: str) -> bool:
    """A number, an address on the net or at home, by which a person is known or reached."""
    if len(value) > LONGEST:
        return False
    if _E_MAIL.fullmatch(value) or _TELEPHONE.fullmatch(value):
        return True
    hidden, rules = screen.screened(value)
    shown = sum(a == b for a, b in zip(value, hidden, strict=False))
    return bool(rules) and shown * 2 <= len(value)


def _is_sex(value: str) -> bool:
    return value.casefold() in _SEX


def _is_name(value: str) -> bool:
    """A Chinese name, masked or not, that is no other word."""
    plain = simplified(value)
    return looks_like_person(plain) and ("某" in plain or name_at(plain, 0) == len(plain))


def _is_latin_name(value: str) -> bool:
    return bool(_LATIN_NAME.fullmatch(value)) and not _FIRM.search(value)


_FORMS: tuple[tuple[str, Callable[[str], bool], float], ...] = (
    ("numbers", _is_number, SOME),
    ("sex", _is_sex, MANY),
)
