"""What a piece of text could answer: signs of a person, a date, a number … in a sentence."""

import re
from collections.abc import Sequence
from functools import lru_cache

from vectorstore.morphemes import Morpheme

TITLE = (
    r"(?:대표이사|대표|회장|위원장|총장|교수|의원|시장|군수|구청장|지사|원장|소장|단장|과장|국장|실장|팀장|부장|차장|본부장|센터장|사무총장|총무|이사장|이사|장관|차관|"
    r"대통령|기자|박사|연구원|변호사|감독|작가|선수|배우|가수|씨|님|목사|신부|스님|대사|판사|검사|사장|부사장|전무|상무|간사|사무국장|위원|조합장|이장|통장|계장|조장|반장|지부장|지회장|총괄|수석|학장|처장|청장|서장|관장|강사|코치|대변인|"
    r"(?<![운이활작])동장|읍장|면장|교장|교감|총재|총리|(?<!회)의장|주무관|사무관|연구관|사서|활동가|학예사|평론가|건축가|점장|역장)"
)
SIGNS: dict[str, re.Pattern[str]] = {
    "person": re.compile(TITLE),
    "org": re.compile(r"[가-힣A-Za-z]+(?:원|회|청|부|처|단|당|사|대|관|센터|협회|재단|공사|은행|모임|연대|기구|그룹|대학교?|학교|병원|시|군|구|도|국|과)\b|㈜|[A-Z]{2,}"),
    "place": re.compile(r"[가-힣0-9]+(?:시|군|구|동|읍|면|리|도|실|관|장|당|센터|층|역|지구|단지|공원|학교|거리|광장|호텔|홀|산|강|섬|마을|청|회관)(?:에서|에|의|으로|로|을|를|이|가|은|는|\b)"),
    "date": re.compile(r"\d{1,4}\s?년|\d{1,2}\s?월|\d{1,2}\s?일|\d{4}[.\-]\s?\d{1,2}|요일|지난해|올해|내년|작년|이달|지난달|다음 달|상반기|하반기|오는|전날|당일|어제|오늘|내일|세기|\([월화수목금토일]\)"),
    "time": re.compile(r"(?:오전|오후|밤|새벽|낮)\s?\d|\d{1,2}\s?시|\d{1,2}:\d{2}"),
    "number": re.compile(r"\d|[한두세네]\s?(?:명|개|곳|가지|번|차례)|수십|수백|수천|절반"),
    "reason": re.compile(r"때문|위해|이유|까닭|원인|탓|덕분|따라|므로|아서|어서|니까|배경|계기"),
    "purpose": re.compile(r"위해|위한|목표|목적|취지|하고자|하려"),
    "method": re.compile(r"통해|으로|방식|방법|활용|이용|거쳐"),
    "claim": re.compile(r"[“\"”‘]|고 (?:말|밝|설명|강조|주장|전|지적|덧붙|당부|언급)"),
    "role": re.compile(TITLE),
    "topic": re.compile(r"[‘“\"'〈《「『<]|주제|제목|이라는|라는"),
}  # fmt: skip


@lru_cache(maxsize=1 << 16)
def shows(kind: str, text: str) -> bool:
    """Whether `text` holds a sign of that kind of answer; True for a kind that has no sign."""
    sign = SIGNS.get(kind)
    return sign is None or bool(sign.search(text))


_WRITTEN = r"(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|서른|마흔|쉰|수십|수백|여러)"


@lru_cache(maxsize=1 << 14)
def counted(unit: str, text: str) -> bool:
    """Whether a number of that unit stands in `text`; for money, that something is free of charge does too."""
    number = rf"(?:\d[\d,.]*\s?여?|{_WRITTEN})\s?[가-힣]{{0,3}}?\s?{re.escape(unit)}"
    free = r"|무료|무상|공짜|없이|달러|유로|엔화" if unit == "원" else ""
    return bool(re.search(number + free, text))


