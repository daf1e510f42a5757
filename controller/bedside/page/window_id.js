// This window's own name. It outlives a reload; a duplicated window, which the browser gives the same storage, gets another one.

const KEY = "ductoject_window";
const RELOADED_MS = 150;

let known = null;

/** A promise of this window's id. */
export function windowId() {
  known ??= find();
  return known;
}

async function find() {
  const kept = stored();
  if (kept !== null && (await claimed(kept))) return kept;
  const fresh = random();
  await claimed(fresh);
  try {
    sessionStorage.setItem(KEY, fresh);
  } catch {
    // A browser that stores nothing gives this window a new name with each reload; the desk can be taken again.
  }
  return fresh;
}

function stored() {
  try {
    const kept = sessionStorage.getItem(KEY);
    return kept !== null && /^[0-9a-f]{32}$/.test(kept) ? kept : null;
  } catch {
    return null;
  }
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the name is this window's alone: it holds a lock of that name for as long as it lives. */
async function claimed(id) {
  if (navigator.locks === undefined) return true;
  if (await tryLock(id)) return true;
  await new Promise((wake) => setTimeout(wake, RELOADED_MS)); // the page before a reload may not have let go yet
  return tryLock(id);
}

function tryLock(id) {
  return new Promise((tell) => {
    navigator.locks
      .request(`${KEY}_${id}`, { ifAvailable: true }, (lock) => {
        tell(lock !== null);
        return lock === null ? undefined : new Promise(() => {});
      })
      .catch(() => tell(true));
  });
}
