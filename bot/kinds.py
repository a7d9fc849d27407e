"""What a piece of text could answer: signs of a person, a date, a number … in a sentence."""

import re

_TITLE = (
    r"(?:대표이사|대표|회장|위원장|총장|교수|의원|시장|군수|구청장|지사|원장|소장|단장|과장|국장|실장|팀장|부장|차장|본부장|센터장|사무총장|총무|이사장|이사|장관|차관|"
    r"대통령|기자|박사|연구원|변호사|감독|작가|선수|배우|가수|씨|님|군|양|목사|신부|스님|대사|판사|검사|사장|부사장|전무|상무|간사|사무국장|위원|조합장|이장|통장|학장|처장|청장|서장|관장|강사|코치|대변인)"
)
SIGNS: dict[str, re.Pattern[str]] = {
    "person": re.compile(rf"[가-힣]{{2,4}}\s?(?:[가-힣A-Za-z·()]+\s?){{0,4}}{_TITLE}|[가-힣]{{2,4}}\s?{_TITLE}"),
    "org": re.compile(r"[가-힣A-Za-z]+(?:원|회|청|부|처|단|당|사|대|관|센터|협회|재단|공사|은행|모임|연대|기구|그룹|대학교?|학교|병원|시|군|구|도|국|과)\b|㈜|[A-Z]{2,}"),
    "place": re.compile(r"[가-힣0-9]+(?:시|군|구|동|읍|면|리|도|실|관|장|당|센터|층|역|지구|단지|공원|학교|거리|광장|호텔|홀|산|강|섬|마을|청|회관)(?:에서|에|의|으로|로|을|를|이|가|은|는|\b)"),
    "date": re.compile(r"\d{1,4}\s?년|\d{1,2}\s?월|\d{1,2}\s?일|\d{4}[.\-]\s?\d{1,2}|요일|지난해|올해|내년|작년|이달|지난달|다음 달|상반기|하반기|오는|전날|당일|어제|오늘|내일|세기|\([월화수목금토일]\)"),
    "time": re.compile(r"(?:오전|오후|밤|새벽|낮)\s?\d|\d{1,2}\s?시|\d{1,2}:\d{2}"),
    "number": re.compile(r"\d|[한두세네]\s?(?:명|개|곳|가지|번|차례)|수십|수백|수천|절반"),
    "reason": re.compile(r"때문|위해|이유|까닭|원인|탓|덕분|따라|므로|아서|어서|니까|배경|계기"),
    "purpose": re.compile(r"위해|위한|목표|목적|취지|하고자|하려"),
    "method": re.compile(r"통해|으로|방식|방법|활용|이용|거쳐"),
    "claim": re.compile(r"[“\"”‘]|고 (?:말|밝|설명|강조|주장|전|지적|덧붙|당부|언급)"),
    "role": re.compile(_TITLE),
    "topic": re.compile(r"[‘“\"'〈《「『<]|주제|제목|이라는|라는"),
}  # fmt: skip


def shows(kind: str, text: str) -> bool:
    """Whether `text` holds a sign of that kind of answer; True for a kind that has no sign."""
    sign = SIGNS.get(kind)
    return sign is None or bool(sign.search(text))
