// How a button is pressed. A stop counts from the first touch; a go counts only when it was pressed and let go after its question.

export const SHOWN_FOR_S = 0.3;
const SAME_PRESS_MS = 700;

const now_s = () => performance.now() / 1000;
const isPressKey = (event) => event.key === "Enter" || event.key === " ";

/** Calls act() at the very beginning of a press: for what must not wait until a finger is lifted. */
export function atOnce(button, act) {
  let touched_ms = -Infinity;
  const touch = () => {
    touched_ms = performance.now();
  };
  const first = () => {
    touch();
    if (!button.disabled) act();
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.isPrimary && event.button === 0) first();
  });
  button.addEventListener("pointerup", touch);
  button.addEventListener("keydown", (event) => {
    if (!isPressKey(event)) return;
    if (event.repeat) touch();
    else first();
  });
  button.addEventListener("keyup", touch);
  button.addEventListener("click", () => {
    // A screen reader's press has nothing before it; any other click is the end of a press that has acted already.
    if (performance.now() - touched_ms > SAME_PRESS_MS) first();
  });
}

/**
 * Calls act() for a press and release that both came 0.3 s or more after shown_s(). A key or finger that was down before, one
 * that is held down, and one that slips off the button do not count. shown_s(): when what is answered was shown; null: nothing is
 * asked.
 */
export function afterShown(button, shown_s, act) {
  const press = new Press(shown_s, act);
  button.addEventListener("pointerdown", (event) => {
    if (event.isPrimary && event.button === 0) press.down("pointer");
  });
  button.addEventListener("pointerup", (event) => {
    const box = button.getBoundingClientRect(); // a finger that slid off still ends here
    const on = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (on && !button.disabled) press.up("pointer");
  });
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => press.forget("pointer"));
  button.addEventListener("keydown", (event) => {
    if (!isPressKey(event)) return;
    event.preventDefault(); // Enter would click when it goes down, and again and again while it is held
    if (!event.repeat) press.down(event.key);
  });
  button.addEventListener("keyup", (event) => {
    if (!isPressKey(event)) return;
    event.preventDefault();
    if (!button.disabled) press.up(event.key);
  });
  button.addEventListener("blur", () => press.forgetAll());
  button.addEventListener("click", (event) => {
    // Only a screen reader's press comes as a click alone; pointers and keys have been judged above.
    if (event.detail === 0 && !button.disabled) press.whole();
  });
  return press;
}

/** The presses that may answer one question, by what presses. */
export class Press {
  constructor(shown_s, act) {
    this._shown_s = shown_s;
    this._act = act;
    this._down_s = new Map();
  }

  down(what) {
    this._down_s.set(what, now_s());
  }

  up(what) {
    const down_s = this._down_s.get(what);
    this._down_s.delete(what);
    if (down_s !== undefined && this._counts(down_s)) this._act();
  }

  /** A press without a beginning. */
  whole() {
    if (this._counts(now_s())) this._act();
  }

  forget(what) {
    this._down_s.delete(what);
  }

  forgetAll() {
    this._down_s.clear();
  }

  _counts(down_s) {
    const shown_s = this._shown_s();
    return shown_s !== null && down_s - shown_s >= SHOWN_FOR_S;
  }
}
