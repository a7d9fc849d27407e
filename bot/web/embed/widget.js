/* forum-bot's launcher: a button and a frame with the chat. Nothing of an answer enters the host page.

   <script src="https://BOT/widget.js" data-site="NAME" async></script>

   data-site      the name that the bot's operator gave the site
   data-lang      ko or en (else the language of the page)
   data-theme     auto, light or dark
   data-position  right or left
   data-target    a selector: the chat stands inside that element, without a button
   Custom properties, on :root or on forum-bot-chat: --forum-bot-color, --forum-bot-text-color,
   --forum-bot-width, --forum-bot-height, --forum-bot-offset, --forum-bot-z. */
(() => {
  "use strict";

  const PROTOCOL = 1; // of the messages between launcher and frame
  const PATIENCE = 10000; // ms until a frame that says nothing is called unavailable
  const TEXTS = "@texts@"; // put in by the server

  const script = document.currentScript || document.querySelector('script[src*="/widget"]');
  if (!script) return;
  const data = script.dataset;
  const base = new URL(".", script.src);
  const lang = /^en/i.test(data.lang || document.documentElement.lang) ? "en" : "ko";
  const t = TEXTS[lang];

  const FONT = '"Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif';
  const STYLE = `
    :host { all: initial !important; display: block !important; visibility: visible !important; }
    [hidden] { display: none !important; }
    * { box-sizing: border-box; }
    button {
      font: 600 15px/1.2 ${FONT};
      cursor: pointer;
    }
    button:focus-visible { outline: 3px solid var(--forum-bot-text-color, #fff); box-shadow: 0 0 0 6px #1d4ed8; }
    .launch {
      position: fixed; z-index: var(--forum-bot-z, 2147483000);
      right: max(var(--forum-bot-offset, 20px), env(safe-area-inset-right));
      bottom: max(var(--forum-bot-offset, 20px), env(safe-area-inset-bottom));
      display: flex; align-items: center; gap: 8px; min-height: 52px; padding: 0 20px 0 16px;
      border: 0; border-radius: 26px;
      background: var(--forum-bot-color, #3730a3); color: var(--forum-bot-text-color, #fff);
      box-shadow: 0 6px 20px rgb(15 23 42 / .28);
    }
    .launch svg { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 2;
      stroke-linecap: round; stroke-linejoin: round; }
    .left .launch { right: auto; left: max(var(--forum-bot-offset, 20px), env(safe-area-inset-left)); }
    .panel { position: relative; overflow: hidden; background: #fff; color: #1e293b; color-scheme: light; }
    .dark .panel { background: #0f172a; color: #e2e8f0; color-scheme: dark; }
    .float .panel {
      position: fixed; z-index: var(--forum-bot-z, 2147483000);
      right: var(--forum-bot-offset, 20px); bottom: calc(var(--forum-bot-offset, 20px) + 64px);
      width: min(var(--forum-bot-width, 400px), calc(100vw - 2 * var(--forum-bot-offset, 20px)));
      height: min(var(--forum-bot-height, 640px), calc(100vh - var(--forum-bot-offset, 20px) - 84px));
      border: 1px solid rgb(100 116 139 / .4); border-radius: 16px;
      box-shadow: 0 16px 48px rgb(15 23 42 / .32);
    }
    .float.left .panel { right: auto; left: var(--forum-bot-offset, 20px); }
    .inline .panel { width: 100%; height: var(--forum-bot-height, 520px); border: 1px solid rgb(100 116 139 / .4);
      border-radius: 12px; }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: normal;
      color: var(--forum-bot-text-color, #fff); outline: 0 solid var(--forum-bot-color, transparent); }
    .wait { position: absolute; inset: 0; display: flex; flex-direction: column; gap: 16px; align-items: center;
      justify-content: center; padding: 24px; background: inherit; text-align: center;
      font: 15px/1.6 ${FONT}; }
    .wait p { margin: 0; }
    .wait button { min-height: 44px; padding: 0 20px; border: 1px solid currentColor; border-radius: 10px;
      background: none; color: inherit; }
    .inline .wait button { display: none; }
    @media (max-width: 480px), (max-height: 480px) {
      .float .panel { inset: 0 !important; width: 100%; height: 100%; height: 100dvh; border: 0; border-radius: 0; }
    }
    @media (prefers-color-scheme: dark) {
      .auto .panel { background: #0f172a; color: #e2e8f0; color-scheme: dark; }
    }
    @media print { .float { display: none; } }
    @media (prefers-reduced-motion: no-preference) {
      .launch { transition: transform .15s; }
      .launch:hover { transform: translateY(-2px); }
    }`;

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const icon = () => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M4 5h16v11h-9l-5 4v-4H4zM8.5 9.2h7M8.5 12h4.5");
    svg.append(path);
    return svg;
  };

  const styled = (root) => {
    try {
      const sheet = new CSSStyleSheet(); // unlike an element, no matter for the host's style-src
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(make("style", { textContent: STYLE }));
    }
  };

  const address = () => {
    const url = new URL("embed", base);
    const theme = /^(light|dark)$/.test(data.theme) ? data.theme : "auto";
    const query = { site: data.site, lang, theme, v: PROTOCOL };
    for (const name in query) if (query[name]) url.searchParams.set(name, query[name]);
    return url.href;
  };

  const find = (selector) => {
    try {
      return selector ? document.querySelector(selector) : null;
    } catch {
      return null;
    }
  };

  const start = () => {
    const target = find(data.target);
    if (data.target && !target) console.warn(`forum-bot: nothing matches data-target="${data.target}"`);
    const host = make("forum-bot-chat");
    const root = host.attachShadow({ mode: "open" });
    const text = make("p", { textContent: t.opening, role: "status" });
    const back = make("button", { type: "button", textContent: t.close });
    const wait = make("div", { className: "wait" }, text, back);
    const panel = make("div", { className: "panel", id: "panel" }, wait);
    const theme = /^(light|dark)$/.test(data.theme) ? data.theme : "auto";
    const side = data.position === "left" ? "left" : "right";
    const box = make("div", { className: `${target ? "inline" : "float"} ${side} ${theme}`, lang }, panel);
    const button = make("button", { className: "launch", type: "button" }, icon(), t.launch);
    let frame = null;
    let ready = false;

    const tell = (type) => {
      const { outlineColor: color, color: ink } = getComputedStyle(frame); // the host's own, as rgb()
      const mode = target ? "inline" : "float";
      frame.contentWindow.postMessage({ type: `forum-bot:${type}`, protocol: PROTOCOL, mode, color, ink }, base.origin);
    };

    const load = () => {
      if (frame) return;
      frame = make("iframe", { title: t.widget, allow: "clipboard-write", referrerPolicy: "strict-origin" });
      frame.addEventListener("load", () => tell("hello"));
      frame.src = address();
      panel.prepend(frame);
      setTimeout(() => {
        if (ready) return;
        text.textContent = t.unavailable;
        console.warn(`forum-bot: no word from ${base.href}; does the site "${data.site}" list ${location.origin}?`);
      }, PATIENCE);
    };

    // A phone's keyboard shrinks what is seen, not the page.
    const fit = () => {
      const full = matchMedia("(max-width: 480px), (max-height: 480px)").matches;
      panel.style.height = full && window.visualViewport ? `${visualViewport.height}px` : "";
    };

    const open = () => {
      load();
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      fit();
      if (ready) enter();
      else back.focus();
    };

    const enter = () => {
      frame.focus();
      tell("open");
    };

    const close = () => {
      panel.hidden = true;
      button.setAttribute("aria-expanded", "false");
      button.focus();
    };

    const heard = (event) => {
      if (!frame || event.origin !== base.origin || event.source !== frame.contentWindow) return;
      const { type, protocol, height } = Object(event.data);
      if (type === "forum-bot:ready") {
        ready = wait.hidden = true;
        if (protocol > PROTOCOL) console.warn(`forum-bot: the script tag is old (${PROTOCOL}, the bot has ${protocol}); renew it`);
        if (protocol < PROTOCOL) console.warn(`forum-bot: the bot is older (${protocol}) than the script tag (${PROTOCOL})`);
        if (!target && !panel.hidden) enter();
      } else if (type === "forum-bot:close" && !target) {
        close();
      } else if (type === "forum-bot:resize" && target && height > 0) {
        panel.style.height = `${Math.min(Math.max(height, 320), 900)}px`;
      }
    };

    styled(root);
    root.append(box);
    addEventListener("message", heard);
    if (target) {
      target.append(host);
      load();
      return;
    }
    panel.hidden = true;
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", t.widget);
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "panel");
    button.addEventListener("click", () => (panel.hidden ? open() : close()));
    for (const hint of ["pointerenter", "focus"]) button.addEventListener(hint, load, { once: true });
    back.addEventListener("click", close);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !panel.hidden) close();
    });
    if (window.visualViewport) visualViewport.addEventListener("resize", () => panel.hidden || fit());
    box.prepend(button);
    document.body.append(host);
  };

  if (document.body && (!data.target || document.readyState !== "loading")) start();
  else document.addEventListener("DOMContentLoaded", start, { once: true });
})();
