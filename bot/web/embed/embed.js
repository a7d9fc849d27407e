// The chat in the frame: asks POST api/chat, shows the answer with its evidence. What comes from the server
// becomes text nodes only. A token is a preview: the answer event is what holds.

const PROTOCOL = 1; // of the messages between launcher and frame
const MAX_BODY = 15_000; // bytes; the server takes 16 kB
const MAX_TURN = 4_000; // characters of one message of the history
const MAX_TURNS = 20; // questions that are remembered
const MAX_AGE = 24 * 3_600_000; // ms that a conversation is remembered
const REASONS = ["wrong", "missing", "source", "harmful"];
// Signs that hide or reorder text: controls, zero-width signs but the joiner, bidi controls, tags.
const HIDDEN =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

const find = (id) => document.getElementById(id);
const t = JSON.parse(find("strings").textContent);
const lang = document.documentElement.lang;
const version = import.meta.url.split("/").at(-2);
const query = new URLSearchParams(location.search);
const site = /^[A-Za-z0-9_-]{1,64}$/.test(query.get("site") ?? "") ? query.get("site") : null;
const [log, box, send, stop, clear, welcome, status] = [
  "log", "box", "send", "stop", "clear", "welcome", "status",
].map(find);

let turns = []; // {question, answer, node}, the oldest first; answer is null until it is complete
let running = null; // the AbortController of the question that is being answered
let follow = true; // whether the view goes along with the answer
let feedback = true; // until the server says that it takes none

// Building blocks.

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children); // a string becomes a text node
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function button(label, onClick, attributes, ...before) {
  const made = el("button", { type: "button", ...attributes }, ...before, label);
  made.addEventListener("click", () => onClick(made));
  return made;
}

const visible = (text) => String(text ?? "").replace(HIDDEN, "");
const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
const say = (text) => (status.textContent = text);

// Asking.

class Refusal extends Error {
  constructor(message, seconds = 0) {
    super(message);
    this.seconds = seconds;
  }
}

async function ask(question) {
  if (running || !question) return;
  const turn = begin(question);
  running = new AbortController();
  busy(true, turn);
  try {
    const answer = await answered(question, turn, running.signal);
    turn.answer = answer;
    complete(turn);
    save();
    say(t.answered);
  } catch (error) {
    if (running.signal.aborted) interrupted(turn);
    else failed(turn, error);
  } finally {
    running = null;
    busy(false, turn);
  }
}

// What is asked in the name of a site shows a visitor's token, which ends after a while.
let token = null; // the promise of one

function post(path, body, signal) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
}

async function call(path, options = {}) {
  const made = (headers) => fetch(path, { ...options, headers: { ...options.headers, ...headers }, credentials: "omit" });
  if (!site) return made();
  for (let tries = 2; ; ) {
    const shown = (token ??= visit());
    const response = await made({ Authorization: `Bearer ${await shown}` });
    if (response.status !== 401 || !--tries) return response;
    if (token === shown) token = null;
  }
}

async function visit() {
  try {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ site });
    const response = await fetch("api/token", { method: "POST", headers, body, credentials: "omit" });
    if (!response.ok) throw await refused(response);
    return (await response.json()).token;
  } catch (error) {
    token = null;
    throw error;
  }
}

async function answered(question, turn, signal) {
  const response = await post("api/chat", request(question), signal);
  if (!response.ok) throw await refused(response);
  let written = "";
  let answer = null;
  try {
    for await (const [name, data] of events(response.body)) {
      if (name === "status") progress(turn, lang === "ko" ? data.text : t.searching);
      if (name === "sources") progress(turn, t.writing);
      if (name === "token") preview(turn, (written += data.text));
      if (name === "answer") preview(turn, (answer = data).answer);
      if (name === "error") throw new Refusal(lang === "ko" && data.error ? data.error : t.failed);
    }
  } catch (error) {
    if (!answer) throw error; // with the answer here, a cut line costs nothing
  }
  if (!answer) throw new Refusal(t.failed);
  return answer;
}

// The body with as many earlier turns as fit, the latest first.
function request(question) {
  const body = { question, history: [], site };
  const before = turns.filter((turn) => turn.answer).slice(-MAX_TURNS);
  let made = JSON.stringify(body);
  for (const turn of before.reverse()) {
    const pair = [["user", turn.question], ["assistant", turn.answer.answer.slice(0, MAX_TURN)]];
    const more = JSON.stringify({ ...body, history: [...pair, ...body.history] });
    if (new TextEncoder().encode(more).length > MAX_BODY) break;
    body.history.unshift(...pair);
    made = more;
  }
  return made;
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += done ? "\n\n" : value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
    if (done) return;
  }
}

