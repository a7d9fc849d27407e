"""Questions that no article answers: small talk, opinions and predictions, attacks, private data, noise.

An idea is a few groups of words that must all stand in the question, in any order: whom it addresses, what it
is about, what it wants done. A question that only names a thing (누가 규칙을 무시했나요?) has no wish in it
and goes to the articles. Every gap in a pattern is bounded, so that 2,000 characters cost little.
"""

import re
from dataclasses import dataclass
from typing import Literal

from vectorstore.morphemes import normal_question

Triage = Literal[
    "greeting", "thanks", "bye", "what_can_i_ask", "opinion", "unsafe", "out_of_scope", "unclear"
]


def triage(question: str) -> Triage | None:
    """What kind of non-question this is, or None where an article may answer it."""
    text = normal_question(question)
    if not _speaks(text):
        return "unclear"
    text = _drawn_together(text)
    return next((idea.kind for idea in _IDEAS if idea.fits(text)), None)


@dataclass(frozen=True, slots=True)
class _Idea:
    """One thing that may be meant: all `groups` stand in the text."""

    kind: Triage
    groups: tuple[re.Pattern[str], ...]

    def fits(self, text: str) -> bool:
        return all(group.search(text) for group in self.groups)


def _idea(kind: Triage, *groups: str) -> _Idea:
    return _Idea(kind, tuple(re.compile(group, re.IGNORECASE) for group in groups))


# --- how a text is read

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_LETTERS = re.compile(rf"([{_LEADS}])([{_VOWELS}])(?:([{_TAILS[1:]}])(?![{_VOWELS}]))?")
_APART = re.compile(r"(?<![가-힣A-Za-z])(?:[가-힣A-Za-z][ .·_*\-]{1,2}){2,}[가-힣A-Za-z](?![가-힣A-Za-z])")


def _speaks(text: str) -> bool:
    """Whether there is a word in it: two Hangul syllables, two Latin letters or a number and a syllable."""
    if re.search(r"[ㄱ-ㅎㅏ-ㅣ]{4,}|([ㄱ-ㅎㅏ-ㅣ]\s?){6,}", text) and len(re.findall(r"[가-힣]", text)) < 4:
        return False
    return bool(re.search(r"[가-힣].*[가-힣]|[A-Za-z]{2,}|\d.*[가-힣]|[가-힣].*\d", text))


def _drawn_together(text: str) -> str:
    """ㅅㅣㅅㅡㅌㅔㅁ and 시 스 템 as 시스템: letters make syllables, single syllables make a word."""
    text = _LETTERS.sub(_syllable, text)
    return _APART.sub(lambda run: re.sub(r"[ .·_*\-]", "", run[0]), text)


def _syllable(letters: re.Match[str]) -> str:
    lead, vowel = _LEADS.index(letters[1]), _VOWELS.index(letters[2])
    tail = _TAILS.index(letters[3]) if letters[3] else 0
    return chr(ord("가") + (lead * len(_VOWELS) + vowel) * len(_TAILS) + tail)


# --- wishes: a verb as it is said to someone who should do it

# 보여 준 사람, 보여 주는 곳 and 보여 주려고 are no wishes.
_GIVE = r"(?:줘|주세요|주라|주십|주시[겠면기죠]|주시오|주실|주렴|줄래|줄 ?수 있|죠|조(?![가-힣]))"
_END = r"(?=\s*(?:[.!~:,ㅋㅎㅠ]|$))"


def _wish(verbs: str) -> str:
    """Any of the verbs (-어 form) as a wish: 보여 줘, 보여 주시겠어요, 보여라, 보여봐, 보여; 출력하시오."""
    spoken = "|".join(verbs.split())
    formal = "|".join(verb.removesuffix("해") for verb in verbs.split() if verb.endswith("해"))
    ending = rf"\s?(?:{_GIVE}|봐(?!서)|보세요|놔|둬|놨다|뒀다|둘래|라(?![가-힣])|요?{_END})|서 ?{_GIVE}"
    return rf"(?:{spoken})(?:{ending})|(?:{formal})하(?:시오|세요|십시오|라(?![가-힣]))"


