// Line drawings for the page's own controls, 20 × 20, drawn with the text's colour.

import { drawing } from "./dom.js";

const PATHS = {
  hash: ["M8 3.5 6.5 16.5M13.5 3.5 12 16.5M4 7.5h12.5M3.5 12.5H16"],
  lock: ["M5.5 9h9v7h-9z", "M7.5 9V6.5a2.5 2.5 0 0 1 5 0V9"],
  home: ["M3.5 9.5 10 4l6.5 5.5V16h-4.5v-4h-4v4H3.5z"],
  chat: ["M4 4.5h12v8.5H9.5L6 16v-3H4z"],
  send: ["M4 4.5 16.5 10 4 15.5l1.6-5.5z", "M5.6 10h5"],
  close: ["M5.5 5.5l9 9M14.5 5.5l-9 9"],
  back: ["M12 4.5 6.5 10l5.5 5.5"],
  down: ["M5.5 8l4.5 4.5L14.5 8"],
  more: ["M4.6 10h.8M9.6 10h.8M14.6 10h.8"],
  reply: ["M4 5h12v8H9.5L6.5 16v-3H4z", "M7.5 9h5"],
  eye: ["M2.5 10s2.8-4.8 7.5-4.8 7.5 4.8 7.5 4.8-2.8 4.8-7.5 4.8S2.5 10 2.5 10z", "M10 8a2 2 0 1 0 .01 0z"],
  bolt: ["M11 3 5 11.5h4.5L9 17l6-8.5h-4.5z"],
  split: ["M3.5 4.5h13v11h-13z", "M10 4.5v11"],
  clock: ["M10 3.2a6.8 6.8 0 1 0 .01 0z", "M10 6.2V10l2.6 1.8"],
  spark: ["M10 3v4M10 13v4M3 10h4M13 10h4M5.4 5.4l2.4 2.4M12.2 12.2l2.4 2.4M14.6 5.4l-2.4 2.4M7.8 12.2l-2.4 2.4"],
  guide: ["M10 3.2a6.8 6.8 0 1 0 .01 0z", "M8 8a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.3", "M10 13.6v.01"],
  open: ["M8 5H5v10h10v-3", "M11 4.5h4.5V9", "M15 5 9.5 10.5"],
  tick: ["M4.5 10.5l3.5 3.5 7.5-8"],
  billing: ["M4 8h9a3.5 3.5 0 0 1 0 7H8", "M7 4.5 3.5 8 7 11.5"],
  mail: ["M3.5 5.5h13v9h-13z", "M3.5 6l6.5 5 6.5-5"],
  database: [
    "M10 3.5c3.6 0 5.5 1 5.5 2.2S13.6 8 10 8 4.5 7 4.5 5.7 6.4 3.5 10 3.5z",
    "M4.5 5.7v8.6C4.5 15.5 6.4 16.5 10 16.5s5.5-1 5.5-2.2V5.7",
    "M4.5 10c0 1.2 1.9 2.2 5.5 2.2s5.5-1 5.5-2.2",
  ],
  pages: ["M5 3.5h7l3 3v10H5z", "M7.5 9.5h5M7.5 12.5h5"],
  desk: ["M3.5 14l4-4.5 3 2.5L16 5.5", "M12.5 5.5H16V9"],
  ledger: ["M5 3.5h10v13l-2-1.3-1.5 1.3L10 15.2 8.5 16.5 7 15.2l-2 1.3z", "M7.5 7.5h5M7.5 10.5h5"],
  bank: ["M4 7.5h11M12 4.5l3 3-3 3", "M16 13H5M8 10l-3 3 3 3"],
};

/** The drawing of this name; one for "something happened" where there is none. */
export function icon(name, className = "icon") {
  return drawing(Object.hasOwn(PATHS, name) ? PATHS[name] : PATHS.spark, className);
}
