// The operator's few acts on the injection screen, their keys, and what became of them.

import { allow, byTest, mark, say, show } from "./dom.js";
import { atOnce } from "./press.js";
import { isGo } from "./asked.js";

const CONFIRMED_WITHIN_S = 0.5;
const TOLD_FOR_S = 8;
const PRESS_THE_BUTTON = "NOT SENT: press the stop button";
const WORDS = { stop: "STOP", pain: "PAIN", reflux: "REFLUX", full: "FULLNESS", go: "Next increment", confirm: "Answer" };
const KEYS = { s: "stop", escape: "stop", p: "pain", r: "reflux", f: "full" };

const now_s = () => performance.now() / 1000;

export class Acts {
  /** link: to the bedside program. asked: the open question. */
  constructor(link) {
    this._link = link;
    this._waiting = new Map(); // act -> when it was handed over, until the bedside program says that it passed it on
    this._told_s = -Infinity;
    this._bad = false;
    this._state = { shown: false, operator: false, stale: true, question: null };
    this.asked = null;
    for (const act of ["stop", "pain", "reflux", "full"]) atOnce(byTest(act), () => this.statement({ type: "say", operator: act }));
    document.addEventListener("keydown", (event) => this._keyDown(event), { capture: true });
    document.addEventListener("keyup", (event) => this._keyUp(event), { capture: true });
    window.addEventListener("blur", () => this._forget());
  }

  /** Hands a statement over; false where that was not possible. */
  statement(message) {
    const act = message.operator;
    const urgent = act === "stop" || act === "pain";
    const sent = this._link.send(message, { urgent });
    if (!sent) {
      this._waiting.delete(act);
      this._tell(urgent ? `${WORDS[act]} ${PRESS_THE_BUTTON} (no connection)` : `${WORDS[act]} NOT SENT (no connection)`, true);
      return false;
    }
    this._waiting.set(act, now_s());
    this._tell(`${WORDS[act]}: on its way…`, false);
    return true;
  }

  /** The bedside program has handed it on. */
  sent(act) {
    if (typeof act !== "string") return;
    this._waiting.delete(act);
    this._tell(`${WORDS[act] ?? act}: sent`, false);
  }

  /** Something was not accepted. */
  refused(text) {
    for (const act of [...this._waiting.keys()]) if (act !== "stop" && act !== "pain") this._waiting.delete(act);
    this._tell(`Not accepted: ${text}`, true);
  }

  /** state: {shown, operator, stale, question, fullness}. */
  render(state) {
    this._state = state;
    show(byTest("acts"), state.operator);
    for (const act of ["stop", "pain"]) allow(byTest(act), state.operator);
    allow(byTest("reflux"), state.operator && !state.stale);
    allow(byTest("full"), state.operator && !state.stale && state.fullness !== true);
    say(byTest("full-said"), state.fullness === true ? "Fullness ✓ last increment" : "Fullness reported");
    this._lookForLost();
    if (now_s() - this._told_s > TOLD_FOR_S && !this._bad) this._tell("", false);
    if (now_s() - this._told_s > 4 * TOLD_FOR_S) this._tell("", false);
  }

  _lookForLost() {
    for (const [act, since_s] of this._waiting) {
      if (now_s() - since_s < CONFIRMED_WITHIN_S) continue;
      this._waiting.delete(act);
      const urgent = act === "stop" || act === "pain";
      const late = `no answer within ${CONFIRMED_WITHIN_S} s`;
      this._tell(urgent ? `${WORDS[act]} ${PRESS_THE_BUTTON} (${late})` : `${WORDS[act]}: ${late}`, true);
    }
  }

  _tell(text, bad) {
    const line = byTest("feedback");
    say(line, text);
    mark(line, "bad", String(bad));
    this._bad = bad;
    this._told_s = now_s();
  }

  // -- keys ------------------------------------------------------------------------------------------------------------------------

  _keyDown(event) {
    const key = event.key.toLowerCase();
    if (!this._state.shown || !this._state.operator || (isTyping(event.target) && key !== "escape")) return;
    if ((event.ctrlKey || event.altKey || event.metaKey) && key !== "escape") return;
    const act = KEYS[key];
    if (act !== undefined) {
      event.preventDefault();
      if (!event.repeat && !byTest(act).disabled) this.statement({ type: "say", operator: act });
    } else if (key === "g" && !event.repeat && isGo(this._state.question) && this.asked !== null) {
      event.preventDefault();
      this.asked.goPress.down("g");
    }
  }

  _keyUp(event) {
    if (event.key.toLowerCase() !== "g" || this.asked === null) return;
    if (this._state.shown && !byTest("next-increment").disabled && !isTyping(event.target)) this.asked.goPress.up("g");
    else this.asked.goPress.forget("g");
  }

  _forget() {
    if (this.asked !== null) this.asked.goPress.forgetAll();
  }
}

/** Whether keys are text there. */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "range", "submit"].includes(target.type);
}
