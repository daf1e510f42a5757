// Numbers, states and conditions as people read them. A number that is not known is never shown as one.

const NEXT = {
  standby: "next: the self-test",
  self_test: "devices found, pressure zeroed, button proved · next: prime",
  priming: "cannula OUTSIDE the patient, the line is filled and checked · next: ready",
  ready: "cannula in and taped · next: arm",
  infusing: "contrast flows · next: a hold",
  stopping: "the pump is being stopped · next: pressure taken out of the line",
  relieving: "stored pressure is taken out of the line · next: stopped",
  stopped: "nothing moves, and nothing starts again by itself",
  complete: "nothing moves: the injection is over",
};

const WELL = new Set(["ok", "closed", "infusing", "withdrawing", "stopped", "idle", "connected", "ready", "prepared", "released"]);
const NOT_YET = new Set(["", "unknown", "connecting", "waiting", "none", "off", "paused", "timed pause", "waiting for trigger"]);

export const OLD = "??";

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** A fixed number of decimals, and never "-0.00". */
export function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
}

export function millilitres(value) {
  return isNumber(value) ? fixed(value, 2) : "-.--";
}

export function kilopascals(value, decimals = 1) {
  return isNumber(value) ? fixed(value, decimals) : "--";
}

/** Minutes and seconds, "03:12". */
export function clock(seconds) {
  if (!isNumber(seconds) || seconds < 0) return "--:--";
  const whole = Math.floor(seconds);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

export function headline(state) {
  return typeof state === "string" && state ? state.replaceAll("_", " ").toUpperCase() : "UNKNOWN";
}

/** What goes on and what comes next, in one line. */
export function nextStep(shot) {
  const next = (number) => `increment ${number}${isNumber(shot.increments) ? ` of ${shot.increments}` : ""}`;
  const of = shot.increment ? `${next(shot.increment)} · ` : "";
  if (shot.state === "armed") {
    const number = (Array.isArray(shot.hold_kpa) ? shot.hold_kpa.length : 0) + 1;
    return `next: ${next(number)}`;
  }
  if (shot.state !== "holding") return (shot.state === "infusing" ? of : "") + (NEXT[shot.state] ?? "");
  const last = shot.fullness === true || (isNumber(shot.increments) && shot.increment >= shot.increments);
  if (shot.hold === null) return `${of}the hold has its result · next: ${last ? "the end" : next(shot.increment + 1)}`;
  return `${of}no flow, the line relaxes · next: ${last ? "the end" : next(shot.increment + 1)}`;
}

/** {sign, word, level} of a device's condition; level: "well", "unsure" or "bad". */
export function health(word) {
  const text = typeof word === "string" && word ? word : "unknown";
  const lower = text.toLowerCase();
  if (WELL.has(lower)) return { sign: "✓", word: text, level: "well" };
  if (NOT_YET.has(lower)) return { sign: "?", word: text, level: "unsure" };
  return { sign: "✗", word: text, level: "bad" };
}

/** A volume of a record: what is known, between bounds where it is not certain. */
export function dose(row) {
  const { delivered_min_ml: low, delivered_max_ml: high } = row;
  if (!isNumber(low) || !isNumber(high)) return isNumber(row.delivered_ml) ? `${millilitres(row.delivered_ml)} mL` : "not known";
  const [least, most] = [millilitres(low), millilitres(high)];
  return least === most ? `${most} mL` : `${least} to ${most} mL`;
}