function parsed(block) {
  const fields = { event: "message", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = name === "data" ? fields.data + value : value;
  }
  return fields.data ? [fields.event, JSON.parse(fields.data)] : null;
}

async function refused(response) {
  const told = await response.json().catch(() => ({}));
  const wait = response.headers.get("Retry-After") ?? "";
  const seconds = /^\d{1,5}$/.test(wait) ? Number(wait) : Math.ceil((Date.parse(wait) - Date.now()) / 1000) || 0;
  const own = { 413: t.too_long, 429: t.busy, 503: t.busy }[response.status] ?? t.failed;
  return new Refusal(lang === "ko" && told.error ? told.error : own, Math.max(0, seconds));
}

// One turn of the conversation.

function begin(question) {
  for (const retry of log.querySelectorAll(".retry")) retry.remove();
  const asked = el("div", { class: "question" }, el("span", { class: "unseen" }, `${t.you}: `), visible(question));
  const reply = el("div", { class: "reply" });
  const node = el("article", { class: "turn" }, asked, reply);
  const turn = { question, answer: null, node, reply };
  turns.push(turn);
  welcome.hidden = true;
  clear.hidden = false;
  log.append(node);
  progress(turn, t.searching);
  follow = true;
  scroll(turn);
  grow();
  return turn;
}

function busy(on, turn) {
  const held = document.activeElement === (on ? send : stop);
  turn.node.setAttribute("aria-busy", String(on));
  send.hidden = on;
  stop.hidden = !on;
  clear.disabled = on;
  if (on) say(t.writing);
  if (held) home();
}

// Where the focus goes when its button goes: not to the box on a phone, as the keyboard would hide the answer.
function home() {
  (matchMedia("(hover: hover)").matches ? box : log.parentElement).focus({ preventScroll: true });
}

function progress(turn, text) {
  if (turn.reply.querySelector(".text")) return; // the answer itself says more
  turn.reply.replaceChildren(el("p", { class: "progress" }, visible(text)));
}

function preview(turn, text) {
  let shown = turn.reply.querySelector(".text");
  if (!shown) {
    shown = el("div", { class: "text" }, "");
    turn.reply.replaceChildren(shown);
  }
  shown.textContent = visible(text).trimStart();
  scroll(turn);
}

function complete(turn) {
  const { answer } = turn;
  const text = el("div", { class: "text" }, el("span", { class: "unseen" }, `${t.bot}: `), ...marked(turn));
  const parts = [text];
  if (answer.refused) parts[0] = el("div", { class: "refusal" }, el("h3", {}, t.refusal), text);
  if (answer.citations?.length) parts.push(evidence(turn));
  if (answer.kind !== "smalltalk") parts.push(actions(turn));
  turn.reply.replaceChildren(...parts);
  scroll(turn);
  grow();
}

function interrupted(turn, why = t.stopped) {
  const text = turn.reply.querySelector(".text");
  const note = el("p", { class: "aside" }, why);
  turn.reply.replaceChildren(...(text ? [text] : []), note, el("div", { class: "actions" }, retry(turn)));
  say(why);
}

// What was written before the error is not held by an answer, so it goes.
function failed(turn, error) {
  const text = error instanceof Refusal ? error.message : error instanceof TypeError ? t.offline : t.failed;
  const again = retry(turn);
  turn.reply.replaceChildren(el("div", { class: "error" }, el("p", { role: "alert" }, visible(text)), again));
  say("");
  if (error.seconds) countdown(again, error.seconds);
  scroll(turn);
  grow();
}

function retry(turn) {
  return button(t.retry, () => again(turn), { class: "plain retry" }, icon("retry"));
}

function again(turn) {
  if (running) return;
  turns = turns.filter((other) => other !== turn);
  turn.node.remove();
  home();
  ask(turn.question);
}

function countdown(made, seconds) {
  const label = made.lastChild;
  made.disabled = true;
  const timer = setInterval(tick, 1000);
  function tick() {
    label.data = seconds > 0 ? fill(t.retry_in, { seconds }) : t.retry;
    if (seconds-- > 0 && made.isConnected) return;
    clearInterval(timer);
    made.disabled = false;
  }
  tick();
}

// An answer keeps its question in sight, and its end while there is room; a reader who scrolls is left alone.
function scroll(turn) {
  if (follow) log.scrollTop = Math.min(turn.node.offsetTop - 12, log.scrollHeight - log.clientHeight);
}

