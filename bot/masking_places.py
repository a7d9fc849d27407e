"""Plates of cars, and addresses from the street's name on; the town before it stays.

A number after a word is an address only where something shows it: a flat (101동 202호), a town before it
(북구 용봉로 77), or a home that is spoken of. 앞으로 10년 and 용봉동 3곳 are none.
"""

import re
from collections.abc import Iterator

from bot.masking_numbers import Found

_REGION = r"서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    rf"(?<![0-9제])(?P<region>(?:{_REGION})\s?)?(?<![0-9])(?P<front>[0-9]{{1,3}})\s?"
    r"(?P<letter>[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자허하호배육해공국합])"
    r"(?P<gap>\s?)[0-9]{4}(?![0-9]|[.,][0-9]|\s?(?:년|억|만|천|여|원|명|개|건|곳|%|달러|가구|세대|호(?![가-힣])"
    r"|판결|결정|사건|선고|㎡|km|미터|톤))"
)
_ALSO_WORDS = (
    "가나다라도로조구수주호사서고부"  # 12도 2024, 10조 5000: apart they are words, beside a car plates
)
_CAR = re.compile(r"차량|번호판|자동차|승용차|트럭|택시|버스|차 ?번호|차번|[가-힣] ?차")


def plates(text: str) -> Iterator[Found]:
    """Every plate: 12가3456, 광주 31바 1234."""
    for match in _PLATE.finditer(text):
        around = text[max(0, match.start() - 20) : match.end() + 20]
        sure = bool(match["region"]) or (
            len(match["front"]) > 1 and (not match["gap"] or match["letter"] not in _ALSO_WORDS)
        )
        if sure or (len(match["front"]) > 1 and _CAR.search(around)):
            yield Found(match.start(), match.end(), "plate")


# --- addresses: from the street's name on; the town before it stays

_STREET = re.compile(
    r"(?<=[가-힣0-9])(?P<road>로|길)\s?(?:[0-9]{1,4}번?[가나다라마바사]?길\s?)?"
    r"(?P<number>(?:지하\s?)?[0-9]{1,4}(?:-[0-9]{1,4})?)(?P<plot>번지)?(?![0-9])"
)
_PLOT = re.compile(
    r"(?<=[가-힣0-9])(?P<road>동|리|(?<=[0-9])가)\s(?P<number>(?:산\s?)?[0-9]{1,4}(?:-[0-9]{1,4})?)(?P<plot>번지)?(?![0-9])"
)
_FLAT = re.compile(
    r"(?<![0-9])[0-9]{1,4}동\s?[0-9]{2,4}호"
    r"|(?:아파트|빌라|오피스텔|맨션|주공|단지)\s?[0-9]{2,4}-[0-9]{3,4}(?:호|(?![0-9]))"
)
_HOUSES = re.compile(
    r"[가-힣A-Za-z0-9]{0,15}(?:아파트|빌라|오피스텔|맨션|주공|단지|마을|타운|빌|빌리지|팰리스|하우스)"
    r"\s?(?:[0-9]{1,2}(?:차|단지)\s?)?$"
)
_UNIT = re.compile(
    r"(?:번지)?[,\s]{0,2}(?:\([^()]{1,20}\)[,\s]{0,2})?(?:[가-힣A-Za-z0-9]{1,15}[,\s]{1,2}){0,2}?"
    r"(?:[0-9A-Za-z가나다라]{1,4}동\s?)?(?:지하\s?|[Bb])?(?:[0-9]{1,2}층\s?)?"
    r"[0-9]{1,4}호(?!선|기|점|차|골|포|봉)"
)
_TOWN = re.compile(rf"(?:(?:{_REGION})|[가-힣]{{1,7}}(?:시|군|구|읍|면|동|리|도))(?:은|는|에|의)?\s?$")
_HOME = re.compile(r"주소|집(?![가-힣]{2})|사는|살고|살아|거주|배송|택배|댁")
_LIVES = re.compile(r"\s?(?:번지)?\s?에?서? ?(?:살|사는|사시|거주|이사)|\s?(?:으로|로) (?:보내|배송|이사)")
_COUNTED = (
    r"명|년|월|일|시|분|초|개|건|곳|배|위|살|세|점|표|원|%|만|억|조|천|백|여|대[ 의]|층|회|차"
    r"|편|권|쪽|인 |km|㎞|㎡"
    r"|가지|퍼센트|달러|킬로|미터|번째|마리|그루|가구|주년|학년|단계"
)
_NO_MORE = re.compile(
    rf"(?=$|[\s,.?!)\]]|번지|에|으로|로 |입|이[에고야라며지다]|예요|인데|번)(?!\s?(?:{_COUNTED}))"
)
_NO_ROAD = re.compile(  # adverbs that end as a road does
    r"(?:앞으|뒤|스스|서|새|바|별|주|실제|최초|그대|대체|따|홀|저절|함부|날|진짜|정말|절대|억지|마음대|이대|제대|멋대"
    r"|번째|차례|대표|것으|쪽으|정도|위주|무료|유료|공동으|전국으|최대|최소|평균으|순서대|이상으|이하|기준으)$"
)
_AREA_AROUND = re.compile(r"\s?(?:일대|일원|주변)")
_NO_WORD = re.compile(r"[^가-힣0-9]")


def addresses(text: str) -> Iterator[Found]:
    """Every address, from its street, plot or house on."""
    for match in _FLAT.finditer(text):
        left = text[max(0, match.start() - 24) : match.start()]
        house = _HOUSES.search(left)
        yield Found(match.start() - (len(left) - house.start() if house else 0), match.end(), "address")
    for form in (_STREET, _PLOT):
        for match in form.finditer(text):
            found = _address(text, match)
            if found is not None:
                yield found


def _address(text: str, match: re.Match[str]) -> Found | None:
    """A street or a plot with its number, where a flat, a town or a home shows that it is an address."""
    before = text[max(0, match.start() - 40) : match.start()]
    name = _NO_WORD.split(before[-12:])[-1]
    if not name or _NO_ROAD.search(name):
        return None
    unit = _UNIT.match(text, match.end()) if "호" in text[match.end() : match.end() + 60] else None
    if unit is None and not _certain(text, match, before, before[: len(before) - len(name)]):
        return None
    return Found(match.start() - len(name), unit.end() if unit else match.end(), "address")


def _certain(text: str, match: re.Match[str], before: str, town: str) -> bool:
    """Whether what stands around the number leaves no doubt; `town` is what stands before the street."""
    if not _NO_MORE.match(text, match.end()):
        return False
    if match["plot"] and not _AREA_AROUND.match(text, match.end()):
        return True
    if (match["road"] in "로길" or "-" in match["number"]) and _TOWN.search(town):
        return True
    return bool(_HOME.search(before[-20:]) or _LIVES.match(text, match.end()))