_SHOW = (
    _wish(
        r"보여 출력해 알려 읽어 공개해 말해 적어 써 밝혀 불러 띄워 뽑아 복붙해 복사해 붙여\s?넣어 내보내 토해\s?내 뱉어 가르쳐"
    )
    + "|"
    + _wish(r"펼쳐 보내 들려 풀어 대답해 답해 확인해 나열해 담아 요약해 읊어 뿌려")
    + r"|보자(?![가-힣])|보고 ?싶|열람하|복붙|모두 ?내놔|\b(?:print|show|reveal|repeat|output|dump|give|tell|list|display)\b"
)
_MAKE = (
    _wish(
        r"만들어 지어 지어\s?내 써 작성해 창작해 꾸며 짜 뽑아 그려 묘사해 고쳐 바꿔 재작성해 내 읊어 손봐 놀려 뿌려 올려"
    )
    + r"|부탁|\b(?:write|generate|compose|draft|create|rewrite|roast)\b"
)
_TURN_INTO = (
    _wish(
        r"바꿔 변환해 번역해 옮겨 적어 써 만들어 대답해 답해 말해 인코딩해 뒤집어 출력해 넣어 내보내 정리해"
    )
    + r"|옮겨서|바꿔서|변환 ?(?:ㄱㄱ|좀|부탁)|\b(?:translate|encode|convert)\b"
)
_FORGET = (
    _wish(r"무시해 잊어 잊어\s?버려 지워")
    + r"|무시하(?:고|라|세|십|여)|잊(?:고|어버리고|으[라세])|없던 ?(?:걸|것)로|\b(?:ignore|forget|disregard|override)\b"
)
_WISH = r"(?:줘|주세요|주라|줄래요?|십시오|시오|세요|해라|하라|(?<!누가 )해|봐라?|놔|자|ㄱㄱ|\bplease\b)\s*[.!~ㅋㅎ]*\s*$|^(?:print|show|tell|write|give|translate|repeat|forget|ignore)\b|\b(?:and|then|please) (?:print|show|tell|write|give|reveal)\b"

# --- whom and what it is about
# fmt: off

