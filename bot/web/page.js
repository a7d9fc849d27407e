// 1. Name the two buttons that Gradio leaves without a name, for those who hear the page.
// 2. Show a new question at the top of the conversation, with room below for its answer: an answer with its
//    evidence is often taller than a phone, and scrolling to its end would hide its first line.
(() => {
  let seen = 0;

  const label = (name) => document.querySelector(`meta[name="fb-${name}"]`).content;

  const name = (button, text) => button && button.ariaLabel !== text && (button.ariaLabel = text);

  const follow = () => {
    name(document.querySelector("#fb-question .submit-button"), label("send"));
    name(document.querySelector("#fb-question .stop-button"), label("stop"));
    const questions = document.querySelectorAll("#fb-chat .user-row");
    const asked = questions.length > seen;
    seen = questions.length;
    if (!seen) return;
    const last = questions[seen - 1];
    const list = last.parentElement;
    const scroller = list.closest(".bubble-wrap");
    const top = last.getBoundingClientRect().top;
    const taken = list.lastElementChild.getBoundingClientRect().bottom - top;
    list.style.setProperty("--fb-room", `${Math.max(0, scroller.clientHeight - taken - 20)}px`);
    if (asked) scroller.scrollTo({ top: scroller.scrollTop + top - scroller.getBoundingClientRect().top - 12 });
  };

  new MutationObserver(follow).observe(document.documentElement, { childList: true, subtree: true });
})();
