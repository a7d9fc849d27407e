#!/usr/bin/env python3
"""Check tests/data/paraphrase.jsonl: no content word of a question occurs in its passage.

python tests/data/check_paraphrase.py [FILE]   (needs kiwipiepy)

A content word is a Kiwi token tagged NN*, VV, VA, MAG, XR, SL or SN (irregular variants such as
VV-I too); lemmas are compared, one-syllable ones as well. STOP holds the very light words that are
free. Also checked: keys, unique ids, passage length, two questions to a passage, no passage twice.
Prints each violation and exits 1 if there was any."""

import json
import sys
from collections import defaultdict
from pathlib import Path

from kiwipiepy import Kiwi

# light nouns, light verbs, question words and negation: nothing here names a topic
STOP = {
    "것",
    "거",
    "수",
    "때",
    "곳",
    "데",
    "사람",
    "하다",
    "있다",
    "없다",
    "되다",
    "주다",
    "보다",
    "안",
    "못",
    "왜",
    "언제",
    "어떻게",
    "얼마",
    "누구",
    "더",
}
KEYS = {"id", "passage_id", "passage", "question"}


def content(kiwi, text):
    out = {}
    for t in kiwi.tokenize(text):
        tag = t.tag.split("-")[0]
        if not (tag.startswith("NN") or tag in ("VV", "VA", "MAG", "XR", "SL", "SN")):
            continue
        lemma = t.form.lower() + ("다" if tag in ("VV", "VA") else "")
        if lemma not in STOP:
            out.setdefault(lemma, t.form)
    return out


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "paraphrase.jsonl"
    kiwi = Kiwi()
    bad, ids, text_of, questions, cache = [], set(), {}, defaultdict(list), {}
    with Path(path).open(encoding="utf-8") as f:
        rows = [json.loads(line) for line in f if line.strip()]
    for r in rows:
        if set(r) != KEYS:
            bad.append(f"{r.get('id')}: keys {sorted(r)}")
            continue
        i, pid, p, q = r["id"], r["passage_id"], r["passage"], r["question"]
        if i in ids:
            bad.append(f"{i}: id twice")
        ids.add(i)
        if text_of.setdefault(pid, p) != p:
            bad.append(f"{i}: passage {pid} differs between lines")
        if not 120 <= len(p) <= 350:
            bad.append(f"{i}: passage {pid} has {len(p)} characters")
        questions[pid].append(q)
        if pid not in cache:
            cache[pid] = content(kiwi, p)
        shared = sorted(set(content(kiwi, q)) & set(cache[pid]))
        if shared:
            bad.append(f"{i} [{pid}] {q}  <- {', '.join(shared)}")
    if len(set(text_of.values())) != len(text_of):
        bad.append("a passage occurs under two ids")
    for pid, qs in questions.items():
        if len(qs) != 2 or len(set(qs)) != 2:
            bad.append(f"{pid}: {len(set(qs))} questions")
    allq = [r["question"] for r in rows]
    if len(set(allq)) != len(allq):
        bad.append("a question occurs twice")
    for b in bad:
        print(b)
    print(f"{len(rows)} lines, {len(text_of)} passages, {len(bad)} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
