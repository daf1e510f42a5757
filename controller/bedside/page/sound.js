// The sounds of alarms, after the pattern of IEC 60601-1-8 as it is generally taught (no conformity is claimed): bursts of pulses
// with harmonics, ten of them for high, three for medium, two for low.

const PULSES = {
  // starts of the pulses and their length, in seconds
  high: { at_s: [0, 0.25, 0.5, 1.0, 1.25, 2.1, 2.35, 2.6, 3.1, 3.35], long_s: 0.15, hertz: 523, every_s: 8 },
  medium: { at_s: [0, 0.4, 0.8], long_s: 0.2, hertz: 440, every_s: 10 },
  low: { at_s: [0, 0.4], long_s: 0.2, hertz: 330, every_s: 20 },
};
const HARMONICS = [1, 0.7, 0.5, 0.35, 0.25, 0.15];
const RISE_S = 0.02;
const LOUD = 0.35;
const AHEAD_S = 0.05;

export class Sound {
  constructor() {
    this._context = null;
    this._wave = null;
    this._ends = null; // the gain of the burst that plays, so that it can be cut off
    this._next_ms = -Infinity;
    this._priority = null;
    for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, () => this.unlock(), { capture: true });
  }

  /** Browsers give sound only after a first gesture. */
  unlock() {
    if (this._open()) this._context.resume().catch(() => {});
  }

  /** False where the browser does not let this page sound. */
  get possible() {
    return this._open() && this._context.state === "running";
  }

  /** To be called often. priority: what sounds now, or null for silence. A burst begins at once with a new or higher priority. */
  keep(priority) {
    if (priority !== this._priority) {
      this._priority = priority;
      this._next_ms = -Infinity;
      this._cut();
    }
    if (priority === null || !(priority in PULSES) || performance.now() < this._next_ms) return;
    if (!this.possible) {
      this.unlock(); // works at once where the browser was told to let it (a kiosk)
      return;
    }
    this._next_ms = performance.now() + PULSES[priority].every_s * 1000;
    this.burst(priority);
  }

  /** Plays one burst. */
  burst(priority) {
    if (!this._open()) return;
    this._cut();
    const context = this._context;
    const { at_s, long_s, hertz } = PULSES[priority];
    const begin_s = context.currentTime + AHEAD_S;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.setPeriodicWave(this._wave);
    tone.frequency.value = hertz;
    gain.gain.value = 0;
    for (const at of at_s) {
      const from_s = begin_s + at;
      gain.gain.setValueAtTime(0, from_s);
      gain.gain.linearRampToValueAtTime(LOUD, from_s + RISE_S);
      gain.gain.setValueAtTime(LOUD, from_s + long_s - RISE_S);
      gain.gain.linearRampToValueAtTime(0, from_s + long_s);
    }
    tone.connect(gain).connect(context.destination);
    tone.start(begin_s);
    tone.stop(begin_s + at_s[at_s.length - 1] + long_s);
    tone.addEventListener("ended", () => gain.disconnect());
    this._ends = gain;
  }

  _cut() {
    if (this._ends === null) return;
    this._ends.disconnect();
    this._ends = null;
  }

  _open() {
    if (this._context !== null) return true;
    try {
      this._context = new AudioContext();
    } catch {
      return false; // no sound here: the banner says so
    }
    const real = new Float32Array([0, ...HARMONICS.map(() => 0)]);
    const imaginary = new Float32Array([0, ...HARMONICS]);
    this._wave = this._context.createPeriodicWave(real, imaginary);
    return true;
  }
}
