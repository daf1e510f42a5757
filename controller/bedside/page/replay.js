// A record played on the injection screen: a line of its own, REPLAY in large letters, and nothing that acts.

import { byTest, say, show } from "./dom.js";
import { Link } from "./link.js";
import { clock, isNumber } from "./text.js";

export class Replay {
  /** heard(message): what the record says. closed(): it was closed here. */
  constructor(heard, closed) {
    this._heard = heard;
    this._paused = false;
    this._seeking = false;
    this.link = null;
    this.name = null;
    byTest("replay-pause").addEventListener("click", () => this.link?.send({ type: "replay", paused: !this._paused }));
    byTest("replay-close").addEventListener("click", () => closed());
    const speed = byTest("replay-speed");
    speed.addEventListener("input", () => say(byTest("replay-speed-said"), `${speed.value}×`));
    speed.addEventListener("change", () => this.link?.send({ type: "replay", speed: Number(speed.value) }));
    const seek = byTest("replay-seek");
    seek.addEventListener("input", () => {
      this._seeking = true;
    });
    seek.addEventListener("change", () => {
      this._seeking = false;
      this.link?.send({ type: "replay", seek_s: Number(seek.value) });
    });
  }

  /** Whether one plays. */
  get on() {
    return this.link !== null;
  }

  begin(name) {
    this.end();
    this.name = name;
    this._paused = this._seeking = false;
    const speed = byTest("replay-speed");
    speed.value = "1";
    say(byTest("replay-speed-said"), "1×");
    say(byTest("replay-name"), name);
    this.link = new Link(`/ws/replay/${encodeURIComponent(name)}?speed=1`, (message) => this._take(message));
    this.link.start();
    show(byTest("replay-bar"), true);
  }

  end() {
    this.link?.close();
    this.link = this.name = null;
    show(byTest("replay-bar"), false);
  }

  _take(message) {
    if (message.type === "view" && message.replay) this._place(message.replay);
    if (message.type === "refused") say(byTest("replay-name"), `${this.name}: ${message.text}`);
    this._heard(message);
  }

  _place({ t_s, duration_s, speed, paused }) {
    this._paused = paused === true;
    say(byTest("replay-pause"), this._paused ? "Play" : "Pause");
    say(byTest("replay-time"), `${clock(t_s)} of ${clock(duration_s)}`);
    if (isNumber(speed) && document.activeElement !== byTest("replay-speed")) {
      byTest("replay-speed").value = String(speed);
      say(byTest("replay-speed-said"), `${speed}×`);
    }
    const seek = byTest("replay-seek");
    if (isNumber(duration_s) && seek.max !== String(duration_s)) seek.max = String(duration_s);
    if (!this._seeking && isNumber(t_s)) seek.value = String(t_s);
  }
}
