// The bedside page: one live line, one screen at a time. Everything it shows comes from the bedside program; it decides nothing.

import { Acts } from "./acts.js";
import { After } from "./after.js";
import { AlarmBanner } from "./alarm.js";
import { Asked } from "./asked.js";
import { byTest, mark, show } from "./dom.js";
import { drawStale, drawTop } from "./frame.js";
import { freshness } from "./fresh.js";
import { Injection } from "./injection.js";
import { Link } from "./link.js";
import { drawRail } from "./rail.js";
import { Records } from "./records.js";
import { Replay } from "./replay.js";
import { Setup } from "./setup.js";
import { Source } from "./source.js";
import { headline } from "./text.js";

const LOOK_MS = 100;
const JUST_PAINTED_MS = 80; // a view has drawn everything already
const STAGES = ["none", "setup", "running", "after", "records"];

const main = new Source();
const replayed = new Source();
const link = new Link("/ws", take);
const acts = new Acts(link);
const asked = new Asked((statement) => acts.statement(statement));
acts.asked = asked;
const injection = new Injection();
const setup = new Setup();
const after = new After();
const replay = new Replay(takeReplayed, () => go("#records"));
const records = new Records((name) => go(`#replay=${encodeURIComponent(name)}`));
const alarm = new AlarmBanner((message) => link.send(message));
let screen = "none";
let painted_ms = -Infinity;

function go(hash) {
  if (location.hash === hash || (hash === "" && location.hash === "#")) route();
  else location.hash = hash;
}

/** What the address asks for beside the procedure. A window that runs one does not look elsewhere. */
function route() {
  const wanted = location.hash;
  const busy = main.hello?.stage === "running" && main.hello.desk;
  if (busy && wanted) history.replaceState(null, "", location.pathname); // nor does it when the procedure is over
  const name = wanted.startsWith("#replay=") && !busy ? named(wanted.slice("#replay=".length)) : null;
  if (name === null && replay.on) replay.end();
  if (name !== null && replay.name !== name) {
    replayed.hello = null;
    replayed.forget();
    replay.begin(name);
  }
  enter(replay.on ? "replay" : wanted === "#records" && !busy ? "records" : (main.hello?.stage ?? "none"));
}

function named(text) {
  try {
    return decodeURIComponent(text) || null;
  } catch {
    return null;
  }
}

function enter(wanted) {
  const before = screen;
  screen = wanted;
  const section = screen === "replay" ? "running" : STAGES.includes(screen) ? screen : "none";
  for (const stage of STAGES) show(byTest(`stage-${stage}`), stage === section);
  mark(document.body, "screen", screen);
  if (before === screen) return;
  if (before === "setup") setup.leave();
  if (before === "after") after.leave();
  if (screen === "setup") setup.enter();
  if (screen === "after") after.enter();
  if (screen === "records") records.enter();
  const focused = document.activeElement;
  if (focused !== null && focused !== document.body && focused.offsetParent === null) focused.blur(); // it is not to be seen any more
}

function take(message) {
  const stage = main.hello?.stage;
  const desk = main.hello?.desk;
  main.take(message);
  if (message.type === "hello") {
    if (message.stage === "running" && message.desk && stage !== "running" && location.hash) go("");
    const same = screen === message.stage;
    route();
    if (same && screen === "setup" && (desk !== message.desk || stage !== message.stage)) setup.enter();
    if (same && screen === "after" && (desk !== message.desk || stage !== message.stage)) after.enter();
  } else if (message.type === "sent") {
    acts.sent(message.act);
  } else if (message.type === "refused") {
    acts.refused(typeof message.text === "string" ? message.text : "no reason was given");
    alarm.refused(message.text);
  }
  if (message.type === "view" || message.type === "hello") paint();
}

function takeReplayed(message) {
  replayed.take(message);
  // A record that plays fast has more views than a screen has need of.
  if (message.type === "view" && performance.now() - painted_ms >= JUST_PAINTED_MS) paint();
}

/** Draws everything anew from what is known. Called for each view, and ten times a second even if none comes. */
function paint() {
  painted_ms = performance.now();
  const isReplay = screen === "replay";
  const { hello } = main;
  const source = isReplay ? replayed : main;
  const live = freshness(link, hello, { ended: main.end !== null });
  const fresh = isReplay ? freshness(replay.link, replayed.hello, { replay: true }) : live;
  const running = hello?.stage === "running";
  const operator = hello?.role === "operator";
  const desk = operator && hello.desk === true;
  const shot = source.view?.snapshot ?? null;

  drawTop(source, main, { screen, replay: isReplay });
  drawStale(live.stale ? live : fresh, { running, replay: isReplay && !live.stale });
  alarm.render(main.view?.alarm ?? null, {
    role: { operator, desk },
    fresh: live,
    silence_s: link.silence_s(),
    running,
    state: main.view?.snapshot?.state ?? "",
    replay: isReplay ? (source.view?.alarm ?? null) : null,
  });
  const groups = screen === "setup" ? setup.groups() : screen === "after" ? after.groups() : [];
  drawRail(isReplay ? "running" : (hello?.stage ?? "none"), groups, shot);
  if (screen === "running" || isReplay) {
    injection.render(source, fresh);
    asked.render(shot, { may: desk && !isReplay && !fresh.stale, stale: fresh.stale, replay: isReplay });
  }
  acts.render({
    shown: screen === "running",
    operator: operator && !isReplay,
    stale: fresh.stale,
    question: shot?.question ?? null,
    fullness: shot?.fullness === true,
  });
  setup.tick(desk && link.open);
  after.tick(desk && link.open, main);
  const title = shot !== null && (running || isReplay) ? `${headline(shot.state)} · ductoject` : "ductoject";
  if (document.title !== title) document.title = title;
}

byTest("records").addEventListener("click", () => go("#records"));
byTest("back").addEventListener("click", () => go(""));
byTest("take-desk").addEventListener("click", () => link.send({ type: "take_desk" }));
window.addEventListener("hashchange", () => {
  route();
  paint(); // at once: what belongs to the screen before is not to be seen on this one
});
document.addEventListener("visibilitychange", paint);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // a page from the browser's memory shows what was
});
setInterval(() => {
  link.look();
  replay.link?.look();
  if (performance.now() - painted_ms >= JUST_PAINTED_MS) paint();
}, LOOK_MS);
route();
link.start();