_TITLE_ONLY = re.compile(rf"{TITLE}$")
_MONEY = re.compile(
    r"\d[\d,.]*\s?(?:조|억|만|천|백)*\s?(?:\d[\d,.]*\s?(?:억|만|천)?\s?)*(?:원|달러|엔|유로|위안)"
)
_PERCENT = re.compile(r"\d[\d,.]*\s?(?:%|％|퍼센트|프로)")
_DATE = re.compile(
    r"(?:\d{2,4}\s?년|\d{1,2}\s?월(?!드)|\d{1,2}\s?일(?!\s?(?:간|동안))|\d{4}[.\-/]\s?\d{1,2}|지난해|올해|내년|작년|이듬해|지난달|이달|다음 ?달|[상하]반기|세기|[월화수목금토일]요일"
    r"|전날|당일|이튿날|\d{4}\s?[~∼-]\s?\d{4}|봄|여름|가을|겨울|연말|연초|월말|오늘|내일|어제|주말|평일|매주|매월|매년|초순|중순|하순)"
)
_TIME = re.compile(
    r"(?:오전|오후|새벽|저녁|밤|낮|아침)\s?(?:\d|[한두세네다여일열])|\d{1,2}\s?시(?!민|군|청|의|장|간)|\d{1,2}:\d{2}|정오|자정"
)
_COUNT = re.compile(
    r"\d|^(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|수십|수백|수천|절반|첫|둘|셋|넷)(?:\s|$|[가-힣])"
)
_ORG = re.compile(
    r"(?:진흥원|연구원|연구소|교육원|개발원|기술원|위원회|협의회|협회|학회|의회|교육청|구청|시청|군청|도청|경찰서|소방서|보건소|법원|검찰청|공단|공사|재단|은행|조합|대학교?|학교|초|고|병원|"
    r"신문|방송|언론|센터|본부|부서|당|모임|연대|단체|그룹|기업|회사|㈜.*|주식회사.*|팀|과|국|부|청|처|원|회|단|사|사업단|지부|동호회|클럽|밴드|구단|왕조|제국|왕국|군)$"
)
_PLACE = re.compile(
    r"(?:시|군|구|도|동|읍|면|리|로|길|역|항|공항|터미널|층|호|실|회의실|강당|강의실|홀|관|회관|센터|공원|광장|마당|운동장|경기장|체육관|도서관|박물관|미술관|극장|호텔|식당|카페|시장|상가|단지|지구|"
    r"마을|산|강|섬|호수|바다|해변|해수욕장|계곡|들|골|재|고개|다리|대교|저수지|댐|포구|창고|공장|농장|밭|집|앞|옆|뒤|위|아래|안|밖|건너편|입구|정문|광역시|특별시|지역|나라|국|주|반도|대륙|궁|성|절|사찰|교회|성당)$"
)
_NAME = re.compile(r"^[가-힣]{2,4}$")


def is_title(word: str) -> bool:
    """Whether a noun is a person's title: 교수, 사무총장."""
    return bool(_TITLE_ONLY.fullmatch(word)) or word in ("씨", "님", "군", "양")


def surface_kind(text: str, found: Sequence[Morpheme]) -> str:
    """What a candidate looks like: money, percent, time, date, count, person, title, org, place, latin …"""
    last = found[-1]
    if last.tag in ("EC", "ETM", "EF", "ETN"):
        return "clause" if last.tag != "ETM" else "modifier"
    if _MONEY.search(text):
        return "money"
    if _PERCENT.search(text):
        return "percent"
    if _TIME.search(text):
        return "datetime" if _DATE.search(text) else "time"
    if _DATE.search(text) and len(text) < 30:
        return "date"
    if _COUNT.search(text) and len(text) < 25 and not any(m.tag == "NNP" for m in found[-1:]):
        return "count"
    person = _person(text, found)
    if person:
        return person
    if _ORG.search(text):
        return "org_place" if _PLACE.search(text) else "org"
    if _PLACE.search(text):
        return "place"
    return _by_tag(last)


def _person(text: str, found: Sequence[Morpheme]) -> str | None:
    bare = re.sub(r"\s?\([^()]*\)$", "", text)
    words = bare.split()
    if not words:
        return None
    ends_on_title = bool(_TITLE_ONLY.search(words[-1]))
    named = bool(_SURNAME.match(words[0])) and not _TITLE_ONLY.search(words[0])
    if ends_on_title:
        return (
            "person_title" if named and len(words) > 1 else "short_title" if len(words[0]) == 1 else "title"
        )
    if len(words) == 1 and _SURNAME.match(bare):
        return "name"
    if len(words) <= 4 and _SURNAME.match(words[-1]) and any(_TITLE_ONLY.search(w) for w in words[:-1]):
        return "title_name"
    return None


SURNAMES = r"(?:남궁|황보|선우|독고|제갈|사공|[김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예봉경사부가복태목형두감음빈동온호범좌팽승간상시갈단견당피화창])"
_SURNAME = re.compile(rf"^{SURNAMES}[가-힣]{{1,2}}$")


def _by_tag(last: Morpheme) -> str:
    if last.tag == "SL":
        return "latin"
    if last.tag == "NNP":
        return "proper"
    if last.tag == "SSC":
        return "bracket"
    return "noun" if last.tag == "NNG" else "other"
