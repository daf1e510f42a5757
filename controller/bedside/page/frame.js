// What stands around every screen: who acts, what this software is not for, and whether the numbers are alive.

import { byTest, mark, say, show } from "./dom.js";

/** The line at the top. source: what is shown; main: the live procedure, which says who this window is. */
export function drawTop(source, main, { screen, replay }) {
  const { hello } = main;
  const shown = source.hello ?? hello;
  const simulated = shown?.simulated === true || source.view?.snapshot?.simulated === true;
  show(byTest("simulated"), simulated);
  if (shown?.banner) say(byTest("banner"), shown.banner);
  say(byTest("identity"), shown === null ? "" : [shown.profile, shown.version].filter(Boolean).join(" · "));
  const operator = hello?.role === "operator";
  show(byTest("watching"), hello !== null && !operator);
  show(byTest("other-window"), operator && !hello.desk && !replay);
  show(byTest("take-desk"), operator && !hello.desk && !replay);
  const busy = hello?.stage === "running" && hello.desk;
  const aside = screen === "records" || screen === "replay";
  show(byTest("records"), !aside && !busy);
  show(byTest("back"), aside);
  show(byTest("test-sound"), screen === "setup" && operator && hello.desk);
}

/** The banner across the screen where there is no connection. */
export function drawStale(fresh, { running, replay }) {
  show(byTest("stale"), fresh.stale);
  mark(document.body, "stale", String(fresh.stale));
  if (!fresh.stale) {
    say(byTest("stale-spoken"), "");
    return;
  }
  say(byTest("stale-text"), `NO CONNECTION FOR ${fresh.seconds.toFixed(1)} s: NUMBERS ARE OLD`);
  const playing = "The record can not be played, or as many are played already as may be: close this replay.";
  const advice = replay ? playing : running ? "To stop: press the stop button." : "What is typed is kept here and saved when the connection is back.";
  say(byTest("stale-advice"), `No news between ${fresh.why}. ${advice}`);
  say(byTest("stale-spoken"), `No connection. Numbers are old. ${advice}`); // once, and not every tenth of a second
}
