// Building and updating the page. Text goes in as text nodes only; nothing here reads markup, and with
// Trusted Types demanded in index.html the browser refuses innerHTML and its kin altogether.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: `class`, `on…` listeners, `data` ({name: value}), DOM properties in `PROPERTIES`, any
 * other name is an attribute; null, undefined and false leave it out. Children: nodes, texts, lists of them.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      if (typeof value !== "function") throw new TypeError(`${name} takes a function`);
      node.addEventListener(name.slice(2), value);
    } else if (name === "class") node.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else if (name === "href") node.setAttribute("href", checkedAddress(value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

const PROPERTIES = new Set([
  "value",
  "checked",
  "selected",
  "disabled",
  "multiple",
  "tabIndex",
  "htmlFor",
  "textContent",
]);

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** The address when a link may lead there (http, https, mailto), else null. */
export function safeAddress(text) {
  try {
    const url = new URL(String(text));
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function checkedAddress(text) {
  const address = safeAddress(text);
  if (address === null) throw new TypeError("not an address a link may lead to");
  return address;
}

/** An SVG drawing of paths in a 20 × 20 box, for decoration. */
export function drawing(paths, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const marks = new WeakMap();

/**
 * Make the children of `parent` these items, in this order: `{key, mark, draw}`. A child is drawn again only when
 * its `mark` changed, so that what a person is doing in the others (focus, open menus, scrolling) stays.
 */
export function keyed(parent, items) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  keepingFocus(parent, () => {
    let before = parent.firstElementChild;
    for (const item of items) {
      let node = known.get(item.key);
      known.delete(item.key);
      if (node === undefined || marks.get(node) !== item.mark) {
        const drawn = item.draw();
        drawn.dataset.key = item.key;
        marks.set(drawn, item.mark);
        if (node !== undefined) {
          if (before === node) before = drawn;
          node.replaceWith(drawn);
        }
        node = drawn;
      }
      if (node === before) before = before.nextElementSibling;
      else parent.insertBefore(node, before);
    }
    for (const gone of known.values()) gone.remove();
  });
}

/** Do something that draws anew below `root`; what had the focus there (by `data-focus`) gets it back. */
export function keepingFocus(root, work) {
  const active = document.activeElement;
  const name = root.contains(active) ? active.dataset?.focus : undefined;
  const [start, end] = [active?.selectionStart, active?.selectionEnd];
  work();
  if (name === undefined || root.contains(document.activeElement)) return;
  const again = [...root.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === name);
  again?.focus({ preventScroll: true });
  if (again && typeof start === "number" && typeof again.setSelectionRange === "function")
    again.setSelectionRange(start, end);
}

let count = 0;

/** An id for labels and descriptions, new at every call. */
export function freshId(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}

/** `work`, at most once per `wait` milliseconds, the last call never lost. */
export function gathered(work, wait) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, wait);
  };
}