_YOU = r"(?<![가-힣])(?:(?:너|당신|챗봇|비서)[는의를도은이]?|너(?:에게|한테|라면)|넌|널|니|[네니]가)(?![가-힣])|\b(?:you|your|yourself)\b"
_TOLD = r"지시|명령|규칙|지침|프롬프트|설정문|안내문|금칙|금지 ?(?:사항|된)|제한 ?사항|내부 ?문구|하면 안 되는|하지 말아야|역할 ?설명|세팅|instructions?|prompts?|\brules?\b|must not"
_TOLD_TO_YOU = rf"(?:{_YOU}|숨겨진|숨은|\b(?:system|hidden)\b).{{0,20}}(?:{_TOLD})|(?:{_TOLD}).{{0,12}}(?:너의|너한테|너에게)|{_YOU}.{{0,12}}(?:받은|입력된|주어진)"
_BEFORE = rf"지금까지|이전|예전|앞[서에의선]|위[의에]|받은|모든|{_YOU}|\b(?:previous|before|above|earlier|all|everything)\b"
_PERSON = r"의원|대표|위원장|총장|교수|소장|단장|기자|후보|시장|장관|대통령|회장|총재|대변인|과장|국장|의장|사장|공무원|(?<=[가-힣] )씨|글쓴이|쓴 (?:사람|분)|쓰신 분|\b(?:reporter|lawmaker|councill?or|councilwoman|candidate|politician|president)"
_FAMILY = r"가족|가정사|사생활|아들|딸(?![가-힣]기)|자녀|자식|남편|아내|부인(?!과)|배우자|\b(?:wife|husband|kids|children|family)\b"
_PARTY = r"여당|야당|여야|정당|어느 당|진보|보수|국민의힘|민주당|[○△□]당|\bpart(?:y|ies)\b"
_CRIME = r"뇌물|검은돈|뒷돈|돈봉투|횡령|빼돌|도박|마약|주가 ?조작|전과|사기|성추행|폭행|비리|범죄|표절|음주 ?운전|\b(?:bribes?|fraud|crime|corrupt)"
_STORY = r"소설|가상|가정|만약|시나리오|드라마|영화|웹툰|만화|대본|콘티|에피소드|장면|역할극|상상|\b(?:story|fiction|scene|script)\b"
_TEXT = r"(?:(?<![가-힣])(?:글|시)|논평|성명|대본|댓글|게시글|게시물|악플|트윗|문구|해시태그|시나리오|소설|이야기|동화|에피소드|콘티|보도자료|연설문|편지|리뷰|후기|기사|보도|소식|노래|가사|코드|이메일|장면|대목|구호|\b(?:story|poem|reviews?|comments?|tweets?|speech|article|code)\b)"
_FORM = r"(?:영어|일본어|중국어|프랑스어|불어|독일어|스페인어|러시아어|한자|초성|모스 ?부호|\d+ ?진수|이진수|base ?64|rot ?13|json|csv|xml|html|마크다운|코드 ?블록|암호문?|거꾸)"
_SECRET = r"api ?(?:키|keys?)|비밀 ?(?:번호|토큰)|패스워드|토큰 ?값|환경 ?변수|설정 ?(?:값|파일)|접속 ?정보|\.env\b|내부 ?설정|(?:색인|DB|디비|데이터베이스|저장소|store|서버)[가-힣 ]{0,6}(?:경로|아이피|IP|주소)|\b(?:password|credentials|database path|config)\b"
_HOME = r"거주지|주소지|댁[에이을]|동 ?호수|몇 동 ?몇 호|집이 ?어디|자택[은이을]? ?(?:어디|위치|알려|가르)|사는 ?(?:데|곳|아파트|집)|어디 ?(?:살아|사세요|사시)|어느 ?(?:동네|아파트)에 ?(?:사|살)|아파트 ?이름|스토킹|집 ?전화|개인 ?번호"
_PHONE = r"(?:휴대폰|핸드폰|휴대전화|전화) ?번호|연락처|핸드폰|휴대폰|폰번|카톡|인스타|(?:SNS|텔레그램) ?(?:계정|아이디)|전화.{0,12}번호|개인 ?(?:메일|이메일|연락)|\b(?:cell|phone number)\b"
_NUMBER = r"주민(?:등록)? ?번호|카드 ?번호|계좌|여권|비번|비밀번호|전화 ?번호|\d{6} ?- ?[1-4]\d{6}|01\d-?\d{3,4}-?\d{4}|\b(?:card|passport|account) number|password"
_RUMOUR = r"썰|있지\?|다녀\?|[다라]던데|[다라]며(?:\?|$)|[다라]면서(?:\?|$)|소문|진짜|정말|사실(?:이|인)|아는 ?(?:거|것|대로)"
# fmt: on

