// Whether what is on the screen is alive. Decided here, in the page, by the page's own clock: a program that has died can not say so.

import { LATE_S } from "./link.js";

const STARTING_S = 5; // a control process needs a moment before it has a first word

/** {stale, seconds, why}. why: between whom there is no connection. hello: the newest of this link, or null. */
export function freshness(link, hello, { replay = false, ended = false } = {}) {
  const silence_s = link.silence_s();
  if (silence_s >= LATE_S && (!link.open || link.open_for_s() >= LATE_S)) return stale(silence_s, "this page and the bedside program");
  const { view } = link;
  if (replay || ended || view === null || hello?.stage !== "running") return { stale: false, seconds: 0, why: "" };
  if (!view.snapshot) {
    const waited_s = Math.max(view.elapsed_s ?? 0, view.age_s ?? 0);
    return waited_s > STARTING_S ? stale(waited_s, "the bedside program and the control process") : { stale: false, seconds: 0, why: "" };
  }
  const age_s = link.age_s() ?? silence_s;
  const old = age_s >= LATE_S || view.live === false;
  return old ? stale(age_s, "the bedside program and the control process") : { stale: false, seconds: 0, why: "" };
}

function stale(seconds, why) {
  return { stale: true, seconds, why };
}
