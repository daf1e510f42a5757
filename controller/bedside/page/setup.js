// The set-up screen: what has to be known and done before the devices are asked. Whether it is complete is not decided here.

import { call, sentences } from "./api.js";
import { allow, byTest, el, mark, say, show } from "./dom.js";
import { Form } from "./form.js";
import { clock, isNumber } from "./text.js";

const OTHERS_ACT_MS = 2_000; // a window that only looks asks how far the set-up is
const TOWEL_ASKED_MS = 10_000; // while it lies, what is said of it changes by itself
const TOWEL_LEAST_S = 600;
const TOWEL_MOST_S = 900;

export class Setup {
  constructor() {
    this._form = new Form(byTest("setup-form"), "/api/setup", {
      heard: (data) => this._take(data),
      told: (text, bad) => this._tell(text, bad),
    });
    this._towel = null;
    this._towel_began_ms = null;
    this._saved = "";
    this._bad = false;
    this._acts = false;
    this._shown = false;
    this._beginning = false;
    this._asked_ms = -Infinity;
    byTest("begin").addEventListener("click", () => this._begin());
    byTest("next-problem").addEventListener("click", () => this._form.goTo());
  }

  /** The set-up came up, or this window's part in it has changed. */
  enter() {
    this._saved = "";
    this._shown = true;
    this._form.load();
  }

  leave() {
    this._shown = false;
  }

  /** To be called now and then. acts: this window has the desk and its line is up. */
  tick(acts) {
    this._acts = acts;
    if (!this._shown) return;
    const due = acts && this._form.data !== null ? (this._towelLies() ? TOWEL_ASKED_MS : Infinity) : OTHERS_ACT_MS;
    if (performance.now() - this._asked_ms > due) {
      this._asked_ms = performance.now();
      this._form.load();
    }
    this._foot();
    this._clock();
  }

  /** For the rail: [{label, missing, wrong, go}]. */
  groups() {
    return [...this._form.groups()].map(([label, counts]) => ({ label, ...counts, go: () => this._form.goTo(label) }));
  }

  _take(data) {
    this._putTowel(data);
    this._foot();
  }

  _tell(text, bad) {
    this._saved = text;
    this._bad = bad;
    this._foot();
  }

  _foot() {
    const { data } = this._form;
    const allowed = data !== null && data.read_only !== true && this._acts;
    allow(byTest("begin"), allowed && data.complete === true && !this._beginning);
    const count = data === null ? 0 : Object.keys(data.problems ?? {}).length;
    show(byTest("next-problem"), count > 0);
    const general = data?.problems?.[""] ?? "";
    const missing = count === 0 ? "Everything is answered." : `${count} ${count === 1 ? "point is" : "points are"} missing or wrong.`;
    const said = data === null ? "" : `${missing} ${general}`;
    const line = byTest("setup-said");
    say(line, `${this._bad ? this._saved : `${said} ${this._saved}`}`.trim());
    mark(line, "bad", String(this._bad || general !== ""));
  }

  async _begin() {
    this._beginning = true;
    this._foot();
    const saved = await this._form.settled();
    if (saved && this._form.data?.complete === true) {
      this._tell("Beginning…", false);
      const answer = await call("POST", "/api/begin", {});
      if (answer.ok) this._tell("", false);
      else {
        await this._form.load();
        this._tell(`NOT BEGUN: ${sentences(answer.data.problems)}`, true);
      }
    }
    this._beginning = false;
    this._foot();
  }

  // -- the warm towel --------------------------------------------------------------------------------------------------------------

  _putTowel(data) {
    const control = this._form.controls.get("towel");
    if (control === undefined) return;
    if (this._towel === null) {
      this._towel = el(
        "div",
        { class: "towel", test: "towel-timer" },
        el("button", { type: "button", test: "towel-start", on: { click: () => this._startTowel() } }, "Towel is on: start the timer"),
        el("output", { class: "towel-clock", test: "towel-clock" }, ""),
      );
    }
    control.add(this._towel);
    const elapsed_s = data.towel_s ?? data.values?.warm_towel_s;
    this._towel_began_ms = isNumber(elapsed_s) ? performance.now() - elapsed_s * 1000 : null;
    allow(byTest("towel-start", this._towel), data.read_only !== true);
    this._clock();
  }

  _startTowel() {
    this._form.change("towel_began", true);
    if (this._form.data?.values?.towel !== "used") this._form.change("towel", "used");
  }

  /** Whether its time runs and is not long enough yet, or was not when it was last asked for. */
  _towelLies() {
    return this._towel_began_ms !== null && this._form.data.problems?.towel !== undefined;
  }

  _clock() {
    if (this._towel === null) return;
    const running = this._towel_began_ms !== null;
    say(byTest("towel-start", this._towel), running ? "Start the timer anew" : "Towel is on: start the timer");
    const output = byTest("towel-clock", this._towel);
    if (!running) {
      say(output, "");
      return;
    }
    const lain_s = (performance.now() - this._towel_began_ms) / 1000;
    const long = lain_s <= TOWEL_MOST_S ? "✓ long enough" : "✓ more than 15 minutes";
    say(output, `${clock(lain_s)} · ${lain_s < TOWEL_LEAST_S ? `${clock(TOWEL_LEAST_S - lain_s)} to go` : long}`);
    mark(output, "enough", String(lain_s >= TOWEL_LEAST_S));
  }
}
