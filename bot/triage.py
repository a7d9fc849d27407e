"""Questions that no article answers: small talk, opinions and predictions, attacks, private data, noise."""

import re
from typing import Literal

from vectorstore.morphemes import normal_question

Triage = Literal[
    "greeting", "thanks", "bye", "what_can_i_ask", "opinion", "unsafe", "out_of_scope", "unclear"
]

_GREETING = re.compile(
    r"^(안녕|안뇽|하이|헬로|hello|hi|반가|반갑|ㅎㅇ|처음 뵙)[가-힣a-z]{0,6}[\s!~.?ㅎㅋ]*$", re.IGNORECASE
)
_THANKS = re.compile(
    r"^(정말 |진짜 |너무 )?(고마|고맙|감사|땡큐|thanks|thank you|ㄱㅅ|수고)[가-힣a-z ]{0,10}[\s!~.ㅎㅋ]*$",
    re.IGNORECASE,
)
_BYE = re.compile(r"^(잘 ?가|잘 ?있어|안녕히|다음에 (봐|또)|bye|바이)[가-힣 ]{0,8}[\s!~.]*$", re.IGNORECASE)
_HELP = re.compile(
    r"^(너는? |넌 |네가 |여기서 |당신은 )?(뭘|무엇을|뭐|무얼|어떤 걸|어떤 것을|뭐뭐)\s?(물어|질문|할 수 있|도와|해 ?줄 수)"
    r"|^사용법|(챗봇|이거|너|여기)[은는를을]? ?어떻게 (쓰|사용)|^너는? 누구|^넌 누구|^너 뭐야|^누구세요"
)

_ATTACK = re.compile(
    r"(지시|명령|규칙|지침|프롬프트|instruction|prompt).{0,24}(무시|잊어|출력|인코딩|그대로|ignore|base64)"
    r"|(무시|잊어).{0,12}(지시|명령|규칙|지침)|(시스템|네|너의|받은 모든|숨겨진)\s?(프롬프트|메시지|지침|규칙)|system prompt"
    r"|제약 ?(이|은)? ?없는 ?(AI|봇|존재|모델)|제한(이|은)? ?없는 .{0,6}DAN|탈옥|jailbreak|\bDAN\b|(라고만|이라고만)\s?(대답|답|말)(해|하)"
    r"|(나는|내가|난) .{0,10}관리자|관리자 ?모드|점검 모드|(API ?키|비밀번호|패스워드|설정값|색인 경로).{0,12}(알려|보여|출력|뭐)|base64"
    r"|그대로 출력|코드 ?블록|<\s*(script|form|img|iframe)|javascript:|전문을.{0,20}(출력|복사|보여)|전부 복사"
    r"|다른 (사용자|사람)들?이.{0,12}(물어|질문)|이미지를 ?붙|http://127",
    re.IGNORECASE,
)
_PRIVATE = re.compile(
    r"집 ?주소|자택|어디 ?사는지|휴대폰 ?번호|핸드폰 ?번호|휴대전화 ?번호|주민(등록)?\s?번호|카드 ?번호|\d{6}\s?-\s?[1-4]\d{6}"
)
_HARM = re.compile(
    r"아는 ?대로 (다 )?말|사기꾼|조롱(하|해)|욕(해|설을 |을 ?해)|비방(하는|글)|깎아내|거짓말(을)? 잘|성격을|죄질"
    r"|댓글 ?\d+ ?개|홍보(하는|용)? ?.{0,8}(만들|써)|[유불]리하게 (다시 )?(써|고쳐|바꿔)|논평.{0,6}써|소설이라고|소설로 ?써|지어내"
)
_OPINION = re.compile(
    r"(네|너의|니|너는?|넌|네가|니가) ?(생각|의견|보기에|보기엔|느낌|지지|판단|편이)|어느 (쪽|당|편)이? ?(더 )?(낫|맞|좋|옳)|어느 쪽 주장"
    r"|누구(를|한테|에게)? ?(뽑|찍어야)|지지해.{0,4}반대|솔직하게|더 낫다고 생각|이길 확률|당선(될|되)까|확률을.{0,8}예측"
    r"|(오를|내릴|성공할|실패할|이길|망할|뜰|괜찮을|좋을)(까요?|지 ?예측.*| ?것 ?같[아나니은].{0,3})\s*[?？]*$|주식.{0,8}(사면|살까|팔까|추천)|예측해|점쳐"
    r"|법률 ?자문|내 경우에|실패한 이유|다들 인정하잖아"
)
_ELSEWHERE = re.compile(
    r"(오늘|내일|지금|이번 ?주|주말).{0,8}(날씨|미세먼지|기온)|날씨 ?(어때|알려|좀)|로또 ?번호|(환율|(?<![가-힣])주가)(은|는|이|가)? ?(얼마|어때|알려)|맛집.{0,4}(추천|알려)"
    r"|레시피|(노래|(?<![가-힣])시|소설|코드|이메일)(를|을)? ?(하나|한 편|좀)? ?(써|지어|짜|작성해) ?(줘|주|봐)|농담|심심해|(너|넌) ?몇 ?살|사랑해|번역해 ?줘|오늘의? 운세|끝말잇기"
)


def triage(question: str) -> Triage | None:
    """What kind of non-question this is, or None where an article may answer it."""
    text = normal_question(question)
    if not _speaks(text):
        return "unclear"
    for kind, pattern in _ORDER:
        if pattern.search(text):
            return kind
    return None


_ORDER: tuple[tuple[Triage, re.Pattern[str]], ...] = (
    ("greeting", _GREETING),
    ("thanks", _THANKS),
    ("bye", _BYE),
    ("unsafe", _ATTACK),
    ("unsafe", _PRIVATE),
    ("unsafe", _HARM),
    ("opinion", _OPINION),
    ("out_of_scope", _ELSEWHERE),
    ("what_can_i_ask", _HELP),
)


def _speaks(text: str) -> bool:
    """Whether there is a word in it: two Hangul syllables, two Latin letters or a number and a syllable."""
    if re.search(r"[ㄱ-ㅎㅏ-ㅣ]{4,}|([ㄱ-ㅎㅏ-ㅣ]\s?){6,}", text) and len(re.findall(r"[가-힣]", text)) < 4:
        return False
    return bool(re.search(r"[가-힣].*[가-힣]|[A-Za-z]{2,}|\d.*[가-힣]|[가-힣].*\d", text))