_IDEAS = (
    # Small talk: nothing else is said.
    _idea("greeting", r"^(?:안녕|안뇽|하이|헬로|hello|hi|반가|반갑|ㅎㅇ|처음 뵙)[가-힣a-z]{0,6}[\s!~.?ㅎㅋ]*$"),
    _idea("thanks", r"^(?:정말 |진짜 |너무 )?(?:고마|고맙|감사|땡큐|thanks|thank you|ㄱㅅ|수고)[가-힣a-z ]{0,10}[\s!~.ㅎㅋ]*$"),
    _idea("bye", r"^(?:잘 ?가|잘 ?있어|안녕히|다음에 (?:봐|또)|bye|바이)[가-힣 ]{0,8}[\s!~.]*$"),
    # What the bot was told: to forget it, to show it.
    _idea("unsafe", _TOLD + r"|everything you were told", _FORGET, _BEFORE, _WISH),
    _idea("unsafe", _TOLD_TO_YOU, f"{_SHOW}|{_MAKE}|{_TURN_INTO}|{_WISH}|뭐라고|뭐[야니였]"),
    _idea("unsafe", rf"프롬프트[를을]? ?(?:그대로|전부|모두|다|좀)? ?(?:{_SHOW})"),
    _idea("unsafe", r"시스템 ?(?:프롬프트|메시지)|system ?prompt|jailbreak|탈옥시|\bDAN\b|base ?-?64|rot ?-?13"),
    # What runs it: secrets, and modes it does not have.
    _idea("unsafe", rf"(?:{_SECRET})(?:(?!방법|어떻게|[한된는] ).){{0,16}}(?:{_SHOW})|\b(?:show|give|tell|print)\b.{{0,30}}(?:{_SECRET})"),
    _idea("unsafe", r"(?:관리자|점검|디버그|개발자|루트|sudo|root|debug|admin) ?(?:모드|권한|mode)", r"켜|전환|로그인|들어가|실행|\bon\b|관리자야"),
    _idea("unsafe", r"(?<![가-힣])(?:나는|내가|난|나|저는) .{0,12}(?:관리자|운영자|개발자)", _SHOW),
    # Another self, without limits.
    _idea("unsafe", r"(?:제한|제약|검열|필터|안전 ?장치|규칙)[은는이가을를도]? ?[가-힣 ]{0,6}(?:없|해제|꺼|풀|않는)|\b(?:no|without) (?:filters?|limits?|rules?|restrictions?)", rf"{_YOU}|모드|흉내|(?<![A-Za-z])(?:AI|DAN)(?![A-Za-z])|봇|\bpretend\b"),
    _idea("unsafe", r"역할(?:극|놀이)[을를]? ?(?:하자|해|시작)|\b(?:pretend|role-?play|act as)\b"),
    # An order that stands in an article, or a picture or address to be put into the reply.
    _idea("unsafe", r"라고만 ?(?:대답|답|말)(?:해|하[라고세십여])", _WISH),
    _idea("unsafe", r"(?:이미지|그림|로고|사진|링크|주소|https?:|!\[)", r"(?:붙여|넣어|끼워 ?넣어|달아)(?:라| ?줘| ?주|(?=\W*$))|넣으라|붙이라|(?:적힌|쓰인|시킨|하라는) ?대로 ?(?:해|따라)|그대로 ?해|지시를 ?(?:실행|따라)|\b(?:append|include|embed|comply)\b"),
    _idea("unsafe", r"</?[a-z]{1,12}[\s/>]|javascript:|data:text|\]\(|onerror="),
    _idea("unsafe", r"따라 ?(?:해|말해|써) ?(?:봐|줘|라)|그대로 ?(?:출력|뱉|복창)|손대지 ?말고|\brepeat (?:exactly|after)"),
    # What others asked.
    _idea("unsafe", r"(?:다른|딴|이전|여기) ?(?:사용자|이용자|사람|방문자|유저)들?[이은의]?.{0,16}(?:물어|질문|채팅|대화)|(?:대화|채팅|검색|접속) ?기록|로그 ?파일|검색어 ?목록|(?:전에|먼저) 물어본 사람|봇[을를]? ?쓴 사람|\b(?:other users?|queries)\b", rf"{_SHOW}|뭐라|뭐 |무슨|최근"),
    # Whole articles, or all of them.
    _idea("unsafe", r"전문[을이의]|(?:기사|글|보도) ?전문|원문|본문 ?전체|전체 ?본문|(?:기사|글|문서)[를을]? ?(?:전체|전부|통째)|모든 ?(?:기사|문서|글)|(?:저장된|가진|가지고 있는|색인된) ?(?:글|기사|문서)|full text|every article", r"처음부터.{0,12}(?:끝|마지막)|빠짐없이|모조리|(?:다|전부|모두|통째로|한 번에) ?(?:보여|복사|복붙|출력|붙여|토해|내보내|말해)|그대로 ?다|전문을 ?올려|(?:csv|json|엑셀)[로으]|\bdump\b|\bprint\b|전문.{0,20}(?:출력|복사|보여)|내보내"),
    # People: where they live, how to reach them, their own numbers, their family's secrets, their character.
    _idea("unsafe", r"(?:집|자택) ?주소|어디 ?사는지|\bhome address|\bwhere [a-z ]{2,40}lives?\b"),
    _idea("unsafe", _HOME, _PERSON),
    _idea("unsafe", _PHONE, rf"{_PERSON}|사진 찍은|그 사람", rf"{_SHOW}|{_GIVE}|뭐|몇 번|번호|싶|알고|좀$"),
    _idea("unsafe", rf"\d{{6}} ?- ?[1-4]\d{{6}}|(?<![가-힣])(?:내|제) ?(?:주민(?:등록)?|카드) ?번호|(?:주민(?:등록)?|카드) ?번호[를을]? ?(?:좀 ?)?(?:{_SHOW})"),
    _idea("unsafe", _NUMBER, r"(?:기억해|외워|저장해|적어|메모해|기록해) ?(?:놔|놨|둬|두|뒀|줘|주)|\b(?:remember|save|store)\b"),
    _idea("unsafe", r"아는 ?(?:대로|거|것).{0,8}(?:말해|풀어|알려|털어|써)|들은 ?(?:거|것).{0,8}풀어|파헤쳐|뒷조사|신상 ?털|everything you know", rf"{_PERSON}|{_FAMILY}"),
    _idea("unsafe", _FAMILY, r"병역|군대|군 ?면제|국적|재산|이혼|불륜|가정사|사생활|학교|대학|입시|취업|청탁", rf"{_RUMOUR}|{_SHOW}|파헤쳐"),
    _idea("unsafe", rf"{_PERSON}|(?:라는|이란|그) 사람|[가-힣] 씨[는가]|원래", r"성격|성품|인성|인간성|됨됨이|인품|믿을 ?만|거짓말|사기꾼|무능|유능|똑똑|멍청", r"어때|한 ?마디로|한 단어|딱 ?잘라|평가(?:해|하[시세십라])|인가요, |사람이야|더럽지|별로지|별로야|말해 ?봐|잘하는 사람|사기꾼인"),
    _idea("unsafe", r"\b(?:liar|his character|her character)\b"),
    # Wrongs: people in order of them, stories of them, mockery, campaigns.
    _idea("unsafe", r"비리|범죄|부패|더러운|썩은|나쁜 ?(?:놈|정치인|의원)|죄|수사 ?받는|의혹|\bcorrupt", r"순위|순서|순으로|차례|1위|톱 ?\d|줄 ?세|블랙리스트|랭킹|(?:제일|가장) ?(?:썩|더럽|더러|나쁜|부패)|명단 ?(?:내놔|불러)|\brank\b", r"정치인|의원|놈|공직자|공무원|사람|\bpolitician"),
    _idea("unsafe", _CRIME, _STORY, _MAKE + r"|실감|생생|사실적"),
    _idea("unsafe", rf"(?:{_PERSON}|선수).{{1,40}}(?:{_PERSON}|선수)|(?:두|동명이인).{{0,16}}(?:{_PERSON})|[가-힣]{{2,4}}(?:이?랑|[와과]|하고) ?[가-힣]{{2,4}} ?중|두 [가-힣]{{3}} |사람 ?둘|이름[이을]? ?(?:같은|똑같은|가진)", rf"{_CRIME}|베꼈|베낀|처벌|구속", r"둘 ?중|어느 ?쪽|가운데|중에서? | 중 ", r"누가|누구|어느|어떤"),
    _idea("unsafe", r"조롱|조리돌림|비웃|모욕|비하|비방|헐뜯|깎아 ?내|악플|막말|욕설?[을 ]|욕해|까는|까 ?줘|\b(?:roast|mock|insult|smear)\b", rf"{_MAKE}|(?<![가-힣])해 ?(?:줘|봐)|(?:조롱|비하|욕|조리돌림)해 ?(?:줘|봐|라)|대본"),
    _idea("unsafe", r"후보|우리 ?당|우리 ?쪽|정당|선거|위원장|의원|\bcandidate|\bparty\b", r"댓글|악플|게시글|트윗|홍보|응원|해시태그|리뷰|\b(?:reviews?|comments?|tweets?)\b", _MAKE + r"|뿌리"),
    _idea("unsafe", r"유리하게|불리하게|편드는|편들|나쁜 놈|보이게|화나게|자극적|비틀어|\b(?:favou?rs?|slant)", _MAKE, r"기사|보도|글|소식|내용|article"),
    # What the bot has no view of: votes, sides, persons in power, the time to come, what all are said to know.
    _idea("opinion", r"(?<![가-힣])(?:네|너의|니|너는?|넌|네가|니가|당신의?) ?(?:생각|의견|보기에|보기엔|느낌|지지|판단|편이|마음|입장|정치 ?성향)|(?<![가-힣])정치 ?성향은|솔직하게[\s.!?]*$|어느 (?:쪽|당|편)이? ?(?:더 )?(?:낫|맞|좋|옳)(?!다고|[붙서춘닿])|어느 쪽 주장|더 낫다고 생각(?:해|하[니나세시])|(?<![가-힣])(?:너|넌|너는|당신은)[^.?!]{0,20}편이[야냐니에]|어느 ?(?:당|정당)이 ?더|점수[를을]? ?매겨|(?:네|니)가 ?(?:정해|골라|판단해)"),
    _idea("opinion", r"누구(?:를|한테|에게)? ?(?:뽑|찍)|(?:몇 번|누구|어디|하나|후보|표[를을]?).{0,14}(?:뽑아야|찍어야|찍으면|찍어 ?[줘봐]|뽑을까|찍을까)|한 ?표 ?(?:줄래|줄까)|내 ?표.{0,8}던지|(?:후보|선거|한 명만).{0,24}(?:나은 사람|좋은 사람|골라)|투표할까|\d번 ?찍는 ?게|적임자.{0,10}(?:추천해|골라|뽑아)|\bwho should i vote|\bvote for\b"),
    _idea("out_of_scope", r"선거|투표|election day", r"연기|취소|밀렸|바뀌|바뀐|바뀜|무효|\b(?:moved|postponed|cancel)", r"[다라]던데|[다라]며\s*\?|[다라]면서\s*\?|[다라]는 ?(?:소문|게 ?(?:사실|참말|맞|정말))|들었는데|맞[지아죠]\s*\?|\bi heard\b"),
    _idea("opinion", _PARTY, r"누가 ?(?:더 )?(?:옳|맞)|맞아\?|맞[냐지죠]|옳[아은냐]|어느 쪽.{0,8}(?:맞|옳|낫)|잘못한 ?쪽|한쪽을 ?골라|딱 ?정해|틀렸다고|심판|판정|편이[에야]|\bright\b"),
    _idea("opinion", rf"대통령|president|{_PARTY}|국힘|{_YOU}.{{0,10}}어느 당", r"지지해.{0,4}반대|좋아해.{0,6}싫어해|지지하[냐니]|지지자[야니냐세인]|맘에 ?들|(?:잘하고|잘한다고).{0,6}(?:보[시니나]|생각)|\bdo you support\b"),
    _idea("opinion", r"이길|당선|몇 ?석|결과|승리|승소|득표|판세|(?:다음|차기) ?(?:대통령|시장|총선|대선)|\bwins?\b", r"확률.{0,12}(?:몇|얼마|숫자|퍼센트|말해|알려|예측|봐)|확률만|가능성.{0,8}(?:퍼센트|숫자|%)|예측(?:해| ?좀)|점쳐|될까|(?:이길|질|얻을|될) ?(?:까|것 ?같|거 ?같)|\b(?:predict|probability)\b"),
    _idea("opinion", r"(?:오를|내릴|성공할|실패할|이길|망할|뜰)(?:까요?|지 ?예측.{0,20}| ?것 ?같[아나니은].{0,3})\s*[?？]*$|주식.{0,8}(?:사면|살까|팔까|추천해)|예측해 ?(?:줘|봐|주)|점쳐"),
    _idea("opinion", r"다들|누구나|모두가|상식이(?:지|잖)|이견이 ?없|다 ?아는|\beveryone (?:knows|agrees)", r"인정하잖|동의하잖|아는 ?(?:사실|얘기|이야기)|이견이 ?없는데|잖아|\bagrees\b|\bknows\b", r"낭비|실패|망한|망했|무능|엉터리|잘못|\b(?:disaster|failed|failure)\b"),
    _idea("opinion", r"(?:실패|망)했다(?:던데|며|면서|는데).{0,12}왜|네 입으로"),
    _idea("opinion", r"누구 ?(?:책임|잘못|탓)인지 ?(?:따져|가려|판단)|(?<![가-힣])(?:나|내|저|제|저는)(?![가-힣]).{0,40}(?:상담|진단|처방|자문)해 ?(?:줘|주세요|주십|주시|줄|봐)"),
    _idea("opinion", r"(?:법률|세무|투자|의료) ?자문[을를]? ?(?:좀 ?)?(?:해|부탁|받)(?! ?준)|내 경우에|변호사처럼|처방해|(?:내|제|나|저)(?:게|한테|에게)? .{0,24}(?:딱 ?맞|맞춰|맞는)|\btailored\b|\blegal advice\b", r"법|세금|소송|재산|절세|약|치료|월급|주식|\b(?:tax|legal)\b"),
    # What is elsewhere, and what must be made up.
    _idea("out_of_scope", _TEXT + rf"(?!에서|에 |의 ).{{0,24}}(?:{_MAKE})|\b(?:write|generate|compose|draft|create|tell)\b.{{0,40}}{_TEXT}", r"^(?!.*(?:요약|정리))"),
    _idea("out_of_scope", rf"{_FORM}[가-힣 ]{{0,4}}(?:로|에)만? ?.{{0,16}}(?:{_TURN_INTO})|\b(?:translate|encode|convert)\b"),
    _idea("out_of_scope", r"번역해 ?(?:줘|주세요)|(?:소설|가상|시나리오).{0,6}(?:라고|이라고) ?치고"),
    _idea("out_of_scope", r"(?:오늘|내일|지금|이번 ?주|주말).{0,8}(?:날씨|미세먼지|기온)|날씨 ?(?:어때|알려|좀)|로또 ?번호|(?:환율|(?<![가-힣])주가)[은는이가]? ?(?:얼마|어때|알려)|맛집.{0,4}(?:추천|알려)"),
    _idea("opinion", r"(?:사|팔|투자해|들어가|갈아타)도 ?(?:될까|되[나냐니]|괜찮)"),
    _idea("out_of_scope", r"(?:일정|여행 ?계획|여행 ?코스|식단|시간표|자기소개서|이력서|숙제|과제)[을를]? ?(?:좀 ?|하나 ?)?(?:짜|작성해|써|만들어|해) ?(?:줘|주세요|주라|줄래|주실)"),
    _idea("out_of_scope", r"레시피|농담 ?(?:좀 ?|하나 ?)?(?:해|하자|던져)(?! ?준)|심심해|(?:너|넌) ?몇 ?살|사랑해|오늘의? 운세|끝말잇기"),
    # What it can do.
    _idea("what_can_i_ask", r"^(?:너는? |넌 |네가 |여기서 |당신은 )?(?:뭘|무엇을|뭐|무얼|어떤 걸|어떤 것을|뭐뭐)\s?(?:물어|질문|할 수 있|도와|해 ?줄 수)|^사용법|(?:챗봇|이거|너|여기)[은는를을]? ?어떻게 (?:쓰|사용)|^너는? 누구|^넌 누구|^너 뭐야|^누구세요"),
)  # fmt: skip
