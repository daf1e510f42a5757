// The injection screen: what the control process sees, as large as it can be read across the room. It decides nothing.

import { byTest, el, mark, say } from "./dom.js";
import { drawHolds, drawLine } from "./curves.js";
import { OLD, clock, health, headline, isNumber, kilopascals, millilitres, nextStep } from "./text.js";

const SIGNS = { infusing: "►", holding: "═", stopping: "■", relieving: "■", stopped: "■", complete: "■" };
const MOST_STEPS = 20;
const CURVES_MS = 200; // figures change ten times a second, curves five times: the machine has other things to do

export class Injection {
  constructor() {
    this._points = [];
    this._notes = null;
    this._steps = "";
    this._shot = null;
    this._stale = false;
    this._drawn_ms = -Infinity;
    new ResizeObserver(() => this._draw()).observe(byTest("line-curve"));
    new ResizeObserver(() => this._draw()).observe(byTest("hold-curve"));
  }

  /** source: what is known of the procedure. fresh: whether that is long past, and whether the bedside program is heard. */
  render(source, { stale, heard }) {
    const { view } = source;
    const shot = view?.snapshot ?? null;
    const changed = this._stale !== stale || this._points !== source.points.list;
    this._points = source.points.list;
    this._shot = shot;
    this._stale = stale;
    mark(byTest("stage-running"), "stale", String(stale));
    this._state(shot, view, stale);
    this._delivered(shot, stale);
    this._hold(shot, stale);
    this._pressures(shot, stale);
    this._health(shot, view, { stale, heard });
    this._tellNotes(source.notes);
    if (performance.now() - this._drawn_ms >= CURVES_MS || changed) this._draw();
  }

  _state(shot, view, stale) {
    const state = byTest("state");
    const word = shot === null ? "STARTING" : headline(shot.state);
    say(state, stale ? `${OLD} ${word}` : word);
    mark(state, "state", shot?.state ?? "");
    const starting = view === null ? "waiting for the first news" : "waiting for the control process";
    say(byTest("next-step"), stale ? "what goes on is not known" : shot === null ? starting : nextStep(shot));
    say(byTest("elapsed"), stale ? OLD : clock(view?.elapsed_s ?? shot?.t_s));
  }

  _delivered(shot, stale) {
    const known = millilitres(shot?.delivered_ml);
    say(byTest("delivered"), stale ? OLD : known);
    say(byTest("target"), stale && shot !== null ? `was ${known} mL` : `of ${millilitres(shot?.target_ml)} mL`);
    this._increments(shot, stale);
  }

  _increments(shot, stale) {
    const total = isNumber(shot?.increments) ? Math.min(shot.increments, MOST_STEPS) : 0;
    const held = Array.isArray(shot?.hold_kpa) ? shot.hold_kpa.length : 0;
    const current = shot?.increment ?? 0;
    const done = shot?.state === "complete" ? Math.max(held, current) : held;
    const steps = [];
    for (let number = 1; number <= total; number += 1) {
      if (number <= done) steps.push(["done", `✓ ${number}`, "done"]);
      else if (number === current) steps.push(["now", `${SIGNS[shot.state] ?? "·"} ${number}`, "under way"]);
      else steps.push(["todo", String(number), "to come"]);
    }
    const text = JSON.stringify([steps, stale]);
    if (text === this._steps) return;
    this._steps = text;
    const item = ([kind, said, spoken]) => el("li", { dataset: { kind: stale ? "old" : kind }, "aria-label": `${said} ${spoken}` }, said);
    byTest("increments").replaceChildren(...steps.map(item));
  }

  _hold(shot, stale) {
    const hold = shot?.hold ?? null;
    const known = hold !== null && isNumber(hold.elapsed_s) && isNumber(hold.limit_s);
    mark(byTest("hold"), "on", String(known && !stale));
    const text = known ? `${hold.elapsed_s.toFixed(1)} s of at most ${hold.limit_s.toFixed(0)} s` : "--";
    say(byTest("hold-said"), stale ? OLD : text);
    const bar = byTest("hold-bar");
    bar.value = known && !stale && hold.limit_s > 0 ? Math.min(hold.elapsed_s / hold.limit_s, 1) : 0;
  }

  _pressures(shot, stale) {
    const newest = Array.isArray(shot?.hold_kpa) && shot.hold_kpa.length ? shot.hold_kpa[shot.hold_kpa.length - 1] : null;
    say(byTest("line-kpa"), stale ? OLD : kilopascals(shot?.line_kpa));
    say(byTest("hold-kpa"), stale ? OLD : kilopascals(newest, 2));
    const over = (value, limit) => String(!stale && isNumber(value) && isNumber(limit) && value >= limit);
    mark(byTest("line-kpa"), "over", over(shot?.line_kpa, shot?.ceiling_kpa));
    mark(byTest("hold-kpa"), "over", over(newest, shot?.duct_limit_kpa));
  }

  _health(shot, view, { stale, heard }) {
    const each = {
      "health-pump": ["Pump", shot?.pump],
      "health-sensor": ["Sensor", shot?.sensor],
      "health-button": ["Button", shot?.button],
      "health-record": ["Record", shot?.recorder],
      "health-control": ["Control", view?.health?.control],
    };
    for (const [name, [device, word]] of Object.entries(each)) {
      const found = stale && !(heard && name === "health-control") ? { sign: OLD, word: "", level: "unsure" } : health(word);
      const item = byTest(name);
      say(item, `${found.sign} ${device} ${found.word}`.trim());
      mark(item, "level", found.level);
    }
  }

  /** The last things that happened, newest first. */
  _tellNotes(notes) {
    if (notes === this._notes) return;
    this._notes = notes;
    const said = (note) => `${note.text ?? ""}${note.name === "answer" ? " Yes." : ""}`; // what was asked is all that it holds
    const item = (note) => el("li", {}, el("span", { class: "at" }, isNumber(note.t_s) ? `${clock(note.t_s)} ` : ""), said(note));
    byTest("notes").replaceChildren(...[...notes].reverse().map(item));
  }

  _draw() {
    this._drawn_ms = performance.now();
    const shot = this._shot;
    drawLine(byTest("line-curve"), this._points, shot?.ceiling_kpa ?? null, this._stale);
    drawHolds(byTest("hold-curve"), shot?.hold_kpa ?? [], shot?.duct_limit_kpa ?? null, shot?.increments ?? null, this._stale);
  }
}
