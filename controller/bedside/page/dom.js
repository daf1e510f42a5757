// The few ways in which this page makes and changes elements. Data becomes text, never markup.

const AS_PROPERTY = new Set(["disabled", "hidden", "checked", "value", "required", "readOnly", "tabIndex", "htmlFor", "colSpan"]);

/** The element with this data-test name. Throws where there is none: a page without it could not show what it has to. */
export function byTest(name, root = document) {
  const found = root.querySelector(`[data-test="${CSS.escape(name)}"]`);
  if (found === null) throw new Error(`the page has no element "${name}"`);
  return found;
}

/** Makes an element. `class`, `test` (data-test), `on` (events) and `dataset` are understood; children are nodes or texts. */
export function el(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    if (key === "class") node.className = value;
    else if (key === "test") node.dataset.test = value;
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (AS_PROPERTY.has(key)) node[key] = value;
    else node.setAttribute(key, String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

/** Changes the text only where it is another one: a screen reader speaks what changes. */
export function say(node, text) {
  const wanted = text === null || text === undefined ? "" : String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Shows or hides. */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** Enables or disables. */
export function allow(node, allowed) {
  if (node.disabled === allowed) node.disabled = !allowed;
}

/** Sets a data- attribute, where it is another one. */
export function mark(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}
