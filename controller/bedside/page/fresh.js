// Whether what is on the screen is alive. Decided here, in the page, by the page's own clock: a program that has died can not say so.

import { LATE_S } from "./link.js";

const FRESH = { stale: false, seconds: 0, why: "", heard: true };
const STARTING_S = 5; // a control process needs a moment before it has a first word

/** {stale, seconds, why, heard}. why: between whom there is no connection. heard: the bedside program is. hello: of this link, or null. */
export function freshness(link, hello, { replay = false, ended = false } = {}) {
  const silence_s = link.silence_s();
  if (silence_s >= LATE_S) return { stale: true, seconds: silence_s, why: "this page and the bedside program", heard: false };
  const { view } = link;
  if (replay || ended || view === null || hello?.stage !== "running") return FRESH;
  if (!view.snapshot) {
    const waited_s = Math.max(view.elapsed_s ?? 0, view.age_s ?? 0);
    return waited_s > STARTING_S ? noControl(waited_s) : FRESH;
  }
  const age_s = link.age_s() ?? silence_s;
  return age_s >= LATE_S || view.live === false ? noControl(age_s) : FRESH;
}

function noControl(seconds) {
  return { stale: true, seconds, why: "the bedside program and the control process", heard: true };
}
