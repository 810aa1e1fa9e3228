// What may follow a slash: commands, the words a command's usage hint names, and examples that begin alike.

const MOST = 8;

/**
 * [{line, label, about}] for what is typed so far; `line` is what the composer holds when it is chosen.
 * `commands`: [{name, description, usage_hint}]; `examples`: [{text}].
 */
export function completions(typed, commands, examples) {
  if (!typed.startsWith("/") || typed.includes("\n")) return [];
  const [name] = typed.split(" ", 1);
  const found = typed.includes(" ")
    ? inside(
        typed,
        commands.find((one) => one.name === name),
      )
    : commands.filter((one) => one.name.startsWith(typed)).map(whole);
  const alike = examples.filter((one) => one.text.startsWith(typed) && one.text !== typed && typed.length > 1);
  return [...found, ...alike.map((one) => ({ line: one.text, label: one.text, about: "example" }))].slice(0, MOST);
}

function whole(command) {
  return {
    line: `${command.name} `,
    label: command.name,
    about: command.description ?? "",
    hint: command.usage_hint ?? "",
  };
}

/** Words of the usage hint that begin like the word being typed. */
function inside(typed, command) {
  if (!command) return [];
  const rest = typed.slice(command.name.length + 1);
  if (/\s/.test(rest)) return [];
  const words = wordsOf(command.usage_hint ?? "");
  return words
    .filter((word) => word.startsWith(rest) && word !== rest)
    .map((word) => ({ line: `${command.name} ${word} `, label: `${command.name} ${word}`, about: "" }));
}

/** `what you need, in words · run · list` → run, list: entries of one word are words to type. */
function wordsOf(hint) {
  return hint
    .split(/[·|]/)
    .map((part) => part.trim().replace(/^\[|\]$/g, ""))
    .filter((part) => /^[a-z][a-z-]*$/.test(part));
}