// The answer's text, with a button for each mark [1] that a citation has, which stays with the word before it.
function marked(turn) {
  const known = new Set((turn.answer.citations ?? []).map((citation) => String(citation.marker)));
  const made = [];
  for (const part of visible(turn.answer.answer).trim().split(/(\[\d{1,2}\])/)) {
    const number = part.slice(1, -1);
    if (!/^\[\d+\]$/.test(part) || !known.has(number)) {
      made.push(part);
      continue;
    }
    const before = made.pop();
    const [word] = /\S{0,12} ?$/u.exec(before);
    const label = fill(t.reference, { number });
    const mark = button(number, () => show(turn, number), { class: "ref", "aria-label": label });
    made.push(before.slice(0, before.length - word.length), el("span", { class: "held" }, word, mark));
  }
  return made;
}

function show(turn, number) {
  const item = turn.node.querySelector(`li[data-marker="${number}"]`);
  item.scrollIntoView({ block: "nearest" });
  item.focus({ preventScroll: true });
}

// Evidence.

function evidence(turn) {
  const { citations } = turn.answer;
  const list = el("ol", {}, ...citations.map(item));
  return el("section", { class: "evidence" }, el("h3", {}, fill(t.evidence, { count: citations.length })), list);
}

function item(citation) {
  const quote = el("div", { class: "quote" }, el("mark", {}, visible(citation.quote)));
  const number = el("span", { class: "number", "aria-hidden": "true" }, String(citation.marker));
  const facts = [el("strong", {}, visible(citation.title))];
  for (const fact of [citation.publisher, day(citation.published)]) if (fact) facts.push(el("span", {}, visible(fact)));
  const source = el("div", { class: "source" }, ...facts);
  const label = fill(t.reference, { number: citation.marker });
  const node = el(
    "li",
    { tabindex: "-1", "data-marker": String(citation.marker), "aria-label": label },
    number, quote, source,
  );
  link(source, citation.source);
  toRead.set(node, () => surround(citation, node, quote, source));
  seen.observe(node);
  return node;
}

// The paragraph is asked for when its evidence comes into sight.
const toRead = new WeakMap();
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    toRead.get(target)();
  }
});

async function surround(citation, node, quote, source) {
  const bounds = new URLSearchParams({ article: citation.article, start: citation.start, end: citation.end });
  if (site) bounds.set("site", site);
  const response = await call(`embed/evidence?${bounds}`).catch(() => null);
  if (response?.status === 404) {
    quote.replaceChildren(el("span", { class: "aside" }, t.gone));
    source.querySelector("a")?.remove();
    return;
  }
  const passage = response?.ok ? await response.json() : null;
  if (passage?.quote !== citation.quote) return;
  const mark = el("mark", {}, visible(passage.quote));
  quote.replaceChildren(visible(passage.before), mark, visible(passage.after));
  const role = roles[passage.role];
  if (role) quote.prepend(el("span", { class: "role" }, role));
  if (!source.querySelector("a")) link(source, passage.url);
  grow();
}

const roles = {
  section: t.role_section,
  title: t.role_title,
  subtitle: t.role_subtitle,
  dateline: t.role_dateline,
  byline: t.role_byline,
  caption: t.role_caption,
};

// Only an address that the index holds, and only of the web.
function link(source, address) {
  if (!leadsToTheWeb(address)) return;
  const rel = "noopener noreferrer nofollow";
  source.append(
    el("span", {}, el("a", { href: address, target: "_blank", rel, "aria-label": t.open_new }, t.open)),
  );
}

function leadsToTheWeb(address) {
  if (typeof address !== "string" || address !== visible(address) || /[\s\\"'<>`]/.test(address)) return false;
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && !url.username && !url.password;
  } catch {
    return false;
  }
}

function day(published) {
  const date = /^\d{4}-\d\d-\d\d/.test(published ?? "") ? new Date(`${published.slice(0, 10)}T00:00Z`) : NaN;
  if (Number.isNaN(Number(date))) return published;
  return new Intl.DateTimeFormat(lang, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

// Copy, retry and feedback.

function actions(turn) {
  const row = el("div", { class: "actions" });
  row.append(button(t.copy, (made) => copy(turn, made), { class: "plain" }, icon("copy")));
  row.append(retry(turn));
  if (feedback) row.append(thumb(turn, "up", t.up), thumb(turn, "down", t.down));
  return row;
}

async function copy(turn, made) {
  const { answer, citations = [] } = turn.answer;
  const lines = citations.map((citation) => {
    const facts = [citation.title, citation.publisher, day(citation.published)].filter(Boolean).join(" · ");
    return `[${citation.marker}] “${citation.quote}” (${facts})`;
  });
  const done = await copied([answer.trim(), ...lines].map(visible).join("\n"));
  made.lastChild.data = done ? t.copied : t.not_copied;
  say(made.lastChild.data);
  setTimeout(() => (made.lastChild.data = t.copy), 2000);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "unseen", readonly: "" }, text); // a frame without the permission
    const active = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    active?.focus();
    return done;
  }
}

