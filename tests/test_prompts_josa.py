"""The particle after every kind of ending that an article, a file name or a number can have."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.josa import PAIRS, josa

# By the last sound of the word when it is read aloud; a line is one kind of ending, `|` between words.
CONSONANT = """
포럼|토론회장|이봉윤|임한필 위원장|사업단|과장|대책|꽃|값|닭|삶|앞|부엌|밖|밭|흙|여덟|여덟 명|몫|서울역
교육청|기관|시민|국민|질문|대답|근거 문장|진흥원|사무총장|정책|강당|장단점|법령
0|3|6|10|13|16|20|30|33|36|60|90|100|103|106|110|200|300|1000|1003|2000|2023|5000|10000|20000|100000|1000000
1,000|10,000|1,000,000|100000000|10000000000000000|0.0|10.0|3.0|00|2010|2020|1.3|0.16|0073|K6|１０|３
UAM|LLM|ATM|DRM|ASEAN|UN|CNN|YTN|MBN|eSIM|LAN|RAM|HRM|n|M|m
iPhone|online|system|team|game|python|LangChain|training|camping|forum|design|column|Zoom|data.json|example.com
chatbot|robot|startup|group|tip|web|club|music|facebook|book|Slack|app|Internet|ticket|GitLab|OPEC|map|block|clip
2kg|10 kg|500g|30mg|3t|70㎏|5㎎|7 KG|500₩|1만￦|C#
22년|11월 22일 밤|18시 13분|4층|13개 법안|3명|2곳|5건|80점|3억 원|9천|6백|1조 5천억
광주과학기술원(GIST)|정보통신산업진흥원 (NIPA)|국회의원(광주 서구갑)
은행(서울(본점))|대학원（AI）|과장(반도체과)
‘반도체 과장’|“토론”|《훈민정음》|[사진]|‘포럼’(forum)|이동국?
광주역…|질문!|『책』|〈신문〉|총장·|진흥원㈜|ㄱ|ㄴ|ㅎ
③|⑥|⑩|十|百|三
"""
RIEUL = """
서울|1일|22일|물|길|사실|교실|대회의실|전달|오늘|내일|하늘|연말|12개월|별|팔|글|포털
1|7|8|11|17|18|21|101|1.1|0.7|2.8|2027|2001|127.0.0.1|010-1234-5678|A1|F-7|H8
URL|HTML|XML|SQL|NoSQL|GraphQL|SHELL|L|l|VR|AR|OCR|HR|PR|R|html|xml
email|google|title|file|Apple|Dell|detail|report.html|posts.jsonl|①|⑦|⑧|一|七|ㄹ
경찰(서울)|‘마을’|“오늘.”|서울숲 길.
"""
VOWEL = """
광주|포럼 대표|유희수 교수|공득조|기사|사회|주제|누구|어디|새민주
헬스케어|데이터센터|뒤|귀|왜|뼈|개회사|여의도
13여 개|2|4|5|9|12|15|19|22|24|45|99|102|1004|2024|2025
1.5|3.14|0.2|7,999|1000000000000|2,000,000,000,000|２|２.５
AI|GIST|KBS|NIPA|GPU|IT|MBC|SBS|JTBC|KAIST|UNIST|EU|WHO|SNS|CCTV|ESG|R&D|CEO|API|PDF|HDMI|OECD|UNESCO|NATO|KT
LG|A|X|TV
IoT|PoC|SaaS|LoRA|ChatGPT|OpenAI|iOS|macOS|WebRTC|YouTube|GitHub|Docker|server|Linux|cloud|blog|log|tag|bug|service
live|site|cake|network|link|Spark|project|point|Smart|Light|peak|week|heat|street|root|store|update|Naver|Chroma|fish
기사.txt|보고서.pdf|a.png|b.csv|c.md|d.docx|e.jpg|naver.io|gpu|change|orange
5km|3%|36.5℃|10m|3cm|25mm|2l|500ml|2L|84㎡|10㎞|5％|$|3€|C++|A+|5G|6G|4K|3D|100MB|16GB|10m²|5m³|3%p|10KM|120kW|7ha
한국전력공사(KEPCO)|국토부(국토교통부장관)|시민연대(광산)|㈜인디제이|인디제이㈜|‘새민주’|“그렇다”|《토지》|“내실화.”|‘AI’
[속보]|(주)|GIST(지스트)|(GIST)|광주!|대표?|교수…|ㅏ|ㅣ|②|④|Ⅱ|Ⅳ|二|九|2·4|🙂|-|大|
"""


def words(table: str) -> list[str]:
    return [word for line in table.strip().splitlines() for word in line.split("|")]


@pytest.mark.parametrize("word", words(CONSONANT))
def test_after_a_consonant_the_longer_form_follows(word: str) -> None:
    assert (josa(word, "은/는"), josa(word, "이/가"), josa(word, "으로/로")) == ("은", "이", "으로")


@pytest.mark.parametrize("word", words(RIEUL))
def test_after_rieul_only_euro_loses_its_vowel(word: str) -> None:
    assert (josa(word, "은/는"), josa(word, "을/를"), josa(word, "으로/로")) == ("은", "을", "로")


@pytest.mark.parametrize("word", words(VOWEL))
def test_after_a_vowel_the_shorter_form_follows(word: str) -> None:
    assert (josa(word, "은/는"), josa(word, "과/와"), josa(word, "으로/로")) == ("는", "와", "로")


def test_the_table_is_large_and_no_word_is_in_it_twice() -> None:
    table = words(CONSONANT) + words(RIEUL) + words(VOWEL)
    assert len(table) == len(set(table))
    assert len(table) >= 220


def test_every_hangul_syllable_is_read_by_its_final_consonant() -> None:
    for code in range(ord("가"), ord("힣") + 1):
        final = (code - ord("가")) % 28
        assert josa(chr(code), "을/를") == ("을" if final else "를")
        assert josa(chr(code), "으로/로") == ("로" if final in (0, 8) else "으로")


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_is_written_as_its_two_forms(pair: str) -> None:
    assert "/".join((josa("포럼", pair), josa("대표", pair))) == pair


def test_an_unknown_pair_raises() -> None:
    with pytest.raises(KeyError):
        josa("포럼", "에서/서")


@given(st.text(), st.sampled_from(sorted(PAIRS)))
def test_any_text_gets_one_form_of_the_pair(word: str, pair: str) -> None:
    assert josa(word, pair) in PAIRS[pair]


@given(st.text(alphabet=st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), min_size=1))
def test_decomposed_hangul_is_read_like_composed(word: str) -> None:
    assert josa(unicodedata.normalize("NFD", word), "이/가") == josa(word, "이/가")
