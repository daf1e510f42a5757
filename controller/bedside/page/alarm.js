// The alarm banner: priority by colour, flash, sign, text and sound; it stays until it was acknowledged and then reset.

import { allow, byTest, mark, say, show } from "./dom.js";
import { Sound } from "./sound.js";
import { clock, isNumber } from "./text.js";

const SIGNS = { high: "!!!", medium: "!!", low: "!" };
const PAUSE_S = 120;
const TOLD_MS = 6_000;
const MOVING = new Set(["infusing", "holding", "relieving", "stopping", "armed", "priming"]);

export class AlarmBanner {
  /** send(message): hands an act over; tells whether that was possible. */
  constructor(send) {
    this._send = send;
    this._sound = new Sound();
    this._own_pause_until_s = -Infinity; // where the bedside program can not be asked, this window pauses by itself
    this._present = null;
    this._told = "";
    this._told_ms = -Infinity;
    this._lost = false;
    this._silence_s = 0;
    for (const [name, act] of [["acknowledge", "acknowledge"], ["reset", "reset"], ["pause-audio", "pause_audio"]]) {
      byTest(name).addEventListener("click", () => this._act(act));
    }
    byTest("stale-pause").addEventListener("click", () => this._act("pause_audio"));
    byTest("test-sound").addEventListener("click", () => {
      this._sound.unlock();
      this._sound.burst("medium");
    });
  }

  /** Something was not accepted: told where the alarm is handled. */
  refused(text) {
    this._told = typeof text === "string" ? text : "";
    this._told_ms = performance.now();
  }

  /** alarm: as the view has it, or null. replay: one of a record, where that is shown. fresh: of the live line. */
  render(alarm, { role, fresh, silence_s, running, state, replay = null }) {
    this._lost = fresh.stale;
    this._silence_s = silence_s;
    const shown = readable(alarm) ?? readable(replay);
    const isReplay = shown !== null && readable(alarm) === null;
    this._present = isReplay ? null : shown;
    show(byTest("alarm"), shown !== null);
    mark(document.body, "alarm", String(shown !== null));
    if (shown !== null) this._banner(shown, role, fresh, isReplay);
    this._sounds(role, fresh, running, state);
  }

  _banner(alarm, role, fresh, isReplay) {
    const banner = byTest("alarm");
    mark(banner, "priority", alarm.priority);
    mark(banner, "acknowledged", String(alarm.acknowledged === true));
    say(byTest("alarm-sign"), SIGNS[alarm.priority]);
    const over = alarm.present === false ? " (the cause is over)" : "";
    const taken = alarm.acknowledged === true ? " Acknowledged." : "";
    say(byTest("alarm-head"), `${isReplay ? "IN THE RECORD, " : ""}${alarm.priority.toUpperCase()} ALARM ${alarm.reason}:`);
    say(byTest("alarm-detail"), `${alarm.text}${over}.${taken}`.replace("..", "."));
    const acts = role.desk && !isReplay;
    for (const button of ["acknowledge", "reset", "pause-audio"]) show(byTest(button), acts);
    allow(byTest("acknowledge"), acts && !fresh.stale && alarm.acknowledged !== true);
    allow(byTest("reset"), acts && !fresh.stale && alarm.acknowledged === true);
    allow(byTest("pause-audio"), acts && this._paused_left_s(alarm) === null);
    const told = performance.now() - this._told_ms < TOLD_MS ? this._told : "";
    say(byTest("alarm-audio"), isReplay ? "" : told || this._audioText(alarm, role));
  }

  _audioText(alarm, role) {
    const left_s = this._paused_left_s(alarm);
    if (!role.desk) return "sound only in the window that acts";
    if (left_s !== null) return `Audio paused: ${clock(left_s)} left`;
    if (!this._sound.possible) return "NO SOUND: touch the screen or press a key once";
    return alarm.acknowledged === true ? "sound off: acknowledged" : "sound on";
  }

  _paused_left_s(alarm) {
    const own_s = this._own_pause_until_s - performance.now() / 1000;
    // A pause ends by itself here too, whether or not there still is somebody who says so.
    const theirs_s = alarm !== null && alarm.audio === "paused" && isNumber(alarm.paused_left_s) ? alarm.paused_left_s - this._silence_s : 0;
    const left_s = Math.max(own_s, theirs_s);
    return left_s > 0 ? left_s : null;
  }

  _sounds(role, fresh, running, state) {
    if (!role.desk) {
      show(byTest("stale-pause"), false);
      this._sound.keep(null);
      return;
    }
    const paused = this._paused_left_s(this._present) !== null;
    const own = fresh.stale && running ? (MOVING.has(state) ? "high" : "medium") : null;
    const theirs = this._present !== null && this._present.acknowledged !== true ? this._present.priority : null;
    const loudest = ["high", "medium", "low"].find((each) => each === own || each === theirs) ?? null;
    show(byTest("stale-pause"), own !== null && this._present === null && !paused);
    this._sound.keep(paused ? null : loudest);
  }

  _act(act) {
    const sent = this._send({ type: "alarm", do: act });
    if (act === "pause_audio" && (!sent || this._lost)) this._own_pause_until_s = performance.now() / 1000 + PAUSE_S;
  }
}

/** The alarm with what it must have; whatever can not be read counts as high. */
function readable(alarm) {
  if (alarm === null || alarm === undefined) return null;
  if (typeof alarm !== "object") return { priority: "high", reason: "UNKNOWN", text: "an alarm that can not be read" };
  const priority = alarm.priority in SIGNS ? alarm.priority : "high";
  return { ...alarm, priority, reason: alarm.reason ?? "UNKNOWN", text: alarm.text ?? "" };
}