function thumb(turn, verdict, label) {
  const made = button(
    "",
    () => {
      if (verdict === "up") judge(turn, "up", made);
      else why(turn, made);
    },
    { class: `plain thumb ${verdict}`, "aria-pressed": "false", "aria-label": label, title: label },
    icon(verdict),
  );
  return made;
}

// What was wrong: one of a few reasons and, if the reader likes, a line.
function why(turn, made) {
  const open = turn.node.querySelector("fieldset");
  if (open) return open.remove();
  const labels = { wrong: t.why_wrong, missing: t.why_missing, source: t.why_source, harmful: t.why_harmful };
  const name = `why-${turns.indexOf(turn)}`;
  const choices = REASONS.map((value) => el("label", {}, el("input", { type: "radio", name, value }), labels[value]));
  const note = el("input", { type: "text", maxlength: "300", autocomplete: "off" });
  const agreed = el("input", { type: "checkbox" });
  const words = [el("label", { class: "note" }, t.note, note), el("label", {}, agreed, t.consent)];
  const form = el("fieldset", {}, el("legend", {}, t.why), ...choices, ...words);
  const close = () => {
    form.remove();
    made.focus();
  };
  const report = () => {
    const reason = form.querySelector("[type=radio]:checked")?.value ?? null;
    close();
    judge(turn, "down", made, reason, (agreed.checked && note.value.trim()) || null); // no word without consent
  };
  form.append(
    el("div", { class: "buttons" }, button(t.report, report, { class: "primary" }), button(t.cancel, close)),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    close();
  });
  turn.reply.append(form);
  form.scrollIntoView({ block: "end" });
  form.querySelector("input").focus({ preventScroll: true });
}

async function judge(turn, verdict, made, reason = null, note = null) {
  const { id, citations = [] } = turn.answer;
  const sources = [...new Set(citations.map((citation) => citation.article))];
  const told = { id: id ?? null, verdict, reason, note, consent: note !== null, sources, site };
  const response = await post("api/feedback", JSON.stringify(told)).catch(() => null);
  if (response?.ok) {
    for (const other of turn.node.querySelectorAll(".thumb")) other.setAttribute("aria-pressed", String(other === made));
    remark(turn, t.thanks);
  } else if (response?.status === 404 || response?.status === 405) {
    feedback = false;
    for (const thumb of log.querySelectorAll(".thumb")) thumb.remove();
    remark(turn, t.no_feedback);
    home();
  } else {
    remark(turn, response ? t.busy : t.offline);
  }
}

function remark(turn, text) {
  turn.node.querySelector(".remark")?.remove();
  const note = el("p", { class: "aside remark" }, text);
  turn.reply.append(note);
  note.scrollIntoView({ block: "nearest" });
  say(text);
}

// What is remembered, where the browser lets us: this visitor's last conversation, for a day.

const KEY = `forum-bot:${site ?? ""}`;

function save() {
  const kept = turns.filter((turn) => turn.answer || turn.left).slice(-MAX_TURNS);
  try {
    if (!kept.length) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), turns: kept.map(({ question, answer }) => ({ question, answer })) }));
  } catch {
    // Storage is blocked or full: the conversation lives as long as the page.
  }
}

function restore() {
  try {
    const { at, turns: kept } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    if (!(Math.abs(Date.now() - at) < MAX_AGE)) return localStorage.removeItem(KEY);
    for (const { question, answer } of kept) {
      if (answer && typeof answer.answer !== "string") throw new TypeError("not an answer");
      const turn = begin(question);
      turn.answer = answer;
      if (answer === null) interrupted(turn, t.left);
      else complete(turn);
    }
  } catch {
    empty(); // blocked, or not of this version
  }
}

// A page that changes under an answer leaves its question, to be asked again.
function leave() {
  const turn = turns.at(-1);
  if (!running || !turn) return;
  turn.left = true;
  save();
  turn.left = false;
}

// Another tab of this visitor has gone on.
function follows(event) {
  if (event.key !== KEY || running) return;
  empty();
  restore();
}

function empty() {
  turns = [];
  for (const node of log.querySelectorAll(".turn")) node.remove();
  welcome.hidden = false;
  clear.hidden = true;
}

function forget() {
  empty();
  save();
  home();
}

// The question box.

function submit() {
  const question = box.value.trim();
  if (running || !question) return;
  box.value = "";
  fit();
  ask(question);
}

function fit() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

// Enter sends. While Hangul is composed, Enter first ends the syllable: some systems then give the page a
// second Enter and some do not, so the end of the composition sends by itself, and the box is empty for the
// second one. Composed text that is not Hangul (a list of candidates) is only taken over.
let entered = false; // Enter went to the composition that is going on
let ended = { at: -1e9, hangul: false };

function enter(event) {
  if (event.key !== "Enter" && event.code !== "Enter" && event.code !== "NumpadEnter") {
    entered = false;
    return;
  }
  if (event.shiftKey) return;
  if (event.isComposing) {
    entered = true;
  } else if (event.keyCode === 229) {
    if (ended.hangul && event.timeStamp - ended.at < 100) setTimeout(submit); // Safari ends it before the key
  } else {
    event.preventDefault();
    submit();
  }
}

function composed(event) {
  ended = { at: event.timeStamp, hangul: /^\p{Script=Hangul}*$/u.test(event.data) };
  if (entered && ended.hangul) setTimeout(submit);
  entered = false;
}

async function suggest() {
  const path = site ? `embed/suggestions?site=${site}` : "embed/suggestions";
  const response = await fetch(path, { credentials: "omit" }).catch(() => null);
  const { questions = [] } = response?.ok ? await response.json() : {};
  if (!questions.length) return;
  find("asks").hidden = false;
  find("suggestions").append(
    ...questions.map((question) => el("li", {}, button(visible(question), () => suggested(question)))),
  );
}

function suggested(question) {
  home();
  ask(question);
}

// The launcher around the frame. Its page is known by its first message, and is the only one spoken to.

let host = null; // the origin of the page that holds the frame

function tell(type, more) {
  if (host) parent.postMessage({ type: `forum-bot:${type}`, ...more }, host);
}

function heard(event) {
  if (parent === window || event.source !== parent || event.origin === "null") return;
  const { type, mode, color, ink } = Object(event.data);
  if (type === "forum-bot:hello" && (host ?? event.origin) === event.origin) {
    host = event.origin;
    document.documentElement.dataset.mode = mode === "inline" ? "inline" : "float";
    paint(color, ink);
    find("close").hidden = mode === "inline";
    tell("ready", { protocol: PROTOCOL, version });
    grow();
  } else if (type === "forum-bot:open" && event.origin === host) {
    home();
  }
}

// The question and the buttons that matter take the host's colours, where these can be read on each other.
function paint(color, ink) {
  const root = document.documentElement.style;
  const [back, text] = [color, ink].map(luminance);
  if (!(contrast(back, text) >= 4.5)) return;
  root.setProperty("--brand", color);
  root.setProperty("--on-brand", ink);
  if (contrast(back, 1) < 7) return; // on white paper too, links and marks have it
  root.setProperty("--brand-accent", color);
  root.setProperty("--brand-tint", `rgb(${channels(color).map((part) => Math.round(255 - (255 - part) / 10))})`);
}

const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
const channels = (color) => /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1).map(Number) ?? [];

// As WCAG has it, of an opaque rgb(); NaN for everything else.
function luminance(color) {
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = channels(color).map((part) => linear(part / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// Inside the text of a page the frame grows with the conversation, up to a limit.
function grow() {
  if (document.documentElement.dataset.mode !== "inline") return;
  const rest = document.body.scrollHeight - log.clientHeight;
  tell("resize", { height: Math.max(innerHeight, Math.min(rest + log.scrollHeight, 720)) });
}

addEventListener("message", heard);
addEventListener("pagehide", leave);
addEventListener("storage", follows);
send.addEventListener("click", submit);
stop.addEventListener("click", () => running?.abort());
clear.addEventListener("click", forget);
find("close").addEventListener("click", () => tell("close"));
box.addEventListener("keydown", enter);
box.addEventListener("compositionend", composed);
box.addEventListener("input", fit);
for (const moved of ["wheel", "touchmove", "keydown"]) log.addEventListener(moved, () => (follow = false), { passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) tell("close");
});
restore();
suggest();
if (parent === window) home();
